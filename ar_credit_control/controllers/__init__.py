from . import aging
from . import dunning
