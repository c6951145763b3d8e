from . import test_bones
from . import test_delivery_cost
from . import test_delivery_gate
from . import test_delivery_tour
from . import test_i18n
from . import test_lifecycle
