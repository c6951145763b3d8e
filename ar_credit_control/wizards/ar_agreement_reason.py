from odoo import fields, models
from odoo.exceptions import UserError


class ArAgreementReason(models.TransientModel):
    """Asks why a promise is withdrawn."""

    _name = "ar.agreement.reason"
    _description = "Reason for Ending an Agreement"

    promise_ids = fields.Many2many("ar.payment.promise")
    reason = fields.Char(required=True)

    def action_confirm(self):
        self.ensure_one()
        if not self.reason.strip():
            raise UserError(self.env._("Say why: the reason is kept."))
        return self.promise_ids.action_cancel(self.reason)
