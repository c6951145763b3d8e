from . import ar_credit_hold_decision
from . import ar_dunning_propose
