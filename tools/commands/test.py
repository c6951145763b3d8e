"""Run the suite with pytest in parallel, each worker on a copy of the template database of its own."""

import json
import os
import sys
import time
from contextlib import ExitStack
from pathlib import Path
from tempfile import TemporaryDirectory

from tools import processes, project
from tools.console import SetupError, note, seconds, step

# How long each class of tests took last time, in any clone: what takes long is started first.
DURATIONS = project.CACHE / "test-durations.json"

PLUGINS = ("-p", "tools.pytest_workers", "-p", "tools.pytest_caches")
# Classes stay whole, for what they set up. With `auto` --pdb works. A worker that died is a failure.
PARALLEL = ("-n", "auto", "--dist=loadscope", "--no-loadscope-reorder", "--max-worker-restart=0")


def run(arguments, databases):
    """Without arguments the whole suite; arguments go to pytest, and may name what to run."""
    arguments = arguments[1:] if arguments[:1] == ["--"] else arguments
    named = any((project.ROOT / argument.split("::")[0]).exists() for argument in arguments)
    workers = _workers(named)
    template = databases.ensure_addon()
    databases.drop_left_behind()
    started = time.monotonic()
    with ExitStack() as stack:
        summary = Path(stack.enter_context(TemporaryDirectory())) / "summary"
        step(f"Copying the template database for {workers} worker" + "s" * (workers > 1))
        configurations = []
        for number in range(1, workers + 1):
            database = databases.name(f"test{number}_{os.getpid()}")
            stack.callback(databases.drop, database)
            databases.copy(template, database)
            configurations.append(str(databases.configuration(database, db_name=database)))
        step("Running the tests")
        options = ["--odoo-http", f"--odoo-config={configurations[0]}", *PLUGINS]
        options += PARALLEL if workers > 1 else ()
        tests = [] if named else _files()
        environment = {
            **os.environ,
            "PYTHONWARNINGS": "ignore",
            "PYTEST_XDIST_AUTO_NUM_WORKERS": str(workers),
            "AR_TEST_ODOO_CONFIGS": os.pathsep.join(configurations),
            "AR_TEST_ODOO_CONFIG": configurations[0],
            "AR_TEST_DURATIONS": str(DURATIONS),
            "AR_TEST_SUMMARY": str(summary),
            # For tests that need databases of their own (several processes, kill -9): copies of the template.
            "AR_TEST_TEMPLATE": template,
            "AR_TEST_PYTHON": sys.executable,
        }
        command = processes.as_module("pytest", *options, *tests, *arguments)
        with processes.child(command, cwd=project.ROOT, env=environment) as pytest:
            code = pytest.wait()
        counts = _read(summary)
    return _close(counts, code, seconds(time.monotonic() - started), whole=not arguments)


def _workers(named):
    """As many as JOBS says; otherwise one for what is named, and for the whole suite one for each core."""
    jobs = os.environ.get("JOBS")
    if not jobs:
        return 1 if named else len(os.sched_getaffinity(0))
    if not jobs.isdecimal() or not int(jobs):
        raise SetupError(f"JOBS is the number of tests to run at a time, not {jobs}")
    return int(jobs)


def _files():
    folders = [*(folder / "tests" for folder in project.addon_folders()), project.ROOT / "tests"]
    paths = [path for folder in folders for path in sorted(folder.rglob("test_*.py"))]
    return [path.relative_to(project.ROOT).as_posix() for path in paths]


def _read(summary):
    """What the plugin wrote at the end; nothing if pytest did not get there."""
    return json.loads(summary.read_text()) if summary.is_file() else {}


def _close(counts, code, duration, whole):
    """One line that says how it went. A skipped test has tested nothing, so it counts as a failure."""
    passed, failed, skipped = (counts.get(key, 0) for key in ("passed", "failed", "skipped"))
    for reason in counts.get("reasons", []):
        note(f"skipped: {reason}")
    if whole and counts:
        building = DURATIONS.with_suffix(f".{os.getpid()}")
        building.write_text(json.dumps(counts["seconds"]))
        building.replace(DURATIONS)
    good = not code and passed and not failed and not skipped
    verdict = "OK" if good else "NOT OK"
    print(f"{verdict}: {passed} passed, {failed} failed, {skipped} skipped in {duration}", flush=True)
    return 0 if good else (code or 1)
