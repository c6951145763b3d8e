from odoo import api, models


class AccountPartialReconcile(models.Model):
    """What is matched, or undone, decides what became of promises and plans."""

    _inherit = "account.partial.reconcile"

    @api.model_create_multi
    def create(self, vals_list):
        partials = super().create(vals_list)
        partials._touch_agreements()
        return partials

    def unlink(self):
        self._touch_agreements()
        return super().unlink()

    def _touch_agreements(self):
        if self:
            self.env["ar.item.settlement"]._touch((self.debit_move_id | self.credit_move_id).move_id.ids)
