from odoo import models


class ResPartner(models.Model):
    """Promises are recorded from the contact, too."""

    _inherit = "res.partner"

    def action_credit_promise(self):
        """Open the dialogue that records a promise of this customer."""
        self.ensure_one()
        return self.env["ar.payment.promise.wizard"]._get_action(self, self.env.company)
