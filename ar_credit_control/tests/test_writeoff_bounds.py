from datetime import timedelta

from odoo.exceptions import AccessError, UserError
from odoo.fields import Command
from odoo.tests import tagged

from .common_writeoff import WriteoffCase


@tagged("post_install", "-at_install")
class TestWriteoffBounds(WriteoffCase):
    """No income before money, no write-off under a posted run, no dead end, nothing provided that is lost."""

    def setUp(self):
        super().setUp()
        self.invoice = self.make_invoice(1_000, 100)

    # ------------------------------------------------------------------
    # Recoveries
    # ------------------------------------------------------------------

    def test_recovery_needs_a_receipt(self):
        line = self.write_off(self.invoice).line_ids
        with self.assertRaisesRegex(UserError, "receipt"):
            self.recoveries.with_user(self.controller)._recover(line.with_user(self.controller), 100)
        self.assertFalse(line.recovery_ids)

    def test_recovery_within_the_receipt(self):
        line = self.write_off(self.invoice).line_ids
        receipt = self.make_receipt(60)
        with self.assertRaisesRegex(UserError, "60.00"):
            self.recover(line, 60.01, receipt)
        self.recover(line, 40, receipt)
        with self.assertRaisesRegex(UserError, "20.00"):
            self.recover(line, 20.01, receipt)
        self.recover(line, 20, receipt)
        self.assertEqual(set(line.recovery_ids.mapped("state")), {"paid"})
        self.assertEqual((receipt.amount_residual, line.amount_recovered), (0, 60))

    def test_recovery_in_currency_of_the_receipt(self):
        currency = self.setup_other_currency("EUR", rates=[("2000-01-01", 3.0)])
        invoice = self.make_invoice(300, 100, currency_id=currency.id)
        line = self.write_off(invoice).line_ids
        self.assertEqual((line.amount, line.amount_company), (300, 100))
        receipt = self.make_receipt(60)
        with self.assertRaisesRegex(UserError, "180.00"):
            self.recover(line, 180.03, receipt)
        recovery = self.recover(line, 180, receipt)
        self.assertEqual((recovery.state, recovery.amount_company), ("paid", 60))
        self.assertEqual(receipt.amount_residual, 0)
        home = self.write_off(self.invoice).line_ids
        foreign = self.make_receipt(30, currency_id=currency.id)
        with self.assertRaisesRegex(UserError, "10.00"):
            self.recover(home, 10.01, foreign)
        self.assertEqual(self.recover(home, 10, foreign).state, "paid")

    def test_recovery_not_before_its_receipt(self):
        line = self.write_off(self.invoice, date=self.today - timedelta(days=20)).line_ids
        with self.assertRaisesRegex(UserError, "receipt"):
            self.recover(line, 60, self.make_receipt(60), date=self.today - timedelta(days=1))

    def test_dialog_proposes_what_the_receipt_pays(self):
        currency = self.setup_other_currency("EUR", rates=[("2000-01-01", 3.0)])
        line = self.write_off(self.make_invoice(300, 100, currency_id=currency.id)).line_ids
        receipt = self.make_receipt(60)
        self.env.flush_all()
        row = self.env["ar.cash.receipt"].search([("move_line_id", "=", receipt.id)])
        wizard = self.env["ar.writeoff.recover"].with_user(self.controller)
        action = row.with_user(self.controller).action_recover_writeoff()
        dialog = wizard.with_context(**action["context"]).create({})
        self.assertEqual((dialog.line_id, dialog.amount), (line, 180))
        dialog.action_recover()
        self.assertEqual(line.amount_recovered, 180)

    # ------------------------------------------------------------------
    # Posted runs
    # ------------------------------------------------------------------

    def test_not_under_a_run_that_holds_the_item(self):
        run = self.make_run()
        writeoff = self.ask(self.invoice, date=self.today - timedelta(days=10))
        self.assertEqual(writeoff.amount_provided, 0, "no run before it")
        with self.assertRaisesRegex(UserError, run.name):
            writeoff.with_user(self.collector).action_submit()
        writeoff.with_user(self.collector).date = run.date
        self.decide(writeoff)
        writeoff.with_user(self.controller).action_post()
        self.assertBooked(writeoff.with_env(self.env), provided=106, expense=894)

    def test_under_a_run_posted_meanwhile(self):
        writeoff = self.ask(self.invoice, date=self.today - timedelta(days=10))
        self.decide(writeoff)
        self.make_run()
        with self.assertRaisesRegex(UserError, "is posted at"):
            writeoff.with_user(self.controller).action_post()

    def test_under_a_run_without_the_item(self):
        self.pay(self.invoice)
        run = self.make_run()
        self.env["account.payment"].search([("partner_id", "=", self.customer.id)]).move_id.line_ids.filtered(
            lambda line: line.account_type == "asset_receivable"
        ).remove_move_reconcile()
        self.assertFalse(run.line_ids.filtered(lambda line: line.gross > 0))
        writeoff = self.write_off(
            self.invoice, date=self.today - timedelta(days=10), in_transit_ack="Of another debt"
        )
        self.assertEqual(writeoff.state, "posted")

    # ------------------------------------------------------------------
    # No dead end
    # ------------------------------------------------------------------

    def test_sent_back_after_the_period_closed(self):
        writeoff = self.ask(self.invoice, date=self.today - timedelta(days=10))
        self.decide(writeoff)
        self.company.fiscalyear_lock_date = self.today - timedelta(days=5)
        with self.assertRaisesRegex(UserError, "Send it back"):
            writeoff.with_user(self.controller).action_post()
        with self.assertRaises(AccessError):
            writeoff.with_user(self.collector).action_send_back("Closed")
        writeoff.with_user(self.controller).action_send_back("The period is closed")
        self.assertEqual(writeoff.state, "draft")
        self.assertIn("The period is closed", str(writeoff.message_ids[:1].body))
        writeoff.with_user(self.collector).date = self.today
        self.decide(writeoff)
        writeoff.with_user(self.controller).action_post()
        self.assertEqual((writeoff.state, self.invoice.amount_residual), ("posted", 0))

    # ------------------------------------------------------------------
    # What was provided
    # ------------------------------------------------------------------

    def test_provided_with_another_due_date(self):
        self.make_run()
        item = self.invoice.line_ids.filtered(lambda line: line.account_type == "asset_receivable")
        item.date_maturity -= timedelta(days=1)
        writeoff = self.write_off(self.invoice)
        self.assertBooked(writeoff, provided=106, expense=894)
        self.assertEqual(self.allowance_at(), 0)

    def test_provided_with_other_journal_items(self):
        term = self.env["account.payment.term"].create(
            {
                "name": "Two parts",
                "line_ids": [
                    Command.create({"value": "percent", "value_amount": 50, "nb_days": 0}),
                    Command.create({"value": "percent", "value_amount": 50, "nb_days": 50}),
                ],
            }
        )
        invoice = self.make_invoice(1_000, 100)
        other = self.make_invoice(1_000, 100)
        for move in (invoice, other):
            move.button_draft()
            move.invoice_payment_term_id = term
            move.action_post()
        self.make_run()
        provided = sum(self.env["ar.provision.line"].search([("move_id", "=", invoice.id)]).mapped("amount"))
        self.assertGreater(provided, 0)
        # One instalment in place of two.
        invoice.button_draft()
        invoice.invoice_payment_term_id = self.env.ref("account.account_payment_term_immediate")
        invoice.action_post()
        half = self.write_off(invoice, amounts={invoice: 500})
        self.assertBooked(half, provided=self.company.currency_id.round(provided / 2))
        self.assertBooked(self.write_off(invoice), provided=provided / 2)
        # The due date of one of two instalments: nothing is used twice.
        item = other.line_ids.filtered(lambda line: line.account_type == "asset_receivable").sorted(
            "date_maturity"
        )[0]
        item.date_maturity -= timedelta(days=3)
        self.assertBooked(self.write_off(other), provided=provided)

    # ------------------------------------------------------------------
    # Allowance, authority, tax note
    # ------------------------------------------------------------------

    def test_overdrawn_allowance_is_said(self):
        self.make_run()
        self.assertEqual(self.ask(self.invoice).allowance_missing, 0, "no more than was provided")
        self.policy.writeoff_against = "allowance"
        writeoff = self.ask(self.invoice)
        self.assertEqual(writeoff.allowance_missing, 894)
        report = self.env["ar.provision.movement.report"].create({})
        self.assertFalse(report.overdrawn)
        self.decide(writeoff)
        writeoff.with_user(self.controller).action_post()
        report.action_show()
        self.assertEqual(report.closing, -894)
        self.assertEqual(report.overdrawn, self.allowance.display_name)
        self.assertIn("Overdrawn", report._render_html())

    def test_above_every_authority(self):
        self.env["ar.credit.authority"].sudo().create(
            {"user_id": self.manager.id, "company_id": self.company.id, "kind": "writeoff", "amount": 500}
        )
        writeoff = self.ask(self.invoice)
        for user in (self.collector, self.manager):
            text = writeoff.with_user(user).no_approver
            self.assertIn(self.manager.name, text)
            self.assertIn("500.00", text)
            self.assertIn("Configuration", text)
        writeoff.with_user(self.collector).action_submit()
        with self.assertRaisesRegex(AccessError, "above every authority"):
            writeoff.with_user(self.manager).action_approve()
        chief = self.make_user("credit_chief", "ar_credit_control.group_credit_manager")
        self.env["ar.credit.authority"].sudo().create(
            {"user_id": chief.id, "company_id": self.company.id, "kind": "writeoff", "unlimited": True}
        )
        self.env.invalidate_all()
        self.assertFalse(writeoff.no_approver)
        with self.assertRaisesRegex(AccessError, chief.name):
            writeoff.with_user(self.manager).action_approve()
        writeoff.with_user(chief).action_approve()

    def test_who_could_approve_prepared_it(self):
        self.env["ar.credit.authority"].sudo().create(
            {"user_id": self.manager.id, "company_id": self.company.id, "kind": "writeoff", "unlimited": True}
        )
        self.assertFalse(self.ask(self.invoice).no_approver)
        own = self.ask(self.make_invoice(10, 100), user=self.manager)
        self.assertIn("prepared it", own.no_approver)

    def test_papers_are_kept_since_2018(self):
        self.company.account_fiscal_country_id = self.env.ref("base.cn")
        writeoff = self.ask(self.make_invoice(1_000, 4 * 366))
        self.assertIn("2011-25", writeoff.deductible_note)
        self.assertIn("2018-15", writeoff.deductible_note)
