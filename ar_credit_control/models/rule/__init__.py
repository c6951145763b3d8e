from . import ar_credit_rule
from . import ar_credit_rule_preset
from . import ar_credit_rating
from . import ar_credit_check
from . import ar_credit_check_rules
from . import ar_credit_exposure
from . import res_company
from . import res_config_settings
