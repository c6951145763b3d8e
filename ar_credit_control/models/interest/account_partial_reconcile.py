from odoo import api, models


class AccountPartialReconcile(models.Model):
    """A claim is paid with its debit note, and open again when that payment is undone.

    It is corrected when a credit note of the invoice says that it was never owed.
    """

    _inherit = "account.partial.reconcile"

    @api.model_create_multi
    def create(self, vals_list):
        partials = super().create(vals_list)
        self.env["ar.interest.claim"]._follow_moves(
            (partials.debit_move_id | partials.credit_move_id).move_id
        )
        credited = partials.filtered(lambda part: part.credit_move_id.move_id._is_credit_of_invoice())
        self.env["ar.interest.claim"]._touch_credited(credited.debit_move_id.move_id)
        return partials

    def unlink(self):
        moves = (self.debit_move_id | self.credit_move_id).move_id
        result = super().unlink()
        self.env["ar.interest.claim"]._follow_moves(moves.exists())
        return result
