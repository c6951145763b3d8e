from odoo import fields, models


class ArCollectionCase(models.Model):
    _inherit = "ar.collection.case"

    interest_waiting = fields.Monetary(related="profile_id.interest_waiting")

    def action_view_interest(self):
        """Show the late interest of the customer, by instalment, until today."""
        self.ensure_one()
        return self.profile_id.action_view_interest()
