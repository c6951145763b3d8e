from odoo.exceptions import AccessError, UserError
from odoo.tests import Form, tagged

from .common_hold import HoldCase


@tagged("post_install", "-at_install")
class TestHoldChange(HoldCase):
    """What was approved is compared with what the order becomes; asking beforehand; what sales is told."""

    def make_confirmed(self, quantity=9, **values):
        order = self.make_order(quantity, **values)
        order.action_confirm()
        self.assertPassed(order)
        return order

    def test_more_delivered_by_hand_than_ordered(self):
        self.article.invoice_policy = "delivery"
        self.article.type = "service"
        order = self.make_confirmed()
        order.sudo().order_line.qty_delivered = 9
        self.assertEqual(order.credit_hold_state, "none")
        order.sudo().order_line.qty_delivered = 11
        self.assertEqual(order.credit_hold_state, "held")
        self.assertEqual(order.sudo().credit_hold_id.source, "change")

    def test_longer_payment_terms(self):
        self.set_rules(terms={"outcome": "hold"})
        profile = self.env["ar.credit.profile"]._get_or_create(self.customer, self.company)
        profile.write({"payment_days_set": True, "payment_days": 30})
        terms = {
            days: self.env["account.payment.term"].create(
                {
                    "name": f"{days} days",
                    "line_ids": [(0, 0, {"value": "percent", "value_amount": 100, "nb_days": days})],
                }
            )
            for days in (15, 30, 60)
        }
        order = self.make_confirmed(payment_term_id=terms[15].id)
        order.payment_term_id = terms[30]
        self.assertEqual(order.credit_hold_state, "none")
        order.payment_term_id = terms[60]
        self.assertEqual(order.credit_hold_state, "held")
        order.payment_term_id = terms[15]
        self.assertEqual(order.credit_hold_state, "released", "taken back")

    def test_a_line_added_by_a_program(self):
        order = self.make_confirmed()
        self.env["sale.order.line"].sudo().create(
            {"order_id": order.id, "product_id": self.article.id, "product_uom_qty": 2, "price_unit": 100}
        )
        self.assertEqual(order.credit_hold_state, "held")

    def test_prices_updated(self):
        order = self.make_confirmed()
        self.article.list_price = 200
        order.sudo().order_line.technical_price_unit = 100
        order.sudo()._recompute_prices()
        self.assertEqual(order.amount_total, 1800)
        self.assertEqual(order.credit_hold_state, "held")

    def test_a_copy_starts_clean(self):
        order = self.make_order(11)
        order.action_confirm()
        order.sudo().credit_hold_id.with_user(self.controller).action_release("fine", cap_amount=5000)
        self.assertPassed(order)
        copied = order.copy()
        self.assertEqual(copied.credit_hold_state, "none")
        self.assertFalse(copied.sudo().credit_hold_ids)
        copied.action_confirm()
        self.assertHeld(copied, "limit")

    def test_asking_beforehand(self):
        order = self.make_order(11)
        order.action_credit_ask_release()
        self.assertHeld(order, "limit")
        hold = order.sudo().credit_hold_id.with_user(self.controller)
        self.assertEqual((hold.source, hold.asked_by_id), ("request", self.salesperson))
        with self.assertRaisesRegex(UserError, "already"):
            order.action_credit_ask_release()
        hold.action_release("fine", condition="INV/1 is paid before it leaves")
        self.assertEqual(order.state, "draft", "the customer has not ordered yet")
        self.assertIn("INV/1 is paid", order.credit_banner)
        order.action_confirm()
        self.assertPassed(order)

    def test_confirming_while_asked_beforehand_confirms_on_release(self):
        order = self.make_order(11)
        order.action_credit_ask_release()
        order.action_confirm()
        self.assertHeld(order, "limit")
        order.sudo().credit_hold_id.with_user(self.controller).action_release("fine")
        self.assertPassed(order)

    def test_nothing_is_asked_for_what_passes(self):
        with self.assertRaisesRegex(UserError, "needs no release"):
            self.make_order(1).action_credit_ask_release()
        order = self.make_order(11, user=self.manager)
        with self.assertRaises(AccessError):
            order.with_user(self.salesperson).action_credit_ask_release()

    def test_sales_is_told_who_and_what(self):
        invoice = self.make_invoice(900, days_overdue=0)
        order = self.make_order(5)
        self.assertIn("Can release it", order.credit_banner)
        self.assertIn(order.name, order.credit_pay_note)
        self.assertIn(invoice.name, order.credit_pay_note)
        self.assertIn("400.00", order.credit_pay_note)
        self.assertFalse(self.make_order(1).credit_pay_note)

    def test_the_queue_finds_what_one_may_decide(self):
        self.env["ar.credit.authority"].create(
            {"user_id": self.controller.id, "kind": "release", "tier": 1, "amount": 1200.0}
        )
        orders = [self.make_order(quantity) for quantity in (11, 20)]
        for order in orders:
            order.action_confirm()
        holds = self.env["ar.credit.hold"].with_user(self.controller)
        found = holds.search([("can_decide", "=", True), ("partner_id", "=", self.customer.id)])
        self.assertEqual(found.order_id, orders[0])

    def test_checking_all_again_is_for_controllers(self):
        self.make_order(11).action_confirm()
        holds = self.env["ar.credit.hold"]
        for user in (self.salesperson, self.collector, self.auditor):
            with self.assertRaises(AccessError):
                holds.with_user(user).action_recheck_all()
        holds.with_user(self.controller).action_recheck_all()
        self.assertIn(self.customer, self.env["ar.credit.recheck"].sudo().search([]).partner_id)

    def test_the_customers_picture(self):
        released = self.make_order(11)
        released.action_confirm()
        released.sudo().credit_hold_id.with_user(self.controller).action_release("fine")
        order = self.make_order(12, commitment_date="2030-01-05")
        order.action_confirm()
        hold = order.sudo().credit_hold_id.with_user(self.controller)
        self.assertEqual(hold.last_release_id, released.sudo().credit_hold_id)
        self.assertEqual(str(hold.ship_date.date()), "2030-01-05")
        self.assertEqual(hold.usual_delay, 0)

    def test_every_view_opens_for_every_role(self):
        order = self.make_order(11)
        order.action_confirm()
        views = ("form", "list", "kanban")
        for user in (self.salesperson, self.collector, self.controller, self.manager, self.auditor):
            for record in (order, order.sudo().credit_hold_id):
                record = record.with_user(user)
                if not record.has_access("read"):
                    continue
                for kind in views:
                    arch = record.get_view(view_type=kind)
                    names = arch["models"][record._name]
                    fields = {name: {} for name in names if name in record.fields_get([name])}
                    with self.subTest(user=user.login, model=record._name, view=kind):
                        self.assertTrue(record.web_read(fields))
        form = Form(order)
        self.assertTrue(form.credit_banner)
