"""Second half of every command: inside the Python environment, with a database server."""

import importlib
import os
import sys

from tools import odoo_env, processes
from tools.console import SetupError, error
from tools.setup import postgres

COMMANDS = {"bench", "demo", "i18n", "ledger", "setup", "shell", "test"}


def main(arguments):
    processes.raise_on_signals()
    name, rest = arguments[0], arguments[1:]
    if name not in COMMANDS:
        error(f"no command {name}; there are {', '.join(sorted(COMMANDS))}, lint and clean")
        return 2
    module = importlib.import_module(f"tools.commands.{name}")
    try:
        with postgres.running() as server:
            os.environ.update(odoo_env.export(server))
            return module.run(rest, odoo_env.databases())
    except SetupError as problem:
        error(problem)
        return 1
    except KeyboardInterrupt:
        return 130


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
