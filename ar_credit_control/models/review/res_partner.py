from odoo import models


class ResPartner(models.Model):
    _inherit = "res.partner"

    def action_credit_request(self):
        """Ask for credit for this customer; who decides is asked then."""
        self.ensure_one()
        return self.env["ar.credit.request"]._get_action(self.commercial_partner_id)
