"""What the set-up says while it works: one line a step, with progress for the long ones."""

import sys
import time


class SetupError(Exception):
    """A step cannot go on; the message says what the user can do about it."""


def step(text):
    print(f"==> {text}", flush=True)


def note(text):
    print(f"    {text}", flush=True)


def error(text):
    print(f"error: {text}", file=sys.stderr, flush=True)


class Progress:
    """One line that is rewritten on a terminal, and repeated every few seconds elsewhere (a log of CI)."""

    SECONDS_BETWEEN_LINES = 5

    def __init__(self):
        self._terminal = sys.stdout.isatty()
        self._last_text = None
        self._last_time = time.monotonic()
        self._width = 0

    def show(self, text):
        if text == self._last_text:
            return
        now = time.monotonic()
        if self._terminal:
            print("\r    " + text.ljust(self._width), end="", flush=True)
            self._width = max(self._width, len(text))
        elif now - self._last_time >= self.SECONDS_BETWEEN_LINES:
            note(text)
            self._last_time = now
        self._last_text = text

    def __enter__(self):
        return self

    def __exit__(self, *exc_info):
        if self._terminal and self._last_text is not None:
            print(flush=True)


def megabytes(size):
    return f"{size / 1e6:.1f} MB"


def seconds(duration):
    return f"{duration:.0f} s" if duration < 120 else f"{duration // 60:.0f} min {duration % 60:.0f} s"
