from . import ar_credit_authority
from . import ar_decision_mixin
from . import ar_approval_mixin
from . import ar_approval_part_mixin
