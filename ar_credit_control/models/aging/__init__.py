from . import account_move_line
from . import account_partial_reconcile
from . import ar_aging_bucket
from . import ar_aging_report
from . import ar_aging_xlsx
from . import res_company
