from . import common_delivery
from . import test_delivery_gate
