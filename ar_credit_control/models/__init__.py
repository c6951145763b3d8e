from . import company
from . import credit
from . import aging
from . import hold
from . import dunning
