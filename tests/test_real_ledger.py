"""The real ledger, loaded by the command that people use, aged on many days and compared with its file.

Loading takes a minute or two, so the loaded database is kept as a template and in the cache, known by the
loader, the file and Odoo. The addon is installed on a copy of it: on a company at work for years. That copy
is only read, so it is kept, too, until the addon is another one.
"""

import csv
import datetime
import hashlib
import json
import os
import subprocess
import unittest

import ledger_figures

from tools import locks, odoo_env, processes, project
from tools.setup.databases import Store, addon_key

CSV = project.ROOT.parent / "shared" / "data" / "ibm_late_payment_histories.csv"
COLUMNS = {
    "customer": "customerID",
    "invoiced": "InvoiceDate",
    "due": "DueDate",
    "amount": "InvoiceAmount",
    "settled": "SettledDate",
}
READ = """
import json
figures, by = {}, ["partner_id", "bucket_id"]
for as_of in %s:
    report = env["ar.aging.report"].with_context(ar_as_of=as_of)
    groups = report._read_group([("partner_id.ref", "!=", False)], by, ["amount:sum"])
    figures[as_of] = [
        [partner.ref, max(bucket.day_from, 0), round(amount * 100)] for partner, bucket, amount in groups
    ]
print("FIGURES" + json.dumps(figures))
"""


class RealLedgerTest(unittest.TestCase):
    # Not a skipped test but none at all where the file is not there, or without `make test` and its server.
    __test__ = CSV.is_file() and "AR_POSTGRES_PRIVATE" in os.environ

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.databases = odoo_env.databases()
        cls.database = cls.databases.name("ledger_addon")
        with locks.exclusive(project.LOCKS / "ledger.lock", "the database with the real ledger"):
            loaded = cls._loaded()
            key = f"{cls.databases.key_of(loaded)} {addon_key()}"
            if cls.databases.key_of(cls.database) != key:
                cls.databases.copy(loaded, cls.database)
                cls.databases.run_odoo(cls.database, "Installing the addon", "-i", project.ADDON)
                cls.databases.finish(cls.database, key)

    @classmethod
    def _loaded(cls):
        """The database of Odoo alone with the ledger in it; loaded when it is not there yet."""
        database, base = cls.databases.name("ledger"), cls.databases.ensure_base()
        key = cls._key(base)
        if cls.databases.key_of(database) != key:
            store = Store(cls.databases.server, "ledger", key)
            cls.databases.drop(database)
            if not store.restore(cls.databases, database):
                cls.databases.copy(base, database)
                output = cls._run("tools.ledger", CSV, "--database", database).splitlines()
                if not output[-1].startswith("2,466 invoices over 147,703.18 USD and 2,466 receipts loaded"):
                    raise AssertionError("\n".join(output))
                store.keep(database)
            cls.databases.finish(database, key, template=True)
        return database

    @classmethod
    def _key(cls, base):
        digest = hashlib.sha256(f"{cls.databases.key_of(base)}\n".encode())
        for path in [CSV, *sorted((project.ROOT / "tools" / "ledger").glob("*.py"))]:
            digest.update(path.read_bytes())
        return digest.hexdigest()[:16]

    @staticmethod
    def _run(module, *arguments, **options):
        command = processes.as_module(module, *map(str, arguments))
        result = subprocess.run(
            command, cwd=project.ROOT, stdout=subprocess.PIPE, text=True, check=True, **options
        )
        return result.stdout

    def test_ageing_equals_the_file_at_every_date(self):
        """One environment reads a date a month over the two years, forwards and then back."""
        ledger = ledger_figures.rows(CSV, COLUMNS)
        first = datetime.date(2012, 1, 1)
        dates = [first + datetime.timedelta(days=31 * number) for number in range(25)]
        dates = dates[::2] + dates[1::2][::-1]
        figures = self._read([day.isoformat() for day in dates])
        for as_of in dates:
            with self.subTest(as_of=as_of):
                ours = {
                    (ref, first_day): cents for ref, first_day, cents in figures[as_of.isoformat()] if cents
                }
                self.assertEqual(ours, ledger_figures.ageing(ledger, as_of))
        self.assertGreater(len(figures["2013-01-07"]), 30, "the dates compared are not all empty")

    def _read(self, dates):
        configuration = self.databases.configuration(self.database, db_name=self.database)
        command = ["shell", "--no-http", "--config", str(configuration), "--database", self.database]
        output = self._run("odoo", *command, "--log-level", "error", input=READ % json.dumps(dates))
        (line,) = [line for line in output.splitlines() if "FIGURES" in line]
        return json.loads(line.partition("FIGURES")[2])

    def test_the_file_is_the_one_described(self):
        """A changed file would be compared with itself and still agree: hold on to what is known of it."""
        with open(CSV, newline="", encoding="utf-8") as source:
            rows = list(csv.DictReader(source))
        self.assertEqual(len({row["customerID"] for row in rows}), 100)
        self.assertEqual(sum(ledger_figures.cents(row["InvoiceAmount"]) for row in rows), 14770318)
