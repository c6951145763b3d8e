from . import ar_credit_demo
