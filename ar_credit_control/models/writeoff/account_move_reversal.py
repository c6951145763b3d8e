from odoo import models


class AccountMoveReversal(models.TransientModel):
    """Entries of write-offs and of provision runs are reversed by these, which know of the allowance."""

    _inherit = "account.move.reversal"

    def reverse_moves(self, is_modify=False):
        entries = self.move_ids.filtered(lambda move: move.move_type == "entry")
        entries._check_not_written_off()
        entries._check_provision_entries({"state": "draft"})
        return super().reverse_moves(is_modify=is_modify)
