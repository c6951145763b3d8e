from . import ar_customer_link_mixin
from . import res_company
from . import res_config_settings
