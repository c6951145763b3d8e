"""File locks: who holds one, and how that process is ended."""

import subprocess
import sys

from tools import locks, project

HOLD = """
import sys, time
from pathlib import Path
from tools import locks
with locks.exclusive(Path(sys.argv[1]), "a test"):
    print("held", flush=True)
    time.sleep(60)
"""


def test_holder_is_ended(tmp_path):
    path = tmp_path / "lock"
    command = [sys.executable, "-c", HOLD, path]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=project.ROOT) as holder:
        assert holder.stdout.readline() == "held\n"
        locks.end_holder(path)
        assert holder.wait(5) != 0


def test_nobody_is_ended_for_a_lock_that_nobody_holds(tmp_path):
    path = tmp_path / "lock"
    with locks.exclusive(path, "a test"):
        pass
    locks.end_holder(path)
