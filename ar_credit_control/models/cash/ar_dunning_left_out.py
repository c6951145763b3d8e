from odoo import models


class ArDunningLeftOut(models.Model):
    _inherit = "ar.dunning.left.out"

    def action_open_receipts(self):
        """Show the money of the customer that is not applied yet."""
        self.ensure_one()
        return self.env["ar.cash.receipt"]._get_queue_action(self.partner_id, self.company_id)
