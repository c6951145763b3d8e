"""Serve the demo database, with its scheduled work, and say what to do there."""

import argparse
import socket
import sys
import time
import urllib.error
import urllib.request
from contextlib import closing, contextmanager

from tools import locks, odoo_env, processes, project
from tools.console import SetupError, note, seconds, step

DEFAULT_PORT = 8069
LOG = project.LOGS / "demo.log"

# Login, what the person does. The password is the login; the users come with the addon's demo data.
LOGINS = (
    ("sam", "salesperson: quotes, sees whether an order will pass"),
    ("cora", "collector: calls and reminds"),
    ("connie", "credit controller: releases or refuses held orders"),
    ("mona", "credit manager: decides limits, ratings and policies"),
    ("wade", "warehouse: hands over goods, unless they are on credit hold"),
    ("aud", "auditor: reads everything, changes nothing"),
    ("admin", "administrator and accountant"),
)
TO_TRY = (
    "As sam, open Sales > Orders > Quotations and confirm one of a customer over the limit: it is held.",
    "As connie, open Credit Control > Credit > Held Orders: read the figures and release one with a reason.",
    "As mona, open Credit Control > Receivables > Ageing: choose a date, open the items behind a figure.",
)


def run(arguments, databases):
    options = _parse(arguments)
    _check_port(options.port)
    database = databases.ensure_demo(fresh=options.fresh)
    _set_address(databases, database, options.port)
    with locks.exclusive(project.LOCKS / f"demo-{options.port}", "the demo"), _mail_catcher() as mail_port:
        command = odoo_env.command(
            database,
            http_port=options.port,
            dbfilter=f"^{database}$",
            max_cron_threads=1,
            smtp_server="127.0.0.1",
            smtp_port=mail_port,
            email_from="demo@example.com",
        )
        step(f"Starting Odoo; its log is {LOG}")
        with (
            open(LOG, "w") as log,
            processes.child(command, stdout=log, stderr=log, cwd=project.ROOT) as odoo,
        ):
            _wait_until_it_answers(odoo, options.port)
            _say_what_to_do(options.port)
            try:
                code = odoo.wait()
            except KeyboardInterrupt:
                step("Stopping Odoo and all that was started for it")
                return 0
            raise SetupError(f"Odoo ended by itself with code {code}:\n{processes.tail(LOG)}")


def _parse(arguments):
    parser = argparse.ArgumentParser(prog="make demo")
    parser.add_argument("--port", type=int, default=DEFAULT_PORT)
    parser.add_argument("--fresh", action="store_true", help="make the demo database anew")
    return parser.parse_args(arguments)


def _check_port(port):
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            raise SetupError(
                f"port {port} is taken, perhaps by a demo already running. Try make demo PORT={port + 1}"
            ) from None


def _set_address(databases, database, port):
    """Links in mails, and the pages that wkhtmltopdf prints from, lead to the port that is served now."""
    with closing(databases.connect(database)) as connection, connection, connection.cursor() as cursor:
        cursor.execute(
            """
            INSERT INTO ir_config_parameter (key, value)
            VALUES ('web.base.url', %(url)s), ('report.url', %(url)s)
            ON CONFLICT (key) DO UPDATE SET value = EXCLUDED.value
        """,
            {"url": f"http://127.0.0.1:{port}"},
        )


@contextmanager
def _mail_catcher():
    """No mail leaves the machine: Odoo's goes to a server of ours, which keeps it as files."""
    project.MAIL.mkdir(parents=True, exist_ok=True)
    with processes.child(
        [sys.executable, "-m", "tools.mail_catcher", project.MAIL],
        stdout=-1,
        text=True,
        cwd=project.ROOT,
    ) as catcher:
        port = catcher.stdout.readline().strip()
        if not port:
            raise SetupError("the catcher of outgoing mail did not start")
        yield int(port)


def _wait_until_it_answers(odoo, port):
    started = time.monotonic()
    while time.monotonic() - started < 180:
        if odoo.poll() is not None:
            raise SetupError(f"Odoo did not start:\n{processes.tail(LOG)}")
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{port}/web/login", timeout=60):
                note(f"ready after {seconds(time.monotonic() - started)}")
                return
        except (urllib.error.URLError, ConnectionError, TimeoutError):
            time.sleep(0.3)
    raise SetupError(f"Odoo does not answer; its log is {LOG}")


def _say_what_to_do(port):
    width = max(len(login) for login, _role in LOGINS)
    lines = [
        "",
        f"Odoo is at http://127.0.0.1:{port}",
        "",
        "Log in as (the password is the same word):",
        *(f"  {login.ljust(width)}  {role}" for login, role in LOGINS),
        "",
        "Three things to try:",
        *(f"  {number}. {text}" for number, text in enumerate(TO_TRY, start=1)),
        "",
        f"Mail that Odoo sends goes nowhere: it is kept in {project.MAIL}.",
        "Ctrl-C stops everything.",
    ]
    print("\n".join(lines), flush=True)
