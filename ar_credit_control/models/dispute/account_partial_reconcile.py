from odoo import api, models


class AccountPartialReconcile(models.Model):
    """Disputes end when their credit note is matched, and open again when the matching is undone."""

    _inherit = "account.partial.reconcile"

    @api.model_create_multi
    def create(self, vals_list):
        partials = super().create(vals_list)
        self.env["ar.dispute"]._judge_of(partials._get_dispute_moves())
        return partials

    def unlink(self):
        moves = self._get_dispute_moves()
        result = super().unlink()
        self.env["ar.dispute"]._judge_of(moves.exists())
        return result

    def _get_dispute_moves(self):
        lines = self.debit_move_id | self.credit_move_id
        return lines.filtered(lambda line: line.account_type == "asset_receivable").move_id
