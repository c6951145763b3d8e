from . import ar_document_print_mixin
from . import ar_document_queue_mixin
from . import ar_document_recipient
from . import ir_actions_report
