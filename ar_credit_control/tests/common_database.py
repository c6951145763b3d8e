"""Databases and processes of their own, for tests that commit, race or kill."""

import os
import shutil
import subprocess
import sys
import tempfile
import unittest
from contextlib import closing
from pathlib import Path

import psycopg2
from psycopg2 import sql

from odoo.tools import config

TEMPLATE = os.environ.get("AR_TEST_TEMPLATE")


# After a script of :meth:`OwnDatabaseCase.run_script` that made ``jobs``, a list of (user id, model, method,
# ids): each is called in a process of its own, all at the same moment, as an RPC call is, with Odoo's own
# retries. Prints ENDED and how each ended: 0 done, 3 told that it cannot be done, 1 failed.
RACE = """
import os, sys
import odoo.sql_db
from odoo.exceptions import UserError
from odoo.service.model import PG_CONCURRENCY_EXCEPTIONS_TO_RETRY, execute_cr

registry = env.registry
sys.stdout.flush()
env.cr.commit()
env.cr.close()
odoo.sql_db.close_all()

def call(uid, model, method, ids, presses=6):
    try:
        with registry.cursor() as cr:
            execute_cr(cr, uid, model, method, [ids], {})
    except PG_CONCURRENCY_EXCEPTIONS_TO_RETRY:
        if not presses:
            raise
        call(uid, model, method, ids, presses - 1)

begin, go = os.pipe()
children = []
for job in jobs:
    child = os.fork()
    if not child:
        os.close(go)
        os.read(begin, 1)
        code = 0
        try:
            call(*job)
        except UserError:
            code = 3
        except BaseException:
            code = 1
        os._exit(code)
    children.append(child)
os.close(begin)
os.close(go)
print('ENDED', *[os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) for child in children])
sys.stdout.flush()
os._exit(0)
"""


def _connect(database="postgres"):
    """Connect to the tests' server, by default to its maintenance database; each statement commits."""
    keys = {"host": "db_host", "port": "db_port", "user": "db_user", "password": "db_password"}
    given = {name: config[option] for name, option in keys.items() if config[option]}
    connection = psycopg2.connect(dbname=database, **given)
    connection.autocommit = True
    return closing(connection)


@unittest.skipUnless(TEMPLATE, "AR_TEST_TEMPLATE names no template database (make test sets it)")
class OwnDatabaseCase(unittest.TestCase):
    """A committed copy of the template database, in ``cls.database``, dropped afterwards.

    Nothing here shares the registry or the transaction of the other tests: code runs in real Odoo
    processes, started by :meth:`start` and :meth:`run`.
    """

    test_tags = {"post_install", "standard"}
    database = None

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.database = f"{TEMPLATE}_{cls.__name__.lower()}_{os.getpid()}"
        name = sql.Identifier(cls.database)
        with _connect() as connection, connection.cursor() as cursor:
            cursor.execute(sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(name))
            cursor.execute(sql.SQL("CREATE DATABASE {} TEMPLATE {}").format(name, sql.Identifier(TEMPLATE)))
        cls.addClassCleanup(cls._drop)
        source = Path(config.filestore(TEMPLATE))
        if source.is_dir():
            # Odoo never changes a stored file, it only adds and removes.
            target = config.filestore(cls.database)
            shutil.copytree(source, target, dirs_exist_ok=True, copy_function=os.link)

    @classmethod
    def _drop(cls):
        with _connect() as connection, connection.cursor() as cursor:
            cursor.execute(
                sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(sql.Identifier(cls.database))
            )
        shutil.rmtree(config.filestore(cls.database), ignore_errors=True)

    def odoo(self, *arguments):
        """Return the command line of an Odoo process on the test's own database."""
        return [
            os.environ.get("AR_TEST_PYTHON", sys.executable),
            *("-W", "ignore", "-m", "odoo"),
            *arguments,
            *("--config", os.environ.get("AR_TEST_ODOO_CONFIG", config["config"])),
            *("--database", self.database, "--log-level", "error"),
        ]

    def start(self, script):
        """Start a real Odoo process that executes ``script``, with ``env`` of the superuser at hand.

        What the script commits stays. Returns the running ``subprocess.Popen``; its standard output
        is text.
        """
        source = tempfile.TemporaryFile("w+")
        self.addCleanup(source.close)
        source.write(script)
        source.seek(0)
        process = subprocess.Popen(
            self.odoo("shell", "--no-http"),
            stdin=source,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        self.addCleanup(process.communicate)
        self.addCleanup(process.kill)
        return process

    def run_script(self, script):
        """Execute ``script`` as in :meth:`start`, wait, and return what it printed."""
        return self.finish(self.start(script))

    def finish(self, process, timeout=120):
        """Wait for a started process, check that it ended well, and return what it printed."""
        output, errors = process.communicate(timeout=timeout)
        self.assertEqual(process.returncode, 0, errors)
        self.assertNotIn("Traceback", errors)
        return output

    def query(self, statement, *parameters):
        """Return the committed rows of ``statement`` as seen from outside any Odoo process."""
        with _connect(self.database) as connection, connection.cursor() as cursor:
            cursor.execute(statement, parameters)
            return cursor.fetchall()
