from odoo import fields
from odoo.exceptions import AccessError, UserError
from odoo.fields import Command
from odoo.service.model import call_kw
from odoo.tests import tagged

from .common_cash import CashCase


@tagged("post_install", "-at_install")
class TestCashAttack(CashCase):
    """What people try who may not, and money of which it is easily forgotten where it stands."""

    def application(self):
        self.env.invalidate_all()
        return self.env["ar.cash.application"].search([("partner_id", "=", self.customer.id)])

    # Hints in the context of a request

    def test_defaults_of_a_request_reach_no_evidence(self):
        self.company.cash_approval_amount = 200
        invoice = self.due(250, 30)
        receipt = self.paid(250)
        forged = {
            "default_decided_by_id": self.accountant.id,
            "default_decided_date": "2020-01-01 00:00:00",
            "default_undone_by_id": self.accountant.id,
            "default_amount": 999,
        }
        receipt.with_user(self.controller).with_context(**forged).action_apply()
        request = self.application()
        self.assertEqual((request.state, request.amount_applied), ("proposed", 0))
        self.assertFalse(request.decided_by_id | request.undone_by_id)
        self.assertFalse(request.decided_date)
        request.with_user(self.accountant).with_context(**forged).action_approve()
        self.assertEqual((request.amount_applied, self.residual(invoice)), (250, 0))

    def test_options_of_core_do_not_change_the_matching(self):
        """Core leaves out the exchange difference when the context says so."""
        invoice = self.invoice(100, fields.Date.to_date("2025-04-01"), currency=self.foreign)
        entry = self.payment(100, fields.Date.to_date("2025-07-01"), currency=self.foreign)
        self.receipt_of(entry).with_user(self.controller).with_context(
            no_exchange_difference=True
        ).action_apply()
        self.assertEqual(self.residual(invoice, entry), 0)
        self.assertTrue(self.receivable(invoice).matched_credit_ids.exchange_move_id)

    def test_public_methods_by_rpc(self):
        self.due(250, 30)
        receipt = self.paid(250)
        receipt.with_user(self.collector).action_propose()
        request = self.application()
        other = self.paid(10)
        self.due(10, 5)
        nobody = self.make_user("cash-nobody", "base.group_user")
        for user in (self.seller, self.auditor, nobody):
            for record, method in (
                (other, "action_apply"),
                (other, "action_propose"),
                (request, "action_approve"),
                (request, "action_refuse"),
                (request, "action_withdraw"),
                (request, "action_undo"),
            ):
                with self.subTest(user=user.login, method=method), self.assertRaises(UserError):
                    call_kw(record.with_user(user).browse(), method, [record.ids], {})
        self.assertEqual((request.state, len(self.application())), ("proposed", 1))

    # The dialog

    def dialog(self, user, receipt, *items):
        lines = [Command.create({"item_id": item.id, "chosen": True}) for item in items]
        return self.env["ar.cash.apply"].with_user(user).create({"receipt_id": receipt.id, "line_ids": lines})

    def test_dialog_shows_no_receipt_or_item_of_another_company(self):
        data, company = self.second_company()
        payment = (
            self.env["account.payment"]
            .with_company(company)
            .create(
                {
                    "amount": 77,
                    "date": self.today,
                    "payment_type": "inbound",
                    "partner_type": "customer",
                    "partner_id": self.customer.id,
                    "journal_id": data["default_journal_bank"].id,
                }
            )
        )
        payment.action_post()
        foreign = self.receipts.sudo().search([("move_id", "=", payment.move_id.id)])
        refund = (
            self.env["account.payment"]
            .with_company(company)
            .create(
                {
                    "amount": 55,
                    "date": self.today,
                    "payment_type": "outbound",
                    "partner_type": "customer",
                    "partner_id": self.customer.id,
                    "journal_id": data["default_journal_bank"].id,
                }
            )
        )
        refund.action_post()
        item = self.env["ar.aging.report"].sudo().search([("move_id", "=", refund.move_id.id)])
        self.assertTrue(foreign and item)
        self.env.flush_all()
        for user in (self.collector, self.controller):
            wizard = self.dialog(user, foreign)
            wizard.invalidate_recordset()
            with self.subTest(user=user.login), self.assertRaises(AccessError):
                wizard.read(["amount", "text", "partner_id"])
            with self.subTest(user=user.login), self.assertRaises(AccessError):
                wizard.onchange({"receipt_id": foreign.id}, ["receipt_id"], {"receipt_id": {}, "amount": {}})
            line = self.dialog(user, self.paid(10), item).line_ids
            line.invalidate_recordset()
            with self.subTest(user=user.login), self.assertRaises(AccessError):
                line.read(["move_name", "amount_open"])

    def test_an_item_named_twice_is_paid_once(self):
        invoice = self.due(250, 30)
        receipt = self.paid(300)
        item = self.items(invoice)
        self.dialog(self.controller, receipt, item, item).action_apply()
        application = self.application()
        self.assertEqual((len(application.line_ids), application.amount_applied), (1, 250))

    def test_who_may_not_apply_sees_where_the_money_comes_from(self):
        receipt = self.paid(250)
        action = receipt.with_user(self.auditor).action_choose()
        self.assertEqual(action["res_model"], "account.payment")
        self.customer.user_id = self.seller
        self.env.flush_all()
        with self.assertRaises(UserError) as caught:
            receipt.with_user(self.seller).action_choose()
        self.assertNotIsInstance(caught.exception, AccessError)

    # Branches

    def test_a_branch_neither_sees_nor_pays_items_of_others(self):
        branch = self.env["res.company"].create({"name": "Branch", "parent_id": self.company.id})
        self.env.user.company_ids = [Command.link(branch.id)]
        invoice = self.due(250, 30)
        clerk = self.make_user("cash-branch", "ar_credit_control.group_credit_controller")
        clerk.write({"company_ids": [Command.set(branch.ids)], "company_id": branch.id})
        entry = self.entry(-250, self.today, self.customer, company=branch)
        receipt = self.receipts.sudo().search([("move_id", "=", entry.id)])
        mine = receipt.with_user(clerk).with_context(allowed_company_ids=branch.ids)
        self.assertEqual((mine.confidence, mine.item_names), ("none", ""))
        with self.assertRaises(UserError):
            mine.action_apply()
        both = self.env.user.company_ids & (self.company | branch)
        self.controller.company_ids = both
        whole = receipt.with_user(self.controller).with_context(allowed_company_ids=both.ids)
        self.assertEqual((whole.confidence, whole.item_names), ("high", invoice.name))
        whole.action_propose()
        request = self.application().with_user(clerk).with_context(allowed_company_ids=branch.ids)
        self.assertEqual(request.company_id, branch)
        with self.assertRaises(AccessError):
            request.action_approve()
        self.assertEqual(self.residual(invoice), 250)

    # Money of which it is easily forgotten where it stands

    def test_undone_bank_line_of_a_payment_comes_back(self):
        payment = self.payment(250, self.today).origin_payment_id
        line = self.bank_line(250)
        row = self.line_row(line)
        row.with_user(self.controller).action_apply()
        self.assertTrue(payment.is_matched)
        self.application().with_user(self.controller).action_undo()
        self.env.invalidate_all()
        self.assertFalse(payment.is_matched)
        self.assertFalse(line.is_reconciled)
        again = self.line_row(line)
        self.assertEqual((again, again.rule, again.can_apply), (row, "payment", True))
        again.with_user(self.controller).action_apply()
        self.assertTrue(payment.is_matched)

    def test_money_paid_back_online_is_no_receipt(self):
        provider = (
            self.env["payment.provider"].sudo().search([], limit=1).copy({"company_id": self.company.id})
        )
        method = self.env["payment.method"].sudo().with_context(active_test=False).search([], limit=1)
        transaction = (
            self.env["payment.transaction"]
            .sudo()
            .create(
                {
                    "provider_id": provider.id,
                    "payment_method_id": method.id,
                    "amount": -40,
                    "operation": "refund",
                    "currency_id": self.company.currency_id.id,
                    "partner_id": self.customer.id,
                    "reference": "cash-back",
                    "state": "done",
                    "company_id": self.company.id,
                }
            )
        )
        self.assertFalse(self.receipts.search([("transaction_id", "=", transaction.id)]))
        transaction.write({"operation": "online_direct", "amount": 40})
        self.env.flush_all()
        self.env.cr.execute(
            "UPDATE payment_transaction SET create_date = '2026-03-01 23:30:00' WHERE id = %s",
            (transaction.id,),
        )
        row = self.receipts.search([("transaction_id", "=", transaction.id)])
        for timezone, day in (("UTC", "2026-03-01"), ("Asia/Shanghai", "2026-03-02")):
            self.env.invalidate_all()
            self.assertEqual(str(row.with_context(tz=timezone).date), day)

    def test_money_paid_back_is_no_item(self):
        self.payment(80, self.today, outbound=True)
        receipt = self.paid(80)
        self.assertEqual((receipt.confidence, receipt.item_names), ("none", ""))

    def test_receipt_of_a_contact_pays_items_of_the_company(self):
        invoice = self.due(250, 30)
        receipt = self.paid(250, partner=self.contact)
        line = self.line_row(self.bank_line(70, invoice.name, partner=self.contact))
        self.assertEqual((receipt.partner_id, line.partner_id), (self.customer, self.customer))
        (receipt | line).with_user(self.controller).action_apply()
        self.assertEqual(self.residual(invoice), 0)

    def test_closed_period(self):
        """Matching changes no entry of it; a bank line of it stays where it was booked."""
        invoice = self.due(250, 50)
        payment = self.payment(70, self.day(-40)).origin_payment_id
        line = self.bank_line(70, days=40)
        self.line_row(line).with_user(self.controller).action_apply()
        receipt = self.paid(250, days=40)
        self.company.fiscalyear_lock_date = self.day(-35)
        with self.assertRaises(UserError), self.env.cr.savepoint():
            self.application().with_user(self.controller).action_undo()
        self.env.invalidate_all()
        self.assertEqual((self.application().state, payment.is_matched), ("applied", True))
        receipt.with_user(self.controller).action_apply()
        self.assertEqual(self.residual(invoice), 0)

    def test_search_is_bounded(self):
        """One statement finds by how sure a proposal is, whatever the length of the queue."""

        def cost():
            self.env.invalidate_all()
            receipts = self.receipts.with_user(self.controller)
            start = self.env.cr.sql_log_count
            found = receipts.search([("confidence", "in", ["high"]), ("partner_id", "=", self.customer.id)])
            return self.env.cr.sql_log_count - start, len(found)

        self.due(250, 30)
        self.paid(250)
        cost()
        few = cost()
        for amount in range(8):
            self.due(10 + amount, 5)
            self.paid(10 + amount)
        self.paid(7)
        cost()
        many = cost()
        self.assertEqual((few[1], many[1]), (1, 9))
        self.assertEqual(many[0], few[0])
        self.assertLessEqual(many[0], 6)

    def test_found_as_shown(self):
        """The filters find what the rows say, the users's own rows only."""
        self.due(250, 30)
        self.due(70, 20)
        self.due(60, 10)
        receipts = self.paid(250) | self.paid(130) | self.paid(31)
        receipts |= self.paid(5, partner=self.env["res.partner"].create({"name": "Owes nothing"}))
        receipts |= self.line_row(self.bank_line(60))
        self.payment(44, self.today)
        receipts |= self.line_row(self.bank_line(44))
        for user in (self.controller, self.auditor, self.seller):
            rows = self.receipts.with_user(user)
            mine = rows.search([("id", "in", receipts.ids)])
            for confidence in ("high", "medium", "low", "none"):
                with self.subTest(user=user.login, confidence=confidence):
                    self.assertEqual(
                        rows.search([("id", "in", receipts.ids), ("confidence", "=", confidence)]),
                        mine.filtered(lambda row: row.confidence == confidence),  # noqa: B023
                    )
