from odoo import models


class AccountMove(models.Model):
    """Claims follow their debit notes."""

    _inherit = "account.move"

    def write(self, vals):
        result = super().write(vals)
        if "state" in vals:
            self.env["ar.interest.claim"]._follow_moves(self)
        return result
