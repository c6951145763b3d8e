from . import controllers, demo, models, wizards
from .hooks import post_init_hook
