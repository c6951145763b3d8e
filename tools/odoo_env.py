"""How code that runs inside the set-up (bench, ledger, tests) finds the server, the databases and Odoo.

The commands export what this module reads, so it works in any process that they start:

    with odoo_env.scratch_database(odoo_env.ADDON) as database, odoo_env.environment(database) as env:
        env["res.partner"].search_count([])
"""

import os
from contextlib import contextmanager
from pathlib import Path

from tools import processes
from tools.setup.databases import ADDON, BASE, DEMO, Databases
from tools.setup.postgres import Server

__all__ = ["ADDON", "BASE", "DEMO", "command", "databases", "environment", "export", "scratch_database"]


def export(server):
    """The variables that tell child processes where everything is; for the commands themselves."""
    return {
        **os.environ,
        **server.environment,
        "AR_POSTGRES_PRIVATE": "1" if server.private else "",
        "AR_POSTGRES_PROGRAMS": str(server.programs or ""),
        "PYTHONUNBUFFERED": "1",
        # Odoo's own variables must not mix in.
        "ODOO_RC": os.devnull,
    }


def databases():
    """The databases of this clone: to name, connect to, copy, drop, and make where missing."""
    if "AR_POSTGRES_PRIVATE" not in os.environ:
        raise RuntimeError("start this through make (or tools/run), which sets up the database server")
    programs = os.environ["AR_POSTGRES_PROGRAMS"]
    server = Server(
        os.environ["PGHOST"],
        os.environ["PGPORT"],
        os.environ["PGUSER"],
        os.environ.get("PGPASSWORD", ""),
        programs=Path(programs) if programs else None,
        private=bool(os.environ["AR_POSTGRES_PRIVATE"]),
    )
    return Databases(server, os.environ["AR_ODOO_VERSION"], os.environ["AR_ODOO_ADDONS"].split(os.pathsep))


def command(database, *subcommand, **options):
    """The command line that runs Odoo (or a subcommand) on a database; options go into its configuration."""
    configuration = databases().configuration(database, db_name=database, **options)
    return processes.as_module("odoo", *subcommand, "--config", str(configuration), "--database", database)


@contextmanager
def scratch_database(template=ADDON, suffix=""):
    """A copy of `base` or `addon` (made first if need be) that is dropped at the end; its name."""
    ours = databases()
    source = ours.ensure_base() if template == BASE else ours.ensure_addon()
    database = ours.name(f"scratch{suffix}_{os.getpid()}")
    ours.drop_left_behind()
    ours.copy(source, database)
    try:
        yield database
    finally:
        ours.drop(database)


@contextmanager
def environment(database, **options):
    """Odoo's environment as the superuser, in this process; commits unless an exception leaves the block."""
    import odoo.api
    import odoo.modules.registry
    import odoo.tools

    configuration = databases().configuration(database, db_name=database, **options)
    odoo.tools.config.parse_config(["--config", str(configuration), "--no-http"], setup_logging=True)
    try:
        with odoo.modules.registry.Registry(database).cursor() as cursor:
            yield odoo.api.Environment(cursor, odoo.SUPERUSER_ID, {})
    finally:
        odoo.sql_db.close_db(database)
