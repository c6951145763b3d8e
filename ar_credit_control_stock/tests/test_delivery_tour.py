from odoo.tests import HttpCase, tagged

from .common_delivery import DeliveryCase


@tagged("post_install", "-at_install")
class TestDeliveryTour(DeliveryCase, HttpCase):
    """A delivery is stopped, in the browser: by whom it is asked, decided and handed over."""

    def test_an_order_raised_above_its_release_stops_its_delivery(self):
        order = self.make_order(11, self.make_customer("Toured Deliveries", 1000.0))
        order.action_confirm()
        self.assertHeld(order, "limit")
        self._open(
            "ar_credit_control.action_credit_hold", order.sudo().credit_hold_id, "release_order", "controller"
        )
        self.assertPassed(order)
        self._open("sale.action_orders", order, "raise_order", "sales")
        self.assertEqual(order.credit_hold_state, "held")
        picking = order.sudo().picking_ids
        self._open("stock.action_picking_tree_all", picking, "stopped", "worker")
        self.assertStopped(picking, "order_held")
        self._open("ar_credit_control.action_credit_hold", None, "release", "controller")
        self.assertEqual(picking.credit_hold_state, "released")
        self.assertEqual(order.credit_hold_state, "held", "the order itself still waits")
        self._open("stock.action_picking_tree_all", picking, "done", "worker")
        self.assertDelivered(picking)

    def _open(self, action, record, tour, person):
        path = f"/odoo/action-{action}" + (f"/{record.id}" if record else "")
        self.start_tour(path, f"ar_credit_delivery_{tour}", login=f"hold_{person}")
        self.env.invalidate_all()
