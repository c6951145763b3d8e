from odoo import models


class AccountMove(models.Model):
    """Claims follow their debit notes, and what the ledger says of their invoices."""

    _inherit = "account.move"

    def write(self, vals):
        result = super().write(vals)
        if "state" in vals:
            claims = self.env["ar.interest.claim"]
            claims._follow_moves(self)
            claims._touch_entries(self)
        return result
