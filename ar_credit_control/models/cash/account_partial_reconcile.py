from odoo import api, models

# Of a transaction: matchings whose salesperson and collector are recorded when it is committed.
MATCHED = "ar_credit_control.collected"


class AccountPartialReconcile(models.Model):
    """Whoever was collector and salesperson when money was matched with a claim is recorded then."""

    _inherit = "account.partial.reconcile"

    @api.model_create_multi
    def create(self, vals_list):
        partials = super().create(vals_list)
        partials._touch_collected()
        return partials

    def _touch_collected(self):
        """Have the matchings recorded before the commit: one statement for all of the transaction."""
        if not self:
            return
        precommit = self.env.cr.precommit
        pending = precommit.data.get(MATCHED)
        if pending is None:
            pending = precommit.data[MATCHED] = set()
            precommit.add(self.sudo()._record_collected)  # sudo: whoever matches
        pending.update(self.ids)

    def _record_collected(self):
        ids = self.env.cr.precommit.data.pop(MATCHED, None)
        if ids:
            self.env["ar.collection.credit"]._record(list(ids))
