from . import ar_item_mixin
from . import ar_item_pause
from . import ir_attachment
from . import res_partner
