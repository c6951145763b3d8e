from . import ar_credit_authority
