"""One measurement in a process of its own, with memory and caches of its own; prints its result as JSON.

One that is taken in batches prints the result of a batch for each line that it reads.
"""

import inspect
import json
import sys

from tools import odoo_env
from tools.bench import measures


def main(arguments):
    name, database, *options = arguments
    with odoo_env.environment(database, log_level="error") as env:
        env = env(context={"lang": "en_US", "tracking_disable": True})
        result = measures.MEASURES[name](env, **json.loads(options[0] if options else "{}"))
        if inspect.isgenerator(result):
            for _line in sys.stdin:
                print(json.dumps(next(result)), flush=True)
        else:
            print(json.dumps(result), flush=True)
        env.cr.rollback()


if __name__ == "__main__":
    main(sys.argv[1:])
