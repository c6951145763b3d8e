"""Load a receivables ledger into the demo database."""

import argparse
from pathlib import Path

from tools import processes, project
from tools.console import SetupError


def run(arguments, databases):
    parser = argparse.ArgumentParser(prog="make ledger")
    parser.add_argument("--csv")
    parser.add_argument("rest", nargs="*")
    options = parser.parse_args(arguments)
    if not options.csv:
        raise SetupError("which ledger? make ledger CSV=path/to/ledger.csv")
    if not Path(options.csv).is_file():
        raise SetupError(f"no file {options.csv}")
    database = databases.ensure_demo()
    command = processes.as_module("tools.ledger", options.csv, "--database", database, *options.rest)
    with processes.child(command, cwd=project.ROOT) as loader:
        return loader.wait()
