from odoo import models


class ResPartner(models.Model):
    """Promises are recorded and plans drafted from the contact, too."""

    _inherit = "res.partner"

    def action_credit_promise(self):
        """Open the dialogue that records a promise of this customer."""
        self.ensure_one()
        return self.env["ar.payment.promise.wizard"]._get_action(self, self.env.company)

    def action_credit_plan(self):
        """Open the dialogue that drafts a payment plan or a deferral for this customer."""
        self.ensure_one()
        return self.env["ar.payment.plan.wizard"]._get_action(self, self.env.company)
