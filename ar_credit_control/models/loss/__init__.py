from . import ar_item_loss
from . import ar_credit_behaviour
from . import ar_credit_check
from . import ar_credit_hold
from . import ar_credit_rule
