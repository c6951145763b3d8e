"""Run the whole suite on fresh copies of the template database: one pytest for each core, up to two."""

import json
import os
import re
import subprocess
import sys
import threading
import time
from contextlib import ExitStack

from tools import processes, project
from tools.console import note, seconds, step

SHARDS = min(2, os.cpu_count() or 1)
# How long each file took last time, in any clone, so that the shards end together.
DURATIONS = project.CACHE / "test-durations.json"
UNKNOWN_SECONDS = 5
# What pytest says before the first test, and need not say twice.
HEADER = re.compile(r"=+ test session starts =|platform |rootdir: |configfile: |plugins: |collected |\n")
# The rest of a line of progress that is longer than the terminal is wide.
PROGRESS = re.compile(r"[.,uFEsxX]+ *(\[ *\d+%\])?$")


def run(arguments, databases):
    """Without arguments the whole suite in shards; with arguments one pytest that has the terminal."""
    arguments = arguments[1:] if arguments[:1] == ["--"] else arguments
    template = databases.ensure_addon()
    databases.drop_left_behind()
    started = time.monotonic()
    shards = [[*_named(arguments), *arguments]] if arguments else _split(_files())
    with ExitStack() as stack:
        step(
            f"Copying the template database for {len(shards)} pytest"
            + (" processes" if len(shards) > 1 else "")
        )
        shards = [Shard(number, tests, template, databases) for number, tests in enumerate(shards, start=1)]
        for shard in shards:
            stack.callback(databases.drop, shard.database)
            databases.copy(template, shard.database)
        step("Running the tests")
        codes = [shards[0].run_in_terminal()] if arguments else _run_together(shards)
    return _close(shards, codes, seconds(time.monotonic() - started), whole=not arguments)


# --- what to run


def _files():
    folders = [*(folder / "tests" for folder in project.addon_folders()), project.ROOT / "tests"]
    paths = [path for folder in folders for path in sorted(folder.rglob("test_*.py"))]
    return [path.relative_to(project.ROOT).as_posix() for path in paths]


def _named(arguments):
    """The whole suite, unless the arguments name something in it."""
    if any((project.ROOT / argument.split("::")[0]).exists() for argument in arguments):
        return []
    return _files()


def _split(files):
    """Files in a list for each shard, the slow ones first, each to the list that is done earliest."""
    known = json.loads(DURATIONS.read_text()) if DURATIONS.is_file() else {}
    shards = [[] for _number in range(SHARDS)]
    loads = [0] * SHARDS
    for file in sorted(files, key=lambda file: -known.get(file, UNKNOWN_SECONDS)):
        least = loads.index(min(loads))
        shards[least].append(file)
        loads[least] += known.get(file, UNKNOWN_SECONDS)
    return [sorted(shard) for shard in shards if shard]


# --- running


class Shard:
    """One pytest on a database of its own."""

    def __init__(self, number, tests, template, databases):
        self._tests = tests
        self.database = databases.name(f"test{number}_{os.getpid()}")
        configuration = databases.configuration(f"test{number}", db_name=self.database)
        self._summary = project.STATE / f"test-summary-{number}.json"
        self._summary.unlink(missing_ok=True)
        self._environment = {
            **os.environ,
            # For tests that need databases of their own (several processes, kill -9): copies of the template.
            "AR_TEST_TEMPLATE": template,
            "AR_TEST_ODOO_CONFIG": str(configuration),
            "AR_TEST_PYTHON": sys.executable,
            "AR_TEST_SUMMARY": str(self._summary),
        }
        options = ("--odoo-http", f"--odoo-config={configuration}", "-p", "tools.pytest_summary")
        self._command = processes.as_module("pytest", *options, *tests)
        # What pytest says after the last test: failures and totals, printed when all shards are through.
        self.report = []
        self.code = None

    def run_in_terminal(self):
        with processes.child(self._command, cwd=project.ROOT, env=self._environment) as pytest:
            return pytest.wait()

    def start(self):
        return processes.child(
            self._command,
            cwd=project.ROOT,
            env={**self._environment, "COLUMNS": "110"},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            errors="replace",
        )

    def follow(self, process):
        """Print the line of each file as it is through, keep the rest."""
        for line in process.stdout:
            if not self.report and (line.startswith(tuple(self._tests)) or PROGRESS.match(line)):
                print(line, end="", flush=True)
            elif self.report or not HEADER.match(line):
                self.report.append(line)
        self.code = process.wait()

    @property
    def counts(self):
        return json.loads(self._summary.read_text()) if self._summary.is_file() else {}


def _run_together(shards):
    with ExitStack() as stack:
        followers = []
        for shard in shards:
            process = stack.enter_context(shard.start())
            followers.append(threading.Thread(target=shard.follow, args=[process], daemon=True))
            followers[-1].start()
        for follower in followers:
            follower.join()
    for shard in shards:
        print("".join(shard.report), end="", flush=True)
    return [shard.code for shard in shards]


# --- the end


def _close(shards, codes, duration, whole):
    """One line that says how it went. A skipped test has tested nothing, so it counts as a failure."""
    counts = [shard.counts for shard in shards]
    passed, failed, skipped = (
        sum(each.get(key, 0) for each in counts) for key in ("passed", "failed", "skipped")
    )
    for reason in (reason for each in counts for reason in each["reasons"]):
        note(f"skipped: {reason}")
    if whole:
        DURATIONS.write_text(
            json.dumps({file: took for each in counts for file, took in each["files"].items()})
        )
    good = not any(codes) and not failed and not skipped and passed and all(counts)
    print(f"{passed} passed, {failed} failed, {skipped} skipped")
    print(f"{'OK' if good else 'NOT OK'}: make test took {duration}", flush=True)
    return 0 if good else (max(codes) or 1)
