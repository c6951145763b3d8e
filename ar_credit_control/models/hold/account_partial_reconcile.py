from odoo import api, models


class AccountPartialReconcile(models.Model):
    """Items are not overdue any more once they are paid, and so may orders pass."""

    _inherit = "account.partial.reconcile"

    @api.model_create_multi
    def create(self, vals_list):
        partials = super().create(vals_list)
        partials._credit_recheck()
        return partials

    def unlink(self):
        self._credit_recheck()
        return super().unlink()

    def _credit_recheck(self):
        (self.debit_move_id | self.credit_move_id)._credit_recheck()
