from odoo.exceptions import AccessError, UserError
from odoo.tests import Form, tagged

from .common_cash import CashCase


@tagged("post_install", "-at_install")
class TestCashPayer(CashCase):
    """Money whose customer nobody knows: it waits in the queue until somebody says who paid."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.payers = cls.env["ar.cash.payer"]

    def unknown(self, amount=300.0, text="Transfer", **values):
        return self.line_row(self.bank_line(amount, text, partner=self.env["res.partner"], **values))

    def dialog(self, receipt, user=None):
        action = receipt.with_user(user or self.controller).action_choose()
        self.assertEqual(action["res_model"], "ar.cash.payer")
        return Form(self.payers.with_user(user or self.controller).with_context(**action["context"]))

    def test_a_bank_line_of_nobody_waits_in_the_queue(self):
        receipt = self.unknown()
        self.assertEqual((receipt.kind, receipt.amount, receipt.confidence), ("bank_line", 300.0, "unknown"))
        self.assertFalse(receipt.partner_id)
        self.assertFalse(receipt.can_apply)
        self.assertIn("No customer", receipt.why)
        with self.assertRaises(UserError):
            receipt.with_user(self.controller).action_apply()

    def test_found_by_how_sure_it_is(self):
        unknown, hopeless = self.unknown(), self.paid(50)
        rows = self.receipts.search([("confidence", "in", ["unknown"])])
        self.assertIn(unknown, rows)
        self.assertNotIn(hopeless, rows)
        rows = self.receipts.search([("confidence", "in", ["none"])])
        self.assertIn(hopeless, rows)
        self.assertNotIn(unknown, rows)

    def test_money_that_leaves_does_not_wait(self):
        self.assertFalse(self.unknown(-300.0))

    def test_the_customer_is_set_and_the_line_applied(self):
        invoice = self.due(300, 20)
        receipt = self.unknown()
        dialog = self.dialog(receipt)
        self.assertFalse(dialog.partner_id)
        dialog.partner_id = self.customer
        dialog.save().action_confirm()
        line = receipt.statement_line_id
        self.assertEqual(line.partner_id, self.customer)
        self.assertEqual(line.line_ids.partner_id, self.customer)
        self.assertIn("cash-controller", line.move_id.message_ids[:1].body)
        receipt = self.line_row(line)
        self.assertEqual((receipt.partner_id, receipt.confidence), (self.customer, "high"))
        receipt.with_user(self.controller).action_apply()
        self.assertEqual(invoice.payment_state, "paid")

    def test_the_customer_of_a_number_is_proposed(self):
        invoice = self.due(300, 20)
        self.assertEqual(
            self.dialog(self.unknown(text=f"Rg. {invoice.name}, danke")).partner_id, self.customer
        )
        self.assertFalse(self.dialog(self.unknown(text="Rg. 99999/2020")).partner_id)

    def test_the_customer_of_a_name_is_proposed_if_there_is_one(self):
        self.customer.name = "Only 100% Ltd"
        receipt = self.unknown(partner_name="only 100% ltd")
        self.assertEqual(self.dialog(receipt).partner_id, self.customer)
        self.env["res.partner"].create({"name": "Only 100% Ltd"})
        self.assertFalse(self.dialog(receipt).partner_id)

    def test_a_payment_of_nobody(self):
        invoice = self.due(80, 20)
        payment = self.env["account.payment"].create(
            {
                "amount": 80.0,
                "date": self.today,
                "journal_id": self.bank.id,
                "partner_type": "customer",
                "payment_type": "inbound",
            }
        )
        payment.action_post()
        receipt = self.receipts.search([("payment_id", "=", payment.id)])
        self.assertEqual(len(receipt), 1)
        self.assertFalse(receipt.partner_id)
        dialog = self.dialog(receipt, self.accountant)
        dialog.partner_id = self.customer
        dialog.save().action_confirm()
        self.assertEqual(payment.partner_id, self.customer)
        receipt = self.receipts.search([("payment_id", "=", payment.id)])
        self.assertEqual((receipt.partner_id, receipt.item_names), (self.customer, invoice.name))

    def test_others_look_only(self):
        receipt = self.unknown()
        for user in (self.collector, self.auditor):
            self.assertTrue(self.receipts.with_user(user).search([("id", "=", receipt.id)]))
            with self.assertRaises(AccessError):
                self.payers.with_user(user).create({"receipt_id": receipt.id})
        self.assertFalse(self.receipts.with_user(self.seller).search([("id", "=", receipt.id)]))

    def test_a_receipt_of_another_company_stays_hidden(self):
        receipt = self.unknown()
        stranger = self.make_user("cash-stranger", "ar_credit_control.group_credit_controller")
        other = self.env["res.company"].create({"name": "Another company"})
        stranger.write({"company_ids": [(6, 0, other.ids)], "company_id": other.id})
        wizard = self.payers.with_user(stranger).create(
            {"receipt_id": receipt.id, "partner_id": self.customer.id}
        )
        with self.assertRaises(AccessError):
            wizard.action_confirm()

    def test_who_is_known_stays(self):
        self.due(300, 20)
        receipt = self.paid(100)
        with self.assertRaises(UserError):
            receipt._set_customer(self.env.user.partner_id)
