from odoo import models


class ResPartner(models.Model):
    _inherit = "res.partner"

    def action_credit_what_if(self):
        """Ask what credit control would say to an amount, before there is an order."""
        self.ensure_one()
        return self.env["ar.credit.what.if"]._get_action(self)
