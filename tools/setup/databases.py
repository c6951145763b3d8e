"""Databases: made once, copied from then on, and known by a key in their comment.

A database whose comment is not the key of what it should hold is half made or out of date. The comment is
written last, so it needs no other stamp, on our own cluster as on someone else's server.
"""

import hashlib
import json
import os
import re
import shutil
import time
from contextlib import closing, contextmanager
from datetime import date
from pathlib import Path

import psycopg2
from psycopg2 import sql

from tools import locks, processes, project
from tools.console import Progress, SetupError, note, seconds, step

# What the tests install beside the addon's own dependencies: the gate has to hold with them, too.
BASE_MODULES = (
    "account",
    "account_debit_note",
    "account_payment",
    "event_sale",
    "sale_loyalty",
    "sale_management",
    "sale_stock",
    "stock_picking_batch",
)
BASE, ADDON, DEMO = "base", "addon", "demo"
# For the tests: companies with charts of accounts, and what browsers load. Each takes seconds to make, and
# what a class of tests makes is gone after it.
PREPARED = "Prepared for tests"
PREPARE = f"""
env = env(context={{}})  # a company's time zone and language would come from it
for number in (1, 2):
    company = env["res.company"].create({{"name": f"{PREPARED} {{number}}"}})
    env["account.chart.template"].try_loading("generic_coa", company=company, install_demo=False)
    company.account_fiscal_country_id = company.account_fiscal_country_id or env.ref("base.us")
    # As stock does itself when a test creates a company.
    env["stock.warehouse"].create({{"company_id": company.id}})
env["ir.qweb"]._pregenerate_assets_bundles()
# wkhtmltopdf waits a second for scripts before each print; nothing printed in tests has any.
env["ir.config_parameter"].set_param("report.print_delay", "0")
env.cr.commit()
"""
# What cannot change what a database holds.
IGNORED_BY_KEY = {"tests", "docs", "readme", "__pycache__"}


