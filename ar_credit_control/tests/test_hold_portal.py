import base64
from io import BytesIO

from PIL import Image

from odoo.exceptions import AccessError
from odoo.fields import Command
from odoo.tests import HttpCase, new_test_user, tagged

from odoo.addons.account_payment.tests.common import AccountPaymentCommon

from .common_hold import HoldCase


def _signature():
    stream = BytesIO()
    Image.new("RGB", (8, 8), "navy").save(stream, "PNG")
    return base64.b64encode(stream.getvalue()).decode()


@tagged("post_install", "-at_install")
class TestHoldPortal(HoldCase, HttpCase):
    """What a customer gave is kept, and the customer is told in friendly words."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.buyer = new_test_user(
            cls.env, "hold_buyer", groups="base.group_portal", email="buyer@example.com"
        )
        cls.buyer.partner_id.parent_id = cls.customer

    def make_portal_order(self, quantity):
        order = self.make_order(
            quantity, self.buyer.partner_id, require_signature=True, require_payment=False, state="sent"
        )
        order.sudo()._portal_ensure_token()
        return order

    def sign(self, order):
        return self.make_jsonrpc_request(
            f"/my/orders/{order.id}/accept",
            {"access_token": order.sudo().access_token, "name": "Bea Buyer", "signature": _signature()},
        )

    def test_signing_an_order_that_is_held_keeps_the_signature(self):
        order = self.make_portal_order(11)
        result = self.sign(order)
        self.assertNotIn("error", result)
        self.env.invalidate_all()
        self.assertHeld(order, "limit")
        self.assertTrue(order.signature)
        self.assertEqual(order.signed_by, "Bea Buyer")
        hold = order.sudo().credit_hold_id
        self.assertEqual(hold.source, "signature")
        self.assertTrue(hold.asked_with_mail)
        self.assertTrue(hold.asked_as_system)
        page = self.url_open(result["redirect_url"]).text
        self.assertIn("We are checking your order", page)
        self.assertNotIn("credit", page.split("We are checking")[1].split("</div>")[0].lower())
        self.assertNotIn("1,000", page, "no figure of credit control reaches the customer")

        hold.with_user(self.controller).action_release("ok")
        self.assertPassed(order)
        self.assertTrue(order.signature)
        messages = order.sudo().message_ids
        confirmation = messages.filtered(lambda message: self.buyer.partner_id in message.partner_ids)
        self.assertTrue(confirmation, "the customer gets the confirmation that core sends")
        internal = messages.filtered(lambda message: "credit" in (message.body or "").lower())
        self.assertTrue(all(message.subtype_id.internal for message in internal), "and no word of ours")
        self.assertNotIn("We are checking", self.url_open(order.sudo().get_portal_url()).text)

    def test_the_list_of_quotations_says_so(self):
        order = self.make_portal_order(11)
        self.sign(order)
        self.authenticate("hold_buyer", "hold_buyer")
        page = self.url_open("/my/quotes").text
        self.assertIn(order.name, page)
        self.assertIn("Being checked", page)

    def test_signing_an_order_that_passes_confirms_it(self):
        order = self.make_portal_order(5)
        self.sign(order)
        self.env.invalidate_all()
        self.assertPassed(order)

    def test_what_was_signed_is_not_changed_while_it_is_checked(self):
        order = self.make_portal_order(11)
        self.assertTrue(order.sudo()._can_be_edited_on_portal())
        self.sign(order)
        self.env.invalidate_all()
        self.assertFalse(order.sudo()._can_be_edited_on_portal())

    def test_a_customer_reads_none_of_our_fields(self):
        order = self.make_portal_order(11)
        order.action_confirm()
        mine = order.with_user(self.buyer)
        self.assertTrue(mine.read(["name"]))
        names = [name for name in self.env["sale.order"]._fields if name.startswith("credit_")]
        self.assertIn("credit_hold_state", names)
        for name in names:
            with self.assertRaises(AccessError):
                mine.read([name])
        self.assertFalse(self.env["ar.credit.hold"].with_user(self.buyer).has_access("read"))
        with self.assertRaises(AccessError):
            order.sudo().credit_hold_id.with_user(self.buyer).action_release("please")
        with self.assertRaises(AccessError):
            mine.action_credit_put_on_hold("please")


@tagged("post_install", "-at_install")
class TestHoldPayment(AccountPaymentCommon, HoldCase):
    """Payments made online."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.provider.company_id = cls.company
        cls.provider.journal_id = cls.company_data["default_journal_bank"]
        cls.currency = cls.company.currency_id
        cls.customer.email = "kornmann@example.com"

    def pay(self, order, amount, state="done"):
        transaction = self._create_transaction(
            flow="direct",
            reference=f"{order.name}-{amount}-{len(order.sudo().transaction_ids)}",
            amount=amount,
            currency_id=order.currency_id.id,
            partner_id=self.customer.id,
            sale_order_ids=[Command.set(order.ids)],
        )
        transaction._set_done() if state == "done" else transaction._set_authorized()
        transaction._post_process()
        return transaction

    def make_paid_order(self, quantity, share):
        return self.make_order(
            quantity, require_signature=False, require_payment=True, prepayment_percent=share, state="sent"
        )

    def test_an_order_paid_in_full_passes(self):
        order = self.make_paid_order(20, 1.0)
        self.pay(order, 2000)
        self.assertPassed(order)

    def test_an_authorised_payment_in_full_passes(self):
        self.provider.support_manual_capture = "full_only"
        order = self.make_paid_order(20, 1.0)
        self.pay(order, 2000, "authorized")
        self.assertPassed(order)

    def test_a_part_payment_is_kept_and_taken_up_again(self):
        self.env["ir.config_parameter"].set_param("sale.automatic_invoice", "True")
        order = self.make_paid_order(20, 0.25)
        transaction = self.pay(order, 500)
        self.assertHeld(order, "limit")
        hold = order.sudo().credit_hold_id
        self.assertEqual(hold.source, "payment")
        self.assertEqual(transaction.state, "done")
        self.assertTrue(transaction.payment_id, "the money is booked")
        self.assertFalse(order.sudo().invoice_ids)
        received = order.sudo().message_ids.filtered(lambda message: self.customer in message.partner_ids)
        self.assertTrue(received, "core's mail about the payment received is sent")

        hold.with_user(self.controller).action_release("Down payment received")
        self.assertPassed(order)
        invoice = order.sudo().invoice_ids
        self.assertEqual(invoice.state, "posted")
        self.assertEqual(invoice.amount_total, 500)
        self.assertIn(invoice.payment_state, ("paid", "in_payment"))
        self.assertEqual(transaction.invoice_ids, invoice)

    def test_without_automatic_invoice_only_the_order_is_confirmed(self):
        order = self.make_paid_order(20, 0.25)
        self.pay(order, 500)
        order.sudo().credit_hold_id.with_user(self.controller).action_release("ok")
        self.assertPassed(order)
        self.assertFalse(order.sudo().invoice_ids)

    def test_paying_the_rest_lets_the_held_order_pass(self):
        order = self.make_paid_order(20, 0.25)
        self.pay(order, 500)
        self.assertHeld(order)
        self.pay(order, 1500)
        self.assertPassed(order)
        self.assertEqual(order.credit_hold_state, "released")

    def test_a_refund_is_no_payment(self):
        order = self.make_paid_order(20, 0.25)
        transaction = self.pay(order, 500)
        self.assertEqual(order.sudo()._credit_get_paid_online(), 500)
        refund = transaction._create_child_transaction(500, is_refund=True)
        refund._set_done()
        self.assertEqual(order.sudo()._credit_get_paid_online(), 0)
