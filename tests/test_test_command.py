"""`make test` itself: every worker has a database, what fails or is skipped anywhere fails the command."""

import json
import os
import subprocess

import pytest

from tools import processes, project
from tools.commands import test as command
from tools.console import SetupError

SUITE = """
import os
import time
import unittest

def note(word):
    with open("order", "a") as order:
        order.write(word + "\\n")

class Quick(unittest.TestCase):
    def test_one(self):
        note("quick " + os.environ["AR_TEST_ODOO_CONFIG"])

    def test_skipped(self):
        self.skipTest("no reason")

class Slow(unittest.TestCase):
    def test_one(self):
        note("slow " + os.environ["AR_TEST_ODOO_CONFIG"])
        deadline = time.monotonic() + 30
        while "new" not in open("order").read() and time.monotonic() < deadline:
            time.sleep(0.05)

class New(unittest.TestCase):
    def test_one(self):
        note("new " + os.environ["AR_TEST_ODOO_CONFIG"])
        self.fail("on purpose")
"""


@pytest.fixture
def outcome(tmp_path):
    """Code and summary of a small suite in two workers, and what ran in which order with which database."""
    (tmp_path / "test_suite.py").write_text(SUITE)
    (tmp_path / "durations").write_text(json.dumps({"test_suite.py::Quick": 1, "test_suite.py::Slow": 50}))
    environment = {
        **os.environ,
        "PYTHONPATH": str(project.ROOT),
        "PYTEST_XDIST_AUTO_NUM_WORKERS": "2",
        "AR_TEST_ODOO_CONFIGS": os.pathsep.join(["first", "second"]),
        "AR_TEST_DURATIONS": str(tmp_path / "durations"),
        "AR_TEST_SUMMARY": str(tmp_path / "summary"),
    }
    run = subprocess.run(
        processes.as_module("pytest", "-p", "no:odoo", *command.PLUGINS, *command.PARALLEL, "test_suite.py"),
        cwd=tmp_path,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    lines = [line.split() for line in (tmp_path / "order").read_text().splitlines()]
    return run.returncode, command._read(tmp_path / "summary"), lines


def test_failures_in_a_worker_reach_the_command(outcome, capsys):
    code, summary, _lines = outcome
    assert (summary["passed"], summary["failed"], summary["skipped"]) == (2, 1, 1)
    assert code
    assert command._close(summary, code, "1 s", whole=False) == code
    told = capsys.readouterr().out
    assert "no reason" in told
    assert told.splitlines()[-1] == "NOT OK: 2 passed, 1 failed, 1 skipped in 1 s"


def test_slow_classes_are_started_first_each_worker_on_its_database(outcome):
    _code, summary, lines = outcome
    assert {lines[0][0], lines[1][0]} == {"slow", "new"}
    assert lines[2][0] == "quick"
    assert {line[1] for line in lines[:2]} == {"first", "second"}
    assert "test_suite.py::New" in summary["seconds"], "known next time"


@pytest.mark.parametrize(
    ("counts", "code", "expected"),
    [
        ({"passed": 3}, 0, 0),
        ({"passed": 3, "skipped": 1}, 0, 1),
        ({"passed": 3, "failed": 1}, 1, 1),
        ({"passed": 3}, 3, 3),
        ({}, 0, 1),
    ],
)
def test_code_of_the_command(counts, code, expected):
    assert command._close(counts, code, "1 s", whole=False) == expected


def test_a_run_that_left_no_summary_fails(tmp_path):
    assert command._close(command._read(tmp_path / "summary"), 0, "1 s", whole=False) == 1


def test_number_of_workers(monkeypatch):
    monkeypatch.delenv("JOBS", raising=False)
    assert command._workers(named=False) == len(os.sched_getaffinity(0))
    assert command._workers(named=True) == 1
    monkeypatch.setenv("JOBS", "3")
    assert command._workers(named=False) == command._workers(named=True) == 3
    monkeypatch.setenv("JOBS", "0")
    with pytest.raises(SetupError):
        command._workers(named=False)
