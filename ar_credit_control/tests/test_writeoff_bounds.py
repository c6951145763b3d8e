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

    def items(self, move):
        return move.line_ids.filtered(lambda item: item.account_type == "asset_receivable")

    def credit_by_hand(self, account, **values):
        """A posted entry that credits the customer with 60 on an account."""
        entry = self.env["account.move"].create(
            {
                "journal_id": self.company_data["default_journal_misc"].id,
                "date": self.today,
                "line_ids": [
                    Command.create(
                        {
                            "account_id": self.company_data[account].id,
                            "partner_id": self.customer.id,
                            "balance": -60,
                        }
                    ),
                    Command.create({"account_id": self.loss.id, "balance": 60}),
                ],
                **values,
            }
        )
        entry.action_post()
        return entry

    def test_request_of_nothing(self):
        self.env.flush_all()
        action = self.invoice.with_user(self.collector).action_request_writeoff()
        request = self.env["ar.writeoff.request"].with_user(self.collector).browse(action["res_id"])
        request.line_ids.amount = 0
        with self.assertRaisesRegex(UserError, "Enter what to write off"):
            request.action_save()

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

    def test_recovery_is_dated_between_the_write_off_and_today(self):
        writeoff = self.write_off(self.invoice, date=self.today - timedelta(days=5))
        receipt = self.make_receipt(60, date=self.today - timedelta(days=9))
        for date, words in (
            (self.today - timedelta(days=6), "before the write-off"),
            (self.today + timedelta(days=1), "future"),
        ):
            with self.assertRaisesRegex(UserError, words):
                self.recover(writeoff.line_ids, 60, receipt, date)
        recovery = self.recover(writeoff.line_ids, 60, receipt, self.today - timedelta(days=5))
        self.assertEqual(recovery.move_id.date, self.today - timedelta(days=5))

    def test_recovery_not_in_a_closed_period_nor_before_a_run(self):
        self.make_run(self.today - timedelta(days=20))
        line = self.write_off(self.invoice, date=self.today - timedelta(days=15)).line_ids
        self.assertTrue(line.amount_provided)
        receipt = self.make_receipt(60, date=self.today - timedelta(days=15))
        self.company.fiscalyear_lock_date = self.today - timedelta(days=12)
        with self.assertRaisesRegex(UserError, "closed period"):
            self.recover(line, 60, receipt, self.today - timedelta(days=13))
        run = self.make_run(self.today - timedelta(days=3))
        with self.assertRaisesRegex(UserError, run.name):
            self.recover(line, 60, receipt, self.today - timedelta(days=4))
        self.assertFalse(line.recovery_ids.move_id)
        self.assertTrue(self.recover(line, 60, receipt, run.date).move_id)

    def test_recovery_by_an_open_receipt_alone(self):
        line = self.write_off(self.invoice).line_ids
        receipt = self.make_receipt(60)
        draft = self.make_receipt(60)
        draft.move_id.button_draft()
        paid = self.make_receipt(70)
        (paid + self.items(self.make_invoice(70, 10))).reconcile()
        others = (
            self.credit_by_hand("default_account_payable").line_ids.filtered("partner_id"),  # what we owe
            draft,
            paid,
            self.items(self.make_invoice(60, 10)),
        )
        for other in others:
            with self.subTest(other=other.name), self.assertRaisesRegex(UserError, "Choose an open receipt"):
                self.recover(line, 10, other)
        branch = self.env["res.company"].create({"name": "Branch", "parent_id": self.company.id})
        self.env.user.company_ids += branch
        elsewhere = self.credit_by_hand("default_account_receivable", company_id=branch.id)
        with self.assertRaisesRegex(UserError, "Choose an open receipt"):
            self.recover(line, 10, self.items(elsewhere))
        self.assertEqual(self.recover(line, 10, receipt).state, "paid")

    def test_recovery_is_taken_back_by_who_posts(self):
        recovery = self.recover(self.write_off(self.invoice).line_ids, 60)
        for user in (self.collector, self.auditor):
            with self.assertRaises(AccessError):
                recovery.with_user(user).action_cancel()
        recovery.with_user(self.accountant).action_cancel()
        self.assertEqual(recovery.state, "cancelled")

    def test_income_of_a_recovery_is_that_of_its_segment(self):
        plan = self.env["account.analytic.plan"].create({"name": "Countries"})
        account = self.env["account.analytic.account"].create({"name": "Germany", "plan_id": plan.id})
        germany = self.env.ref("base.de")
        self.env["ar.provision.segment"].create(
            {
                "policy_id": self.policy.id,
                "name": "Germany",
                "country_ids": [Command.set(germany.ids)],
                "analytic_distribution": {str(account.id): 100},
            }
        )
        self.customer.country_id = germany
        self.make_run()
        writeoff = self.write_off(self.invoice)
        recovery = self.recover(writeoff.line_ids, 100)
        for move in writeoff.line_ids.entry_id + recovery.move_id:
            result = move.line_ids.filtered(lambda line: line.account_id == self.loss)
            self.assertEqual(result.mapped("analytic_distribution"), [{str(account.id): 100}])

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
