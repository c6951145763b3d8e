"""A pytest plugin that writes how many tests passed, failed and were skipped to the file AR_TEST_SUMMARY."""

import json
import os
from pathlib import Path


class Summary:
    def __init__(self):
        self.counts = {"passed": 0, "failed": 0, "skipped": 0, "reasons": []}

    def pytest_runtest_logreport(self, report):
        if report.skipped:
            self.counts["skipped"] += 1
            reason = report.longrepr[2] if isinstance(report.longrepr, tuple) else str(report.longrepr)
            self.counts["reasons"].append(f"{report.nodeid}: {reason}")
        elif report.failed:
            self.counts["failed"] += 1
        elif report.when == "call":
            self.counts["passed"] += 1

    def pytest_collectreport(self, report):
        if report.failed:
            self.counts["failed"] += 1
        elif report.skipped:
            self.counts["skipped"] += 1
            self.counts["reasons"].append(report.nodeid)

    def pytest_sessionfinish(self):
        Path(os.environ["AR_TEST_SUMMARY"]).write_text(json.dumps(self.counts))


def pytest_configure(config):
    config.pluginmanager.register(Summary())