class Databases:
    def __init__(self, server, odoo_version, odoo_addons):
        self.server = server
        self._odoo_version = odoo_version
        self._odoo_addons = odoo_addons

    # --- names and connections

    def name(self, short):
        """The name on the server: short on our own cluster, unmistakably ours on someone else's."""
        return short if self.server.private else f"{project.ADDON}_{project.CLONE_ID}_{short}"

    def connect(self, database):
        return psycopg2.connect(
            host=self.server.host,
            port=self.server.port,
            user=self.server.user,
            password=self.server.password or None,
            dbname=database,
        )

    @contextmanager
    def _administrator(self):
        try:
            connection = self.connect("postgres")
        except psycopg2.OperationalError as problem:
            raise SetupError(
                f"no connection to PostgreSQL at {self.server.host}:{self.server.port}: {problem}"
            ) from None
        connection.autocommit = True
        with closing(connection), connection.cursor() as cursor:
            yield cursor

    def key_of(self, database):
        """The key that a finished database carries, or None."""
        with self._administrator() as cursor:
            cursor.execute(
                "SELECT shobj_description(oid, 'pg_database') FROM pg_database WHERE datname = %s", [database]
            )
            row = cursor.fetchone()
        return row[0] if row else None

    def exists(self, database):
        with self._administrator() as cursor:
            cursor.execute("SELECT 1 FROM pg_database WHERE datname = %s", [database])
            return cursor.fetchone() is not None

    # --- creating, copying, dropping

    def drop(self, database):
        with self._administrator() as cursor:
            cursor.execute(
                sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(sql.Identifier(database))
            )
        shutil.rmtree(filestore(database), ignore_errors=True)
        (project.CONFIGS / f"{database}.conf").unlink(missing_ok=True)

    def copy(self, template, database):
        """A copy with its files; the template must have no connections (a finished template allows none)."""
        self.drop(database)
        with self._administrator() as cursor:
            cursor.execute(
                sql.SQL("CREATE DATABASE {} TEMPLATE {}").format(
                    sql.Identifier(database),
                    sql.Identifier(template),
                )
            )
        if filestore(template).is_dir():
            # Odoo never changes a stored file, it only adds and removes.
            shutil.copytree(filestore(template), filestore(database), copy_function=os.link)

    def create_empty(self, database):
        """An empty database, created as Odoo creates its own."""
        with self._administrator() as cursor:
            cursor.execute(
                sql.SQL("CREATE DATABASE {} ENCODING 'unicode' LC_COLLATE 'C' TEMPLATE template0").format(
                    sql.Identifier(database),
                )
            )

    def finish(self, database, key, template=False):
        """Mark as whole, and close a template to connections, which would be in the way of copying it."""
        with self._administrator() as cursor:
            name = sql.Identifier(database)
            if template:
                cursor.execute(sql.SQL("ALTER DATABASE {} ALLOW_CONNECTIONS false").format(name))
            cursor.execute(sql.SQL("COMMENT ON DATABASE {} IS {}").format(name, sql.Literal(key)))

    def drop_left_behind(self):
        """Drop the copies of killed runs: their names end with the number of a process that is gone."""
        with self._administrator() as cursor:
            cursor.execute("SELECT datname FROM pg_database WHERE starts_with(datname, %s)", [self.name("")])
            names = [row[0] for row in cursor.fetchall()]
        for database in names:
            number = re.search(r"_(\d+)$", database)
            if number and not Path(f"/proc/{number[1]}").exists():
                note(f"dropping {database}, left behind by a run that was killed")
                self.drop(database)

    # --- Odoo on a database

    def configuration(self, name, **options):
        """Write a configuration file for Odoo; return its path."""
        settings = {
            "db_host": self.server.host,
            "db_port": self.server.port,
            "db_user": self.server.user,
            "addons_path": ",".join([*self._odoo_addons, str(project.ROOT)]),
            "data_dir": project.DATA_DIR,
            "http_interface": "127.0.0.1",
            "list_db": False,
            "max_cron_threads": 0,
            # Odoo would warn about each; neither matters on a private server.
            "limit_time_cpu": 3600,
            "limit_time_real": 7200,
            **options,
        }
        if self.server.password:
            settings["db_password"] = self.server.password
        project.CONFIGS.mkdir(parents=True, exist_ok=True)
        path = project.CONFIGS / f"{name}.conf"
        lines = [f"{key} = {value}" for key, value in settings.items()]
        # It may hold a password; it is put in place as a whole, for others may be reading the old one.
        building = path.with_suffix(f".{os.getpid()}")
        building.touch(mode=0o600)
        building.write_text("\n".join(["[options]", *lines, ""]))
        building.replace(path)
        return path

    def run_odoo(self, database, what, *arguments):
        """Run Odoo once (install, update), show which module it is at; errors in its log are errors here."""
        configuration = self.configuration("setup")
        log = project.LOGS / f"{what.split()[0].lower()}-{database}.log"
        command = processes.as_module(
            "odoo",
            "--config",
            str(configuration),
            "--database",
            database,
            "--no-http",
            "--stop-after-init",
            *arguments,
        )
        problems = []
        started = time.monotonic()
        with Progress() as progress:

            def on_line(line):
                if loading := re.search(r"Loading module (\w+) \((\d+)/(\d+)\)", line):
                    progress.show(f"module {loading[2]} of {loading[3]}: {loading[1]}")
                if re.search(r" (ERROR|CRITICAL) | demo data failed to install", line):
                    problems.append(line)

            code = processes.logged(command, log, on_line, cwd=project.ROOT)
        if code or problems:
            words = "\n".join(problems[:5]) or processes.tail(log)
            raise SetupError(f"{what} failed; Odoo's log is {log}\n{words}")
        note(f"done in {seconds(time.monotonic() - started)}")

    def run_script(self, database, what, script):
        """Execute Python in Odoo's shell, with `env` of the superuser at hand."""
        command = processes.as_module(
            "odoo",
            "shell",
            "--config",
            str(self.configuration("setup")),
            "--database",
            database,
            "--no-http",
            "--log-level",
            "error",
        )
        processes.quiet(command, what, input=script, cwd=project.ROOT)

    # --- the three that everything starts from

    def ensure_base(self):
        """A database with Odoo's own modules and demo data; return its name."""
        database = self.name(BASE)
        key = _digest(self._odoo_version, *BASE_MODULES)
        with locks.exclusive(project.LOCKS / "base.lock", "the base database"):
            if self.key_of(database) != key:
                self._tell_why(database)
                self.drop(database)
                store = Store(self.server, BASE, key)
                step("Making the base database: Odoo with " + ", ".join(BASE_MODULES))
                if not store.restore(self, database):
                    self.run_odoo(
                        database, "Installing Odoo's modules", "--with-demo", "-i", ",".join(BASE_MODULES)
                    )
                    store.keep(database)
                self.finish(database, key, template=True)
        return database

    def ensure_addon(self):
        """The base with our addons and their demo data, as the tests want it; return its name."""
        base = self.ensure_base()
        database = self.name(ADDON)
        key = _digest(self.key_of(base), addon_key(), PREPARE)
        with locks.exclusive(project.LOCKS / "addon.lock", "the template for tests"):
            if self.key_of(database) != key:
                step(f"Making the template for tests: {project.addon_names()} with demo data")
                self.copy(base, database)
                self.run_odoo(database, "Installing the addons", "--with-demo", "-i", project.addon_names())
                step("Preparing companies and what browsers load for the tests")
                self.run_script(database, "Preparing the template for tests", PREPARE)
                self.finish(database, key, template=True)
        return database

    def ensure_demo(self, fresh=False):
        """The database that people look at, in English and Chinese; return its name.

        It holds what people did in it, so changed code updates it, and only a half-made one is made anew.
        """
        database, names = self.name(DEMO), project.addon_names()
        wanted = {"odoo": self._odoo_version, "addon": addon_key()}
        with locks.exclusive(project.LOCKS / "demo.lock", "the demo database"):
            found = json.loads(self.key_of(database) or "{}")
            if fresh or not found:
                if not fresh:
                    self._tell_why(database)
                step("Making the demo database: the addons, their demo data, English and Chinese")
                # The demo data tell their story relative to the day.
                store = Store(self.server, DEMO, _digest(*wanted.values(), date.today().isoformat()))
                self.drop(database)
                if not store.restore(self, database):
                    self.copy(self.ensure_base(), database)
                    languages = ("--load-language", "en_US,zh_CN")
                    self.run_odoo(database, "Installing the addons", "--with-demo", *languages, "-i", names)
                    store.keep(database)
                with self._administrator() as cursor:
                    cursor.execute(
                        sql.SQL("ALTER DATABASE {} SET synchronous_commit = on").format(
                            sql.Identifier(database)
                        )
                    )
            elif found != wanted:
                step("Updating the demo database: the code has changed")
                everything = found["odoo"] != wanted["odoo"]
                try:
                    # An addon that is new is installed, too.
                    self.run_odoo(database, "Updating", "-i", names, "-u", "all" if everything else names)
                except SetupError as problem:
                    raise SetupError(f"{problem}\n`make demo FRESH=1` makes the demo database anew") from None
            self.finish(database, json.dumps(wanted))
        return database

    def _tell_why(self, database):
        if self.exists(database):
            note(f"the database {database} is half made or of another version; making it anew")


