from odoo.tests import HttpCase, tagged

from .common_hold import HoldCase


@tagged("post_install", "-at_install")
class TestHoldTour(HoldCase, HttpCase):
    """The main job in the browser: a salesperson confirms, a controller releases."""

    def test_a_salesperson_confirms_and_a_controller_releases(self):
        order = self.make_order(11, self.make_customer("Toured Traders", 1000.0))
        self.start_tour(
            f"/odoo/action-sale.action_quotations_with_onboarding/{order.id}",
            "ar_credit_hold_salesperson",
            login="hold_sales",
        )
        self.env.invalidate_all()
        self.assertHeld(order, "limit")
        self.start_tour("/odoo", "ar_credit_hold_controller", login="hold_controller")
        self.env.invalidate_all()
        self.assertPassed(order)
        hold = order.sudo().credit_hold_id
        self.assertEqual(hold.decided_by_id, self.controller)
        self.assertEqual(hold.decision_note, "Payment promised: by Friday")

    def test_released_with_a_cap_raised_above_it_held_again(self):
        order = self.make_order(11, self.make_customer("Toured Traders", 1000.0))
        order.action_confirm()
        hold = order.sudo().credit_hold_id
        self.start_tour(
            f"/odoo/action-ar_credit_control.action_credit_hold/{hold.id}",
            "ar_credit_hold_released_with_a_cap",
            login="hold_controller",
        )
        self.env.invalidate_all()
        self.assertPassed(order)
        self.assertEqual((hold.cap_amount, hold.condition), (1200.0, "paid before it leaves"))
        self.start_tour(
            f"/odoo/action-sale.action_orders/{order.id}",
            "ar_credit_hold_raised_above_the_cap",
            login="hold_sales",
        )
        self.env.invalidate_all()
        self.assertEqual((order.state, order.credit_hold_state), ("sale", "held"))
        self.assertEqual(order.amount_total, 1300.0)
