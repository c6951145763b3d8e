from . import ar_bill_receivable_decision
from . import ar_credit_agency_import
from . import ar_credit_agency_import_line
from . import ar_credit_hold_decision
from . import ar_credit_request
from . import ar_credit_review_decision
from . import ar_credit_security_decision
from . import ar_dunning_propose