class Store:
    """Dumps of finished databases in the cache: a second clone restores one in seconds."""

    KEPT = 2  # of each kind

    def __init__(self, server, kind, key):
        self._server = server
        self._kind = kind
        major = server.programs.parent.name if server.programs else ""
        self._folder = project.CACHE / "databases" / f"{kind}-{key}-postgresql{major}"

    def keep(self, database):
        if not self._server.programs:
            return
        building = self._folder.with_name(f"{self._folder.name}.{os.getpid()}")
        shutil.rmtree(building, ignore_errors=True)
        building.mkdir(parents=True)
        self._program(
            "pg_dump", "--format=custom", "--compress=1", "--no-owner", "--file", building / "dump", database
        )
        if filestore(database).is_dir():
            shutil.copytree(filestore(database), building / "filestore")
        shutil.rmtree(self._folder, ignore_errors=True)
        building.rename(self._folder)
        dumps = self._folder.parent.glob(f"{self._kind}-*")
        for old in sorted(dumps, key=lambda path: path.stat().st_mtime)[: -self.KEPT]:
            shutil.rmtree(old, ignore_errors=True)

    def restore(self, databases, database):
        """Return whether the database could be made from the cache."""
        if not self._server.programs or not (self._folder / "dump").is_file():
            return False
        note(f"restoring it from {self._folder}")
        databases.create_empty(database)
        try:
            self._program(
                "pg_restore",
                "--no-owner",
                "--exit-on-error",
                "--jobs=2",
                "--dbname",
                database,
                self._folder / "dump",
            )
        except SetupError:
            note("the copy in the cache is broken; installing instead")
            shutil.rmtree(self._folder)
            databases.drop(database)
            return False
        if (self._folder / "filestore").is_dir():
            shutil.copytree(self._folder / "filestore", filestore(database))
        return True

    def _program(self, program, *arguments):
        processes.quiet(
            [self._server.programs / program, *arguments],
            program,
            env={**os.environ, **self._server.environment},
        )


def filestore(database):
    return project.DATA_DIR / "filestore" / database


def addon_key():
    """Changes with any file of our addons that can change what a database holds."""
    digest = hashlib.sha256()
    for folder in project.addon_folders():
        for path in sorted(folder.rglob("*")):
            inside = path.relative_to(folder)
            if path.is_file() and not IGNORED_BY_KEY.intersection(inside.parts):
                digest.update(f"{folder.name}/{inside}\n".encode() + path.read_bytes())
    return digest.hexdigest()[:16]


def _digest(*parts):
    return hashlib.sha256("\n".join(parts).encode()).hexdigest()[:16]
