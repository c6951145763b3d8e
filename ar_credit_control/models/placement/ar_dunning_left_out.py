from odoo import models


class ArDunningLeftOut(models.Model):
    """What reached the stage that hands over leads to a placement."""

    _inherit = "ar.dunning.left.out"

    def action_place(self):
        """Open the form that hands items of the customer over to an agency or a lawyer."""
        self.ensure_one()
        profile = self.env["ar.credit.profile"].sudo()  # sudo: made where it is missing
        profile = profile._get_or_create(self.partner_id, self.company_id)
        return profile.sudo(False).action_place()
