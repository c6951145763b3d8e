"""Running other programs: quietly with a log, and never leaving one behind."""

import os
import signal
import subprocess
import sys
from contextlib import contextmanager, suppress

from tools.console import SetupError

TAIL = 25


def quiet(command, what, input="", **options):
    """Run a short program; its output is shown only if it fails."""
    result = subprocess.run(
        [str(part) for part in command],
        input=input,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
        **options,
    )
    if result.returncode:
        lines = "\n".join(result.stdout.splitlines()[-TAIL:])
        raise SetupError(f"{what} failed ({command[0]} returned {result.returncode}):\n{lines}")
    return result.stdout


def logged(command, log, on_line, **options):
    """Run a long program, its output kept in `log` and each line given to `on_line`; return its code."""
    log.parent.mkdir(parents=True, exist_ok=True)
    with (
        open(log, "w") as out,
        child(
            command,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            errors="replace",
            **options,
        ) as process,
    ):
        for line in process.stdout:
            out.write(line)
            on_line(line.rstrip("\n"))
        return process.wait()


def tail(log):
    return "\n".join(log.read_text(errors="replace").splitlines()[-TAIL:])


@contextmanager
def child(command, **options):
    """Start a program in a process group of its own; the whole group is gone when the block is left."""
    process = subprocess.Popen([str(part) for part in command], start_new_session=True, **options)
    try:
        yield process
    finally:
        stop(process)


def stop(process, patience=8):
    """End a child and everything it started: asked first, forced after `patience` seconds."""
    if process.poll() is None:
        _signal_group(process, signal.SIGTERM)
        with suppress(subprocess.TimeoutExpired):
            process.wait(patience)
    _signal_group(process, signal.SIGKILL)
    process.wait()


def _signal_group(process, number):
    with suppress(ProcessLookupError):
        os.killpg(process.pid, number)


def raise_on_signals():
    """Turn the signals that end a program into an exception, so that every `finally` runs."""

    def leave(number, _frame):
        # A second Ctrl-C must not interrupt the cleaning up.
        for each in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            signal.signal(each, signal.SIG_IGN)
        raise KeyboardInterrupt(signal.Signals(number).name)

    for each in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(each, leave)


def as_module(*arguments):
    """The command line that runs a module of ours (or Odoo's) with the Python that runs now."""
    return [sys.executable, "-W", "ignore", "-m", *arguments]
