"""Provisions on charts of accounts that live companies use: China's two, and a German one.

The charts are addons of Odoo that nothing else here needs, so they are installed on a copy of the database
with the addon. It is only read, and kept until the addon is another one.
"""

import json
import os
import subprocess
import unittest

from tools import locks, odoo_env, processes, project

CHARTS = "l10n_cn,l10n_de"
SCRIPT = """
import json
from datetime import timedelta
from odoo.exceptions import UserError
from odoo.fields import Command

def cents(amount):
    return round(amount * 100)

def make_company(chart, country):
    # Else Odoo would install all that it has for the country.
    companies = env["res.company"].with_context(install_mode=True)
    company = companies.create({"name": chart, "country_id": env.ref("base." + country).id})
    company = company.with_env(env)
    env["account.chart.template"].try_loading(chart, company=company, install_demo=False)
    return company

def make_users(company):
    return env["res.users"].create([
        {"name": role, "login": f"{role} {company.name}", "company_id": company.id,
         "company_ids": [Command.set(company.ids)],
         "group_ids": [Command.set(env.ref("ar_credit_control.group_credit_" + role).ids)]}
        for role in ("controller", "manager")
    ])

def decide(record, controller, manager):
    record.with_user(controller).action_submit()
    record.with_user(manager).action_approve()

def measure(chart, country, preset):
    company = make_company(chart, country)
    controller, manager = make_users(company)
    here = env(context={"allowed_company_ids": company.ids, "tracking_disable": True})
    today = company._credit_today()
    customer = here["res.partner"].create({"name": "Customer", "is_company": True})
    for amount, age in AMOUNTS:
        day = today - timedelta(days=age)
        here["account.move"].create({
            "move_type": "out_invoice", "partner_id": customer.id, "invoice_date": day, "date": day,
            "invoice_payment_term_id": False, "invoice_date_due": day,
            "invoice_line_ids": [
                Command.create({"name": "Goods", "price_unit": amount, "tax_ids": [Command.clear()]})],
        }).action_post()
    policy = here["ar.provision.policy"].with_user(manager)._create_from_preset(company, preset)
    policy.active = True
    policy.matrix_ids.with_env(here).date_from = "2000-01-01"
    decide(policy.matrix_ids, controller, manager)
    run = here["ar.provision.run"].with_user(controller).create({"date": today, "company_id": company.id})
    run.action_compute()
    decide(run, controller, manager)
    refused = None
    try:
        with env.cr.savepoint():
            run.with_user(controller).action_post()
    except UserError as problem:
        refused = str(problem)
    run = run.sudo()
    return {
        "gross": cents(run.gross),
        "amount": cents(run.amount),
        "cells": sorted([cell.bucket_age, cents(cell.gross), cents(cell.amount)] for cell in run.cell_ids),
        "entry": sorted([line.account_id.code, cents(line.balance)] for line in run.move_ids.line_ids),
        "state": run.state,
        "refused": refused,
    }

figures = [measure(*case) for case in CASES]
env.cr.rollback()
print("FIGURES" + json.dumps(figures))
"""
# Amounts with the days of age of their invoices, which are due at once.
AMOUNTS = ((1000, 10), (500, 400), (200, 800), (80, 2200))
IN_YEARS = [[0, 100000, 5000], [1, 50000, 5000], [2, 20000, 6000], [5, 8000, 8000]]


class ChartsTest(unittest.TestCase):
    __test__ = "AR_POSTGRES_PRIVATE" in os.environ  # the database server of make test

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        databases = odoo_env.databases()
        cls.database = databases.name("charts")
        with locks.exclusive(project.LOCKS / "charts.lock", "the database with charts of accounts"):
            addon = databases.ensure_addon()
            key = f"{databases.key_of(addon)} {CHARTS}"
            if databases.key_of(cls.database) != key:
                databases.copy(addon, cls.database)
                databases.run_odoo(cls.database, "Installing charts of accounts", "-i", CHARTS)
                databases.finish(cls.database, key)
        cls.large, cls.small, cls.german = cls.measure(
            ("cn_large_bis", "cn", "cas22"), ("cn", "cn", "cn_small"), ("de_skr03", "de", "ifrs9")
        )

    @classmethod
    def measure(cls, *cases):
        given = f"AMOUNTS = {AMOUNTS!r}\nCASES = {cases!r}\n"
        configuration = odoo_env.databases().configuration(cls.database, db_name=cls.database)
        command = ["shell", "--no-http", "--config", str(configuration), "--database", cls.database]
        result = subprocess.run(
            processes.as_module("odoo", *command, "--log-level", "error"),
            cwd=project.ROOT,
            stdout=subprocess.PIPE,
            text=True,
            check=True,
            input=given + SCRIPT,
        )
        (line,) = [line for line in result.stdout.splitlines() if "FIGURES" in line]
        return json.loads(line.partition("FIGURES")[2])

    def test_china(self):
        """CAS 22: age in years from the invoice, 1231 bad debt allowance against 6721 credit impairment."""
        self.assertEqual((self.large["gross"], self.large["cells"]), (178000, IN_YEARS))
        self.assertEqual((self.large["state"], self.large["amount"]), ("posted", 24000))
        self.assertEqual(self.large["entry"], [["123100", -24000], ["672100", 24000]])

    def test_small_enterprises_in_china_see_the_loss_and_book_no_allowance(self):
        self.assertEqual((self.small["cells"], self.small["amount"]), (IN_YEARS, 24000))
        self.assertEqual((self.small["state"], self.small["entry"]), ("approved", []))
        self.assertIn("book no allowance", self.small["refused"])

    def test_germany(self):
        """IFRS 9 by days past due: SKR03 0998 against 2451."""
        self.assertEqual(
            self.german["cells"],
            [[1, 100000, 2000], [366, 78000, 78000]],
        )
        self.assertEqual((self.german["state"], self.german["refused"]), ("posted", None))
        self.assertEqual(self.german["entry"], [["0998", -80000], ["2451", 80000]])

    def test_presets(self):
        """Tests of the presets that need the charts: all pass, none is skipped."""
        configuration = odoo_env.databases().configuration(self.database, db_name=self.database)
        options = ["-q", "-p", "no:cacheprovider", f"--odoo-config={configuration}"]
        result = subprocess.run(
            processes.as_module("pytest", *options, "tests/chart_presets.py"),
            cwd=project.ROOT,
            env={**os.environ, "PYTHONWARNINGS": "ignore"},
            capture_output=True,
            text=True,
        )
        self.assertEqual(result.returncode, 0, result.stdout[-5000:] + result.stderr[-2000:])
        self.assertRegex(result.stdout, r"\b6 passed")
        self.assertNotIn("skipped", result.stdout)
