from . import ar_aging_bucket
from . import ar_aging_report
from . import res_company
