"""Style, OCA's rules, XML and manifests; runs in the linters' own environment."""

import subprocess
import sys

from tools import project
from tools.console import step
from tools.lint import manifest_check, xml_check


def main(arguments):
    addons = project.addon_folders()
    failed = []
    for name, check in (
        ("ruff", lambda: _module("ruff", "check", "--quiet", *arguments, ".")),
        (
            "pylint-odoo",
            lambda: _module("pylint", "--rcfile=.pylintrc-mandatory", *(path.name for path in addons)),
        ),
        ("XML files", lambda: _report(xml_check.check(folder) for folder in addons)),
        (
            "manifests",
            lambda: _report(
                manifest_check.check(folder, project.ROOT / "requirements.txt") for folder in addons
            ),
        ),
    ):
        step(f"Checking: {name}")
        if not check():
            failed.append(name)
    print(
        f"NOT OK: found something: {', '.join(failed)}" if failed else "OK: make lint found nothing",
        flush=True,
    )
    return 1 if failed else 0


def _module(*command):
    return subprocess.run([sys.executable, "-m", *command], cwd=project.ROOT, check=False).returncode == 0


def _report(findings_by_addon):
    findings = [finding for findings in findings_by_addon for finding in findings]
    for finding in findings:
        print(finding.replace(f"{project.ROOT}/", ""))
    return not findings


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
