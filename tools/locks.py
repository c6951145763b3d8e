"""File locks: they end with the process that holds them, however it ends."""

import fcntl
import os
import signal
from contextlib import contextmanager

from tools.console import note


@contextmanager
def exclusive(path, what):
    """Let one process at a time do `what`; the others wait and say so."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with open(path, "a+") as handle:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            handle.seek(0)
            note(f"waiting: process {handle.read().strip() or '?'} is busy with {what}")
            fcntl.flock(handle, fcntl.LOCK_EX)
        handle.seek(0)
        handle.truncate()
        handle.write(str(os.getpid()))
        handle.flush()
        yield


def end_holder(path):
    """Ask the process that holds a lock to end, and wait until it has. Nobody holds it: nothing to do."""
    with open(path) as handle:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            os.kill(int(handle.read()), signal.SIGTERM)
            fcntl.flock(handle, fcntl.LOCK_EX)


class Users:
    """Counts the processes that use something, so that the last one can put the light out."""

    def __init__(self, path):
        self._path = path
        self._handle = None

    def enter(self):
        self._path.parent.mkdir(parents=True, exist_ok=True)
        self._handle = open(self._path, "a+")
        fcntl.flock(self._handle, fcntl.LOCK_SH)

    def leave(self):
        """Return whether nobody else is left."""
        try:
            fcntl.flock(self._handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
            return True
        except BlockingIOError:
            return False
        finally:
            self._handle.close()
