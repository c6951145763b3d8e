from odoo import fields, models


class ArCreditSecurityDecision(models.TransientModel):
    """Asks why; the securities' own methods decide and check who may."""

    _name = "ar.credit.security.decision"
    _description = "Decision on a Security"

    security_ids = fields.Many2many("ar.credit.security", required=True)
    decision = fields.Selection(
        [("send_back", "Send Back"), ("call", "Call In"), ("release", "Discharge")], required=True
    )
    reason = fields.Char(required=True)

    def action_apply(self):
        self.ensure_one()
        decide = {
            "send_back": self.security_ids.action_send_back,
            "call": self.security_ids.action_call,
            "release": self.security_ids.action_release,
        }[self.decision]
        decide(self.reason)
        return {"type": "ir.actions.act_window_close"}
