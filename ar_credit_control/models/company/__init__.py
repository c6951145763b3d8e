from . import ar_collector_notes_mixin
from . import ar_customer_evidence_mixin
from . import ar_customer_link_mixin
from . import ar_working_calendar
from . import ar_schedule
from . import ir_default
from . import res_company
from . import res_config_settings
