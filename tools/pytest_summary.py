"""A pytest plugin that writes what happened to the file AR_TEST_SUMMARY: counts, and seconds by file."""

import json
import os
from collections import Counter
from pathlib import Path

import pytest


class Summary:
    def __init__(self, config):
        self._config = config
        self.counts = Counter()
        self.reasons = []
        self.seconds = Counter()

    def pytest_runtest_logreport(self, report):
        self.seconds[report.nodeid.split("::")[0]] += report.duration
        if report.skipped:
            self._skipped(report)
        elif isinstance(report, pytest.SubtestReport):
            pass  # its test is reported, too, and fails with it
        elif report.failed:
            self.counts["failed"] += 1
        elif report.when == "call":
            self.counts["passed"] += 1

    def pytest_runtest_logfinish(self):
        # Into a pipe pytest writes in blocks; whoever waits wants to see how far it is.
        self._config.get_terminal_writer().flush()

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
        files = {file: round(seconds, 2) for file, seconds in self.seconds.items()}
        summary = {**self.counts, "reasons": self.reasons, "files": files}
        Path(os.environ["AR_TEST_SUMMARY"]).write_text(json.dumps(summary))


def pytest_configure(config):
    config.pluginmanager.register(Summary(config))
