from . import ar_credit_rating
from . import ar_credit_profile
