"""The real ledger, loaded by the command that people use, aged on many days and compared with its file.

Loading takes a minute or two, so the loaded database is kept as a template and in the cache, known by the
loader, the file and Odoo. The addon is installed on a copy of it: on a company at work for years. That copy
is only read, so it is kept, too, until the addon is another one.
"""

import collections
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
ITEM_COLUMNS = {
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
# First days of the buckets whose roll rates are compared, and the last month of the two years.
ROLL_DAYS = (0, 1, 11, 31)
ROLL_MONTHS, ROLL_TO = 24, "2013-12-31"
ROLL_RATES = """
import json
from odoo.fields import Command
company = env.ref("base.main_company")
env["ar.provision.policy"].search([("company_id", "=", company.id)]).active = False
env.flush_all()
policy = env["ar.provision.policy"].create({
    "name": "Rolls", "company_id": company.id,
    "bucket_ids": [Command.create({"name": str(day), "age_from": day}) for day in DAYS],
})
derivation = env["ar.provision.derivation"].create({"policy_id": policy.id, "date_to": TO, "months": MONTHS})
derivation.action_compute()
print("FIGURES" + json.dumps({
    "rows": [
        [row.bucket_age, row.month.isoformat(), *(round(row[name] * 100) for name in
         ("entered", "paid", "rolled", "credited", "written_off"))] for row in derivation.row_ids
    ],
    "results": [[result.bucket_age, result.roll_rate, result.loss_rate]
                for result in derivation.result_ids.sorted("bucket_age")],
}))
"""
PROVISION = """
import json
from odoo.fields import Command
company = env.ref("base.main_company")
env = env(context={"allowed_company_ids": company.ids, "tracking_disable": True})
controller, manager = env["res.users"].create([
    {"name": role, "login": role, "company_id": company.id, "company_ids": [Command.set(company.ids)],
     "group_ids": [Command.set(env.ref("ar_credit_control.group_credit_" + role).ids)]}
    for role in ("controller", "manager")
])
allowance, charge = env["account.account"].create([
    {"name": name, "code": code, "account_type": kind}
    for name, code, kind in (("Allowance", "129901", "asset_current"), ("Impairment", "699901", "expense"))
])
env["ar.provision.policy"].search([("company_id", "=", company.id)]).active = False
env.flush_all()
policy = env["ar.provision.policy"].create({
    "name": "Real", "company_id": company.id, "standard": "ifrs9", "allowance_account_id": allowance.id,
    "expense_account_id": charge.id,
    "journal_id": env["account.journal"].search(
        [("type", "=", "general"), ("company_id", "=", company.id)], limit=1).id,
    "bucket_ids": [Command.create({"name": str(day), "age_from": day}) for day, _rate in RATES],
})
matrix = env["ar.provision.matrix"].create({
    "policy_id": policy.id, "date_from": "2000-01-01", "reason": "Typed in",
    "rate_ids": [Command.create({"bucket_id": bucket.id, "rate": rate}) for bucket, (_day, rate)
                 in zip(policy.bucket_ids.sorted("age_from"), RATES)],
})

def decide(record):
    record.with_user(controller).action_submit()
    record.with_user(manager).action_approve()

def cents(amount):
    return round(amount * 100)

def booked(day):
    domain = [("account_id", "=", allowance.id), ("parent_state", "=", "posted"), ("date", "<=", day)]
    return -cents(sum(env["account.move.line"].search(domain).mapped("balance")))

decide(matrix)
figures = {"runs": []}
for day in DAYS:
    run = env["ar.provision.run"].with_user(controller).create({"date": day, "company_id": company.id})
    run.action_compute()
    decide(run)
    run.action_post()
    run = run.sudo()
    figures["runs"].append({
        "gross": cents(run.gross), "amount": cents(run.amount), "change": cents(run.change),
        "lines": [[line.name, cents(line.gross), cents(line.amount)] for line in run.line_ids],
        "cells": [[cell.bucket_age, cell.item_count, cents(cell.gross), cents(cell.amount)]
                  for cell in run.cell_ids],
        "compared": {name: cents(run["compared_" + name]) for name in PARTS},
    })
figures["booked"] = [booked(day) for day in DAYS]
report = env["ar.provision.movement.report"].with_user(controller).create(
    {"company_id": company.id, "date_from": "2013-07-01", "date_to": DAYS[1]})
figures["movement"] = {name: cents(sum(report.line_ids.mapped(name))) for name in COLUMNS}
figures["movement"]["ledger"] = cents(report.ledger)
env.cr.rollback()
print("FIGURES" + json.dumps(figures))
"""
RUN_DAYS = ("2013-06-30", "2013-12-31")
RATES = ((0, 0.3), (1, 1.6), (31, 3.6), (61, 6.6), (91, 10.6))
PARTS = ("new", "gone", "moved", "gross_change", "rate_change", "cover_change", "exchange")
COLUMNS = ("opening", "charge", "release", "used", "recovered", "exchange", "other", "closing")


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
        ledger = ledger_figures.rows(CSV, ITEM_COLUMNS)
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
        return self._ask(READ % json.dumps(dates))

    def _ask(self, script):
        configuration = self.databases.configuration(self.database, db_name=self.database)
        command = ["shell", "--no-http", "--config", str(configuration), "--database", self.database]
        output = self._run("odoo", *command, "--log-level", "error", input=script)
        (line,) = [line for line in output.splitlines() if "FIGURES" in line]
        return json.loads(line.partition("FIGURES")[2])

    def test_provision_runs_and_the_movement_between_equal_the_file(self):
        """Two runs half a year apart, item by item from the file in integers."""
        given = {"RATES": RATES, "DAYS": RUN_DAYS, "PARTS": PARTS, "COLUMNS": COLUMNS}
        figures = self._ask("".join(f"{name} = {value!r}\n" for name, value in given.items()) + PROVISION)
        expected = [self._losses(datetime.date.fromisoformat(day)) for day in RUN_DAYS]
        for run, items in zip(figures["runs"], expected, strict=True):
            self.assertEqual(
                sorted(map(tuple, run["lines"])),
                sorted((number, gross, loss) for number, (_first, gross, loss) in items.items()),
            )
            self.assertEqual(run["gross"], sum(gross for _first, gross, _loss in items.values()))
            cells = collections.defaultdict(lambda: [0, 0, 0])
            for first, gross, loss in items.values():
                cells[first] = [old + new for old, new in zip(cells[first], (1, gross, loss), strict=True)]
            self.assertEqual({age: figures for age, *figures in run["cells"]}, cells)
        before, after = ({number: loss for number, (*_rest, loss) in items.items()} for items in expected)
        opening, closing = sum(before.values()), sum(after.values())
        self.assertEqual([run["amount"] for run in figures["runs"]], [opening, closing])
        self.assertEqual([run["change"] for run in figures["runs"]], [opening, closing - opening])
        self.assertEqual(figures["booked"], [opening, closing])
        compared = dict.fromkeys(PARTS, 0)
        compared["new"] = sum(loss for number, loss in after.items() if number not in before)
        compared["gone"] = -sum(loss for number, loss in before.items() if number not in after)
        compared["moved"] = sum(after[number] - before[number] for number in before.keys() & after.keys())
        self.assertEqual(figures["runs"][1]["compared"], compared)
        movement = dict.fromkeys(COLUMNS, 0) | {"opening": opening, "closing": closing, "ledger": closing}
        movement["charge" if closing > opening else "release"] = closing - opening
        self.assertEqual(figures["movement"], movement)
        self.assertGreater(opening, closing, "else half of this proves nothing")

    def test_roll_rates_by_month_equal_the_file(self):
        """Each invoice followed from bucket to bucket by its due date and the day on which it was paid."""
        given = {"DAYS": ROLL_DAYS, "TO": ROLL_TO, "MONTHS": ROLL_MONTHS}
        figures = self._ask("".join(f"{name} = {value!r}\n" for name, value in given.items()) + ROLL_RATES)
        months = self._rolls(datetime.date(2012, 1, 1), datetime.date.fromisoformat(ROLL_TO))
        self.assertEqual(
            {(age, month): rest for age, month, *rest in figures["rows"]},
            {key: [entered, paid, rolled, 0, 0] for key, (entered, paid, rolled) in months.items()},
        )
        loss = 100.0
        for age, roll_rate, loss_rate in reversed(figures["results"]):
            rows = [row for (own, _month), row in months.items() if own == age]
            entered, rolled = (sum(row[place] for row in rows) for place in (0, 2))
            expected = 100 if age == ROLL_DAYS[-1] else 100 * rolled / entered
            loss *= expected / 100
            self.assertAlmostEqual(roll_rate, expected, 3)
            self.assertAlmostEqual(loss_rate, loss, 3)
        self.assertTrue(0 < loss < 5, "some of these customers paid very late, but few")

    def _rolls(self, first, last):
        """{(first day of the bucket, month): [entered, paid, rolled]} in cents."""
        months = collections.defaultdict(lambda: [0, 0, 0])
        after = last + datetime.timedelta(days=1)
        for _customer, invoiced, due, amount, settled in ledger_figures.rows(CSV, ITEM_COLUMNS):
            paid_on = max(settled, invoiced)
            starts = [due + datetime.timedelta(days=day) for day in ROLL_DAYS]
            for age, begins, ends in zip(ROLL_DAYS, starts, [*starts[1:], None], strict=True):
                counted = ends or begins
                reached = age == 0 or paid_on >= begins
                if first <= counted <= last and reached:
                    paid = amount if paid_on < (ends or after) else 0
                    row = months[age, counted.replace(day=1).isoformat()]
                    for place, value in enumerate((amount, paid, amount - paid)):
                        row[place] += value
        return months

    def _losses(self, day):
        """{invoice: (first day of its bucket, open cents, cents of loss)}, half a cent away from zero."""
        items = {}
        with open(CSV, newline="", encoding="utf-8") as source:
            for row in csv.DictReader(source):
                invoiced, due, settled = (
                    ledger_figures.day(row[ITEM_COLUMNS[name]]) for name in ("invoiced", "due", "settled")
                )
                if not invoiced <= day < settled:
                    # money before its invoice would be a credit of its own: not at these days
                    assert not settled <= day < invoiced
                    continue
                gross = ledger_figures.cents(row["InvoiceAmount"])
                first, rate = [step for step in RATES if step[0] <= max((day - due).days, 0)][-1]
                per_mille = round(rate * 10)
                items[row["invoiceNumber"]] = (first, gross, (gross * per_mille + 500) // 1000)
        return items

    def test_the_file_is_the_one_described(self):
        """A changed file would be compared with itself and still agree: hold on to what is known of it."""
        with open(CSV, newline="", encoding="utf-8") as source:
            rows = list(csv.DictReader(source))
        self.assertEqual(len({row["customerID"] for row in rows}), 100)
        self.assertEqual(sum(ledger_figures.cents(row["InvoiceAmount"]) for row in rows), 14770318)
