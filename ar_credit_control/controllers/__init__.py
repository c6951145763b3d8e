from . import aging
from . import dunning
from . import provision
