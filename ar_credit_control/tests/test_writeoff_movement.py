from contextlib import suppress
from datetime import timedelta

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from odoo.exceptions import UserError
from odoo.fields import Command
from odoo.tests import tagged

from .common_writeoff import WriteoffCase

PARTS = ("charge", "release", "used", "recovered", "exchange", "other")
# What happens, to which invoice, on which day before today, and a share of what is there.
EVENT = st.tuples(
    st.sampled_from(["run", "run", "write_off", "write_off", "recover", "cancel", "cancel_recovery"]),
    st.integers(0, 3),
    st.sampled_from([40, 25, 10, 3, 0]),
    st.sampled_from([0.1, 1 / 3, 0.5, 1.0]),
)


@tagged("post_install", "-at_install")
class TestWriteoffMovement(WriteoffCase):
    """Runs, write-offs and recoveries in any order: the movement table closes, account by account, and tells
    of each part what the records say."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.other_allowance, cls.other_charge, cls.other_receivable = cls.env["account.account"].create(
            [
                {"name": "Loss allowance, projects", "code": "129902", "account_type": "asset_current"},
                {"name": "Impairment, projects", "code": "699903", "account_type": "expense"},
                {
                    "name": "Receivables, projects",
                    "code": "121902",
                    "account_type": "asset_receivable",
                    "reconcile": True,
                },
            ]
        )
        cls.policy.account_map_ids = [
            Command.create(
                {
                    "account_id": cls.other_receivable.id,
                    "allowance_account_id": cls.other_allowance.id,
                    "expense_account_id": cls.other_charge.id,
                }
            )
        ]
        cls.projects = cls.make_partner("Projects", property_account_receivable_id=cls.other_receivable.id)
        cls.currency = cls.setup_other_currency("JPY", rates=[("2000-01-01", 7.3)])

    def day(self, days):
        return self.today - timedelta(days=days)

    def happen(self, kind, number, days, share, invoices):
        invoice, day = invoices[number], self.day(days)
        writeoffs = self.env["ar.writeoff"].search([("line_ids.move_id", "=", invoice.id)])
        if kind == "run":
            self.make_run(day)
        elif kind == "write_off":
            part = invoice.currency_id.round(invoice.amount_residual * share)
            if part:
                self.write_off(invoice, amounts={invoice: part}, date=day)
        elif kind == "recover":
            for line in writeoffs.line_ids.filtered("amount_left")[:1]:
                part = line.currency_id.round(line.amount_left * share)
                if part:
                    self.recover(line, part, date=day)
        elif kind == "cancel":
            writeoffs.filtered(lambda one: one.state == "posted")[:1].with_user(
                self.controller
            ).action_cancel("Generated")
        else:
            live = writeoffs.recovery_ids.filtered(lambda recovery: not recovery.is_cancelled)
            live[:1].with_user(self.controller).action_cancel()

    def held(self, account, date):
        return self.allowance_at(date, account)

    def check(self, date_from, date_to):
        report = (
            self.env["ar.provision.movement.report"]
            .with_user(self.auditor)
            .create({"company_id": self.company.id, "date_from": date_from, "date_to": date_to})
        )
        self.assertAlmostEqual(report.difference, 0, 2)
        for line in report.line_ids:
            self.assertAlmostEqual(line.opening + sum(line[part] for part in PARTS), line.closing, 2)
            self.assertAlmostEqual(line.other, 0, 2, "every part is explained")
        for account in (self.allowance, self.other_allowance):
            rows = report.line_ids.filtered(lambda line, account=account: line.account_id == account)
            before = self.held(account, date_from - timedelta(days=1))
            self.assertAlmostEqual(sum(rows.mapped("opening")), before, 2)
            self.assertAlmostEqual(sum(rows.mapped("closing")), self.held(account, date_to), 2)
        return report

    @settings(max_examples=4, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))
    @given(st.lists(EVENT, min_size=4, max_size=7), st.sampled_from([30, 10, 3]))
    def test_any_order(self, events, cut):
        with self.env.cr.savepoint() as savepoint:
            invoices = [
                self.make_invoice(1_000.01, 100),
                self.make_invoice(333.33, 70),
                self.make_invoice(777.77, 95, partner_id=self.projects.id),
                self.make_invoice(90_001, 60, currency_id=self.currency.id),
            ]
            self.make_run(self.day(45))
            for event in events:
                # Before a posted run, or with nothing there to recover or to undo.
                with suppress(UserError), self.env.cr.savepoint():
                    self.happen(*event, invoices)
                self.env.invalidate_all()
            self.check(self.day(300), self.day(cut))
            self.check(self.day(cut - 1), self.today)
            whole = self.check(self.day(300), self.today)
            writeoffs = self.env["ar.writeoff"].search([("company_id", "=", self.company.id)])
            posted = writeoffs.filtered(lambda writeoff: writeoff.state == "posted")
            live = posted.recovery_ids.filtered(lambda recovery: not recovery.is_cancelled)
            self.assertAlmostEqual(
                -sum(whole.line_ids.mapped("used")), sum(posted.mapped("amount_provided")), 2
            )
            self.assertAlmostEqual(
                sum(whole.line_ids.mapped("recovered")), sum(live.mapped("amount_provided")), 2
            )
            savepoint.rollback()
        self.env.invalidate_all()

    def test_uses_and_restores_the_account_of_its_receivable(self):
        invoice = self.make_invoice(1_000, 100, partner_id=self.projects.id)
        self.make_run()
        self.assertEqual((self.allowance_at(), self.held(self.other_allowance, self.today)), (0, 106))
        line = self.write_off(invoice).line_ids
        self.assertEqual(self.held(self.other_allowance, self.today), 0)
        self.recover(line, 500)
        self.assertEqual((self.allowance_at(), self.held(self.other_allowance, self.today)), (0, 53))
        self.check(self.day(30), self.today)
