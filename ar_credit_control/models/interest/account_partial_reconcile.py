from odoo import api, models


class AccountPartialReconcile(models.Model):
    """A claim is paid with its debit note, and open again when that payment is undone.

    It is corrected when a matching says of days in it that less was owed.
    """

    _inherit = "account.partial.reconcile"

    @api.model_create_multi
    def create(self, vals_list):
        partials = super().create(vals_list)
        claims = self.env["ar.interest.claim"]
        claims._follow_moves((partials.debit_move_id | partials.credit_move_id).move_id)
        claims._touch_entries(partials.debit_move_id.move_id)
        return partials

    def unlink(self):
        debits, credits = self.debit_move_id.move_id, self.credit_move_id.move_id
        result = super().unlink()
        claims = self.env["ar.interest.claim"]
        claims._follow_moves((debits | credits).exists())
        claims._touch_entries(debits)
        return result
