from odoo import Command, api, models


class ArCreditDemo(models.AbstractModel):
    _inherit = "ar.credit.demo"

    @api.model
    def _load_deliveries(self):
        """An order that was raised above the limit once it was confirmed; its goods wait in the warehouse."""
        demo = self.with_context(tracking_disable=True, mail_notrack=True)
        customer = demo.env.ref("ar_credit_control_stock.demo_partner_kestrel")
        if demo.env["sale.order"].search_count([("partner_id", "=", customer.id)], limit=1):
            return
        main = demo.env.ref("base.main_company")
        demo.with_company(main).with_context(allowed_company_ids=main.ids)._load_stopped_delivery(customer)

    @api.model
    def _load_stopped_delivery(self, customer):
        seller = self.env.ref("ar_credit_control.demo_user_sam")
        worker = self.env.ref("ar_credit_control_stock.demo_user_wade")
        order = self.env["sale.order"].create(self._prepare_delivered_order(customer, seller))
        # The gates themselves are put on when all addons are loaded.
        order.with_user(seller)._credit_gate(lambda orders: orders.action_confirm())
        order.with_user(seller).write({"order_line": [Command.create(self._prepare_delivered_line(7600))]})
        order.credit_hold_id.asked_on = self._date(1)
        for picking in order.picking_ids.with_user(worker):
            picking._credit_gate_validate(lambda pickings: pickings.button_validate())
            picking.sudo().credit_hold_ids.asked_on = self._date(0)  # nobody may write holds; this is a story

    @api.model
    def _prepare_delivered_order(self, customer, seller):
        return {
            "partner_id": customer.id,
            "user_id": seller.id,
            "date_order": self._date(4),
            "order_line": [Command.create(self._prepare_delivered_line(14800))],
        }

    @api.model
    def _prepare_delivered_line(self, amount):
        return {
            "product_id": self.env.ref("ar_credit_control.demo_product_gearbox").id,
            "product_uom_qty": 10,
            "price_unit": amount / 10,
            "tax_ids": [Command.clear()],
        }
