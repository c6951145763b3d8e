from odoo import fields, models
from odoo.exceptions import UserError


class ArAgreementReason(models.TransientModel):
    """Asks why a promise is withdrawn, a plan sent back or ended."""

    _name = "ar.agreement.reason"
    _description = "Reason for Ending an Agreement"

    promise_ids = fields.Many2many("ar.payment.promise")
    plan_ids = fields.Many2many("ar.payment.plan")
    decision = fields.Selection(
        [("cancel", "End"), ("send_back", "Send back")], default="cancel", required=True
    )
    reason = fields.Char(required=True)

    def action_confirm(self):
        self.ensure_one()
        if not self.reason.strip():
            raise UserError(self.env._("Say why: the reason is kept."))
        if self.promise_ids:
            return self.promise_ids.action_cancel(self.reason)
        if self.decision == "send_back":
            return self.plan_ids.action_send_back(self.reason)
        return self.plan_ids.action_cancel(self.reason)
