"""Run the whole suite on a fresh copy of the template database."""

import json
import os
import sys
import time

from tools import processes, project
from tools.console import note, seconds, step


def run(arguments, databases):
    arguments = arguments[1:] if arguments[:1] == ["--"] else arguments
    template = databases.ensure_addon()
    databases.drop_left_behind()
    database = databases.name(f"test_{os.getpid()}")
    step("Copying the template database")
    databases.copy(template, database)
    try:
        return _pytest(databases, template, database, arguments)
    finally:
        databases.drop(database)


def _pytest(databases, template, database, arguments):
    configuration = databases.configuration("test", db_name=database)
    summary = project.STATE / "test-summary.json"
    summary.unlink(missing_ok=True)
    environment = {
        **os.environ,
        # For tests that need databases of their own (several processes, kill -9): copies of the template.
        "AR_TEST_TEMPLATE": template,
        "AR_TEST_ODOO_CONFIG": str(configuration),
        "AR_TEST_PYTHON": sys.executable,
        "AR_TEST_SUMMARY": str(summary),
    }
    command = processes.as_module(
        "pytest",
        "--odoo-http",
        f"--odoo-config={configuration}",
        "-p",
        "tools.pytest_summary",
        *_paths(arguments),
        *arguments,
    )
    step("Running the tests")
    started = time.monotonic()
    with processes.child(command, cwd=project.ROOT, env=environment) as pytest:
        code = pytest.wait()
    return _close(summary, code, seconds(time.monotonic() - started))


def _paths(arguments):
    """The whole suite, unless the arguments name something."""
    if any((project.ROOT / argument.split("::")[0]).exists() for argument in arguments):
        return []
    return [
        path
        for path in (*(folder / "tests" for folder in project.addon_folders()), project.ROOT / "tests")
        if path.is_dir()
    ]


def _close(summary, code, duration):
    """One line that says how it went. A skipped test has tested nothing, so it counts as a failure."""
    counts = json.loads(summary.read_text()) if summary.is_file() else {}
    passed, failed, skipped = (counts.get(key, 0) for key in ("passed", "failed", "skipped"))
    for reason in counts.get("reasons", []):
        note(f"skipped: {reason}")
    print(f"{passed} passed, {failed} failed, {skipped} skipped")
    good = code == 0 and not failed and not skipped and passed
    print(f"{'OK' if good else 'NOT OK'}: make test took {duration}", flush=True)
    return 0 if good else (code or 1)
