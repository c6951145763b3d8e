from odoo import models


class AccountMoveReversal(models.TransientModel):
    """Entries of write-offs are reversed by the write-off, which restores the allowance."""

    _inherit = "account.move.reversal"

    def reverse_moves(self, is_modify=False):
        self.move_ids.filtered(lambda move: move.move_type == "entry")._check_not_written_off()
        return super().reverse_moves(is_modify=is_modify)
