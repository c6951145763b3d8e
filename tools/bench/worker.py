"""One measurement in a process of its own, with memory and caches of its own; prints its result as JSON."""

import json
import sys

from tools import odoo_env
from tools.bench import measures


def main(arguments):
    name, database, *options = arguments
    with odoo_env.environment(database, log_level="error") as env:
        env = env(context={"lang": "en_US", "tracking_disable": True})
        result = measures.MEASURES[name](env, **json.loads(options[0] if options else "{}"))
        env.cr.rollback()
    print(json.dumps(result), flush=True)


if __name__ == "__main__":
    main(sys.argv[1:])
