from odoo import models


class AccountMove(models.Model):
    """An invoice that is cancelled or set back to draft is promised no longer."""

    _inherit = "account.move"

    def write(self, vals):
        result = super().write(vals)
        if vals.get("state") in ("draft", "cancel"):
            lines = self.line_ids
            moves = (
                self
                | (lines.matched_debit_ids.debit_move_id | lines.matched_credit_ids.credit_move_id).move_id
            )
            self.env["ar.item.settlement"]._touch(moves.ids)
        return result
