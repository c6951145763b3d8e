from . import ar_collection_source
from . import ar_document_recipient
from . import ar_dunning_letter
from . import ar_dunning_preview
from . import ar_dunning_selection
from . import ar_dunning_stage
from . import sms_sms
from . import sms_tracker
