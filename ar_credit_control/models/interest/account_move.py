from odoo import models


class AccountMove(models.Model):
    """Claims follow their debit notes."""

    _inherit = "account.move"

    def write(self, vals):
        result = super().write(vals)
        if "state" in vals:
            self.env["ar.interest.claim"]._follow_moves(self)
        return result

    def _is_credit_of_invoice(self):
        """Whether it may say of what it is matched with that it was never owed."""
        return self.move_type == "out_refund" or bool(self.reversed_entry_id)
