from . import ar_credit_hold_decision
