from odoo import models


class ArCreditProfile(models.Model):
    _inherit = "ar.credit.profile"

    def action_provision_assess(self):
        """Say what is still expected from this customer, in the place of the matrix."""
        self.ensure_one()
        return self.env["ar.provision.assessment"].action_assess(self.partner_id.id, self.company_id.id)
