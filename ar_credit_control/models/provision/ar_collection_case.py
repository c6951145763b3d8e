from odoo import models


class ArCollectionCase(models.Model):
    _inherit = "ar.collection.case"

    def action_provision_assess(self):
        """Say what is still expected from this customer, in the place of the matrix."""
        self.ensure_one()
        return self.env["ar.provision.assessment"].action_assess(self.partner_id.id, self.company_id.id)
