"""A pytest plugin: gives each worker its database, starts with what takes long, and sums up what happened.

`make test` sets the variables that it reads, AR_TEST_*.
"""

import json
import os
from collections import Counter
from pathlib import Path

import pytest

# What a class that never ran is taken to need: it is better started early.
UNKNOWN_SECONDS = 5


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_cmdline_main(config):
    """Before pytest-odoo reads the configuration: that of the worker's own database."""
    if _is_worker(config):
        number = int(config.workerinput["workerid"].removeprefix("gw"))
        config.option.odoo_config = os.environ["AR_TEST_ODOO_CONFIGS"].split(os.pathsep)[number]
        os.environ["AR_TEST_ODOO_CONFIG"] = config.option.odoo_config
        # With this pytest-odoo would copy the database again, with programs that are not in the PATH.
        del os.environ["PYTEST_XDIST_WORKER"]
    return (yield)


def pytest_configure(config):
    if not _is_worker(config):
        config.pluginmanager.register(Summary())


def pytest_collection_modifyitems(config, items):
    """The scopes that took longest first, so that the workers end together."""
    if _is_worker(config):
        known = config.workerinput["durations"]
        items.sort(key=lambda item: -known.get(_scope(item.nodeid), UNKNOWN_SECONDS))


class Summary:
    """Writes counts, and how long each class took, to AR_TEST_SUMMARY."""

    def __init__(self):
        self.counts = Counter()
        self.reasons = []
        self.seconds = Counter()
        # Read once, because every worker has to collect in the same order.
        known = Path(os.environ["AR_TEST_DURATIONS"])
        self._known = json.loads(known.read_text()) if known.is_file() else {}

    @pytest.hookimpl(optionalhook=True)
    def pytest_configure_node(self, node):
        node.workerinput["durations"] = self._known

    def pytest_runtest_logreport(self, report):
        self.seconds[_scope(report.nodeid)] += report.duration
        if report.skipped:
            self._skipped(report)
        elif isinstance(report, pytest.SubtestReport):
            pass  # its test is reported, too, and fails with it
        elif report.failed:
            self.counts["failed"] += 1
        elif report.when == "call":
            self.counts["passed"] += 1

    def pytest_collectreport(self, report):
        if report.failed:
            self.counts["failed"] += 1
        elif report.skipped:
            self._skipped(report)

    def _skipped(self, report):
        self.counts["skipped"] += 1
        reason = report.longrepr[2] if isinstance(report.longrepr, tuple) else report.longrepr
        self.reasons.append(f"{report.nodeid}: {reason}")

    def pytest_sessionfinish(self):
        measured = {scope: round(seconds, 2) for scope, seconds in self.seconds.items()}
        summary = {**self.counts, "reasons": self.reasons, "seconds": measured}
        Path(os.environ["AR_TEST_SUMMARY"]).write_text(json.dumps(summary))


def _is_worker(config):
    return hasattr(config, "workerinput")


def _scope(nodeid):
    """What stays together, as xdist's loadscope sees it: a class, or the functions of a module."""
    return nodeid.rsplit("::", 1)[0]
