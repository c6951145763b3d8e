from . import ar_collection_source
from . import ar_collection_case
from . import ar_credit_profile
from . import res_company
from . import res_config_settings
