from odoo import models


class SaleOrder(models.Model):
    _inherit = "sale.order"

    def action_credit_request(self):
        """Ask for the credit that this order needs."""
        self.ensure_one()
        partner = (self.partner_invoice_id or self.partner_id).commercial_partner_id
        return self.env["ar.credit.request"]._get_action(partner, self)
