from . import ar_credit_demo
from . import ar_credit_demo_scores
from . import ar_credit_demo_review
from . import ar_credit_demo_cases
from . import ar_credit_demo_disputes
from . import ar_credit_demo_agreements
from . import ar_credit_demo_interest
from . import ar_credit_demo_exclusion
