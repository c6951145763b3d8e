from . import ar_credit_profile
from . import ar_credit_review
from . import ar_credit_review_approval
from . import ar_credit_review_line
from . import res_company
from . import res_config_settings
from . import res_partner
from . import sale_order
