from . import test_case_sms
from . import test_dunning_sms
from . import test_i18n
from . import test_lifecycle
