"""Where things lie. Nothing here touches the disk."""

import hashlib
import os
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
ADDON = "ar_credit_control"

# Everything that belongs to this clone; ignored by git, removed by `make clean`.
STATE = ROOT / ".odoo"
LOGS = STATE / "log"
MAIL = STATE / "mail"
CONFIGS = STATE / "etc"
DATA_DIR = STATE / "data"
LOCKS = STATE / "locks"

# Downloads and what is made of them only, shared by all clones of this user.
CACHE = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / ADDON

# Tells this clone's cluster and databases from those of another clone on the same machine.
CLONE_ID = hashlib.sha256(str(ROOT).encode()).hexdigest()[:8]


def addon_folders():
    """The addons in this repository: the main one and the glue addons beside it."""
    return sorted(manifest.parent for manifest in ROOT.glob("*/__manifest__.py"))


def addon_names():
    """Their names as Odoo wants them."""
    return ",".join(folder.name for folder in addon_folders())
