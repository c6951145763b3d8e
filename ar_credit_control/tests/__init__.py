from . import test_bones
from . import test_lifecycle
from . import test_hold_gate
from . import test_hold_decision
from . import test_hold_race
from . import test_hold_addons
from . import test_hold_portal
from . import test_hold_forecast
