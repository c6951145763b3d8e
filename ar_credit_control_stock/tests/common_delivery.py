from odoo.addons.ar_credit_control.tests.common_hold import HoldCase


class DeliveryCase(HoldCase):
    """The company of the holds' tests with a warehouse, storable goods and people who work there."""

    @classmethod
    def get_default_groups(cls):
        return super().get_default_groups() | cls.env.ref("stock.group_stock_manager")

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.warehouse = cls.env["stock.warehouse"].search([("company_id", "=", cls.company.id)], limit=1)
        cls.warehouse.delivery_steps = "ship_only"
        cls.article.is_storable = True
        cls.stock(100)
        cls.worker = cls.make_worker("hold_worker", cls.company)

    @classmethod
    def make_worker(cls, login, company):
        return cls.make_user(login, "stock.group_stock_user", company)

    @classmethod
    def stock(cls, quantity, product=None, warehouse=None):
        """Put goods on the shelf."""
        location = (warehouse or cls.warehouse).lot_stock_id
        cls.env["stock.quant"]._update_available_quantity(product or cls.article, location, quantity)

    @classmethod
    def make_delivery(cls, quantity, partner=None, **values):
        """The transfer of a confirmed order of ``quantity`` crates at 100."""
        order = cls.make_order(quantity, partner, **values)
        order.action_confirm()
        return order.sudo().picking_ids.with_user(cls.worker).sudo(False)

    @classmethod
    def make_held_delivery(cls, quantity=8, partner=None):
        """The transfer of an order that was raised above the limit after it was confirmed."""
        picking = cls.make_delivery(quantity, partner)
        picking.sudo().sale_id.with_user(cls.salesperson).sudo(False).write({"order_line": [cls.line(5)]})
        return picking

    @classmethod
    def block(cls, partner):
        profile = cls.env["ar.credit.profile"]._get_or_create(partner, cls.company)
        profile.hold_override = "block"

    def hold_of(self, picking, state="held"):
        hold = self.env["ar.credit.hold"].search([("picking_id", "=", picking.id), ("state", "=", state)])
        self.assertEqual(len(hold), 1, f"one hold of the transfer in state {state}")
        return hold

    def assertStopped(self, picking, *codes):
        self.assertNotEqual(picking.state, "done")
        self.assertFalse(picking.sudo().move_ids.filtered(lambda move: move.state == "done"))
        self.assertEqual(picking.credit_hold_state, "held")
        hold = self.hold_of(picking)
        if codes:
            found = hold.reason_ids.filtered(lambda reason: reason.outcome == "hold")
            self.assertEqual(set(found.mapped("code")), set(codes))

    def assertDelivered(self, picking):
        self.assertEqual(picking.state, "done")
