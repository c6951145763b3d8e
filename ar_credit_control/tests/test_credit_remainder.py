from odoo import fields
from odoo.exceptions import AccessError, UserError
from odoo.fields import Command
from odoo.tests import tagged

from .common_credit import CreditCase


@tagged("post_install", "-at_install")
class TestCreditRemainder(CreditCase):
    """Remainders of orders that will never be invoiced stop counting, singly or by age."""

    def close(self, order):
        order.with_user(self.controller).action_credit_close_remainder()

    def test_a_closed_remainder_counts_no_more_and_what_is_invoiced_does(self):
        order = self.make_order((10, 100.0, self.by_delivery))
        order.order_line.qty_delivered = 4
        self.invoice_order(order)
        self.assertFigures(order=600, receivable=400)
        self.close(order)
        self.assertFigures(order=0, receivable=400, exposure=400)
        self.assertTrue(order.credit_remainder_closed)
        self.assertIn("600", order.message_ids[0].body)
        self.assertEqual(self.env["sale.order"].search([("credit_remainder_closed", "=", True)]), order)
        self.assertEqual(self.exposure._get_open_order_ids(self.customer, self.company), [])

    def test_what_is_delivered_later_counts_again(self):
        order = self.make_order((10, 100.0, self.by_delivery))
        order.order_line.qty_delivered = 4
        self.close(order)
        self.assertFigures(order=0)
        order.order_line.qty_delivered = 7
        self.assertFigures(order=300)
        self.assertEqual(self.exposure._get_open_order_ids(self.customer, self.company), order.ids)
        invoice = self.invoice_order(order, post=False)
        self.assertFigures(order=0, draft_invoice=700)
        invoice.action_post()
        self.assertFigures(order=0, receivable=700)
        self.close_nothing(order)

    def close_nothing(self, order):
        with self.assertRaises(UserError):
            self.close(order)

    def test_closing_again_takes_in_what_was_delivered_since(self):
        order = self.make_order((10, 100.0, self.by_delivery))
        self.close(order)
        order.order_line.qty_delivered = 3
        self.assertFigures(order=300)
        self.close(order)
        self.assertFigures(order=0)
        self.assertEqual(len(self.env["ar.credit.closed.line"].search([("order_id", "=", order.id)])), 1)

    def test_a_changed_order_counts_again(self):
        for change in (
            lambda order: order.order_line.write({"product_uom_qty": 11, "price_unit": 100}),
            lambda order: order.order_line.write({"price_unit": 110}),
            lambda order: order.write(
                {
                    "order_line": [
                        Command.create({"product_id": self.by_order.id, "price_unit": 100, "tax_ids": False})
                    ]
                }
            ),
        ):
            order = self.make_order((10, 100.0, self.by_delivery))
            self.close(order)
            self.assertFigures(order=0)
            change(order)
            self.assertFigures(order=1100)
            self.assertFalse(order.credit_remainder_closed)
            order.with_context(disable_cancel_warning=True).action_cancel()
            self.assertFigures(order=0)

    def test_an_order_that_is_taken_up_again_counts_again(self):
        order = self.make_order((10, 100.0))
        self.close(order)
        order.with_context(disable_cancel_warning=True).action_cancel()
        order.action_draft()
        order.action_confirm()
        self.assertFigures(order=1000)

    def test_a_controller_opens_it_again(self):
        order = self.make_order((10, 100.0))
        self.close(order)
        order.with_user(self.controller).action_credit_reopen_remainder()
        self.assertFigures(order=1000)
        rows = self.env["ar.credit.closed.line"].with_context(active_test=False)
        self.assertEqual(rows.search([("order_id", "=", order.id)]).mapped("active"), [False])

    def test_only_controllers(self):
        order = self.make_order((10, 100.0), user_id=self.salesperson.id)
        for user in (self.salesperson, self.collector, self.auditor, self.credit_user):
            for action in ("action_credit_close_remainder", "action_credit_reopen_remainder"):
                with self.subTest(user=user.login, action=action), self.assertRaises(AccessError):
                    getattr(order.with_user(user), action)()
        with self.assertRaises(AccessError):
            self.env["ar.credit.close.remainders"].with_user(self.salesperson).create({})

    def test_a_down_payment_is_not_taken_off_what_is_closed(self):
        order = self.make_order((10, 100.0))
        wizard = (
            self.env["sale.advance.payment.inv"]
            .with_context(active_model="sale.order", active_ids=order.ids)
            .create({"advance_payment_method": "fixed", "fixed_amount": 300})
        )
        wizard.create_invoices()
        order.invoice_ids.action_post()
        self.assertFigures(order=700, receivable=300)
        self.close(order)
        self.assertFigures(order=0, receivable=300, exposure=300)

    def test_by_age(self):
        old = self.make_order((10, 100.0))
        promised = self.make_order((1, 100.0))
        new = self.make_order((2, 100.0))
        long_ago = fields.Datetime.subtract(fields.Datetime.now(), days=200)
        (old | promised).date_order = long_ago
        promised.commitment_date = fields.Datetime.now()
        wizard = self.env["ar.credit.close.remainders"].with_user(self.controller).create({"days": 180})
        found = wizard.order_ids & (old | promised | new)
        self.assertEqual(found.ids, old.ids)
        self.assertGreaterEqual(wizard.amount, 1000)
        wizard.action_close()
        self.assertFigures(order=300)
        wizard = self.env["ar.credit.close.remainders"].with_user(self.controller).create({"days": 180})
        self.assertNotIn(old, wizard.order_ids)

    def test_an_order_below_zero_makes_no_room_for_others(self):
        self.make_order((10, 100.0))
        self.make_order((1, -400.0))
        self.assertFigures(order=1000)
        self.make_order((10, 100.0), (1, -400.0))
        self.assertFigures(order=1600)

    def test_who_does_not_sell_opens_orders_in_a_form_of_its_own(self):
        self.make_order((1, 100.0))
        form = self.env.ref("ar_credit_control.sale_order_view_form_credit").id
        for user, expected in ((self.controller, form), (self.salesperson, False)):
            action = self.customer.with_user(user).action_credit_documents("order")
            self.assertEqual(action["views"], [(False, "list"), (expected, "form")])
