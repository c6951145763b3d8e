from odoo import models


class ResPartner(models.Model):
    _inherit = "res.partner"

    def _credit_follow_entity(self, entities, keep_limit):
        """A contact that joins or leaves a company takes its confirmed orders to another debtor."""
        super()._credit_follow_entity(entities, keep_limit)
        moved = self.browse(
            partner.id
            for partner, before in entities.items()
            if partner.sudo().commercial_partner_id != before  # sudo: may not be readable
        )
        if not moved:
            return
        former = self.union(*entities.values())
        self.env["ar.credit.recheck"]._add(former, self.env.companies)
        orders = self.env["sale.order"].sudo()  # sudo: orders of everybody who sells to them
        orders = orders.search(
            [
                ("state", "=", "sale"),
                ("invoice_status", "!=", "invoiced"),
                ("partner_invoice_id", "child_of", moved.ids),
            ]
        )._credit_controlled()
        nobody = (self.browse(), 0.0, None)
        orders.sudo(self.env.su)._credit_hold_raised({order.id: nobody for order in orders})
