"""First half of every command, with the machine's own Python and nothing but its standard library.

It sees to the system packages, Odoo's source and the Python environment, then goes on inside that environment
with `tools.commands` (or `tools.lint`), in the same process.
"""

import os
import sys

from tools import project
from tools.console import SetupError, error
from tools.setup import odoo_source, python_env, system_packages

WITHOUT_ODOO = {"lint"}


def main(arguments):
    command = arguments[0] if arguments else "help"
    try:
        if command == "clean":
            # Nothing needs to be there to remove what is there.
            from tools.commands import clean

            clean.run(arguments[1:])
            return 0
        project.LOGS.mkdir(parents=True, exist_ok=True)
        if command in WITHOUT_ODOO:
            python = python_env.lint()
        else:
            system_packages.ensure(needs_cluster="PGHOST" not in os.environ)
            odoo = odoo_source.ensure()
            python = python_env.runtime(odoo)
            os.environ["AR_ODOO_ADDONS"] = os.pathsep.join(str(path) for path in odoo.addons)
            os.environ["AR_ODOO_VERSION"] = odoo.version
            if command == "test":
                os.environ["AR_NEIGHBOURS"] = str(python_env.neighbours())
    except SetupError as problem:
        error(problem)
        return 1
    except KeyboardInterrupt:
        error("stopped; run the same command again to go on from here")
        return 130
    if command in WITHOUT_ODOO:
        module = ["tools.lint", *arguments[1:]]
    else:
        module = ["tools.commands", *arguments]
    return os.execv(python, [str(python), "-W", "ignore", "-m", *module])


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
