from odoo import api, fields, models


class ArInterestWaive(models.TransientModel):
    """Asks for the words of a waiver or its decision; the claims' own methods check who may."""

    _name = "ar.interest.waive"
    _description = "Waiver of Late Interest"

    decision = fields.Selection(
        [("request", "Ask"), ("approve", "Waive"), ("refuse", "Refuse")], required=True, default="request"
    )
    claim_ids = fields.Many2many("ar.interest.claim", string="Claims")
    count = fields.Integer(compute="_compute_count")
    asked = fields.Char(compute="_compute_count", string="Asked Because")
    reason = fields.Char()

    @api.depends("claim_ids")
    def _compute_count(self):
        for wizard in self:
            wizard.count = len(wizard.claim_ids)
            wizard.asked = " · ".join(
                dict.fromkeys(reason for reason in wizard.claim_ids.mapped("waiver_reason") if reason)
            )

    def action_apply(self):
        """Do what was chosen with all claims."""
        self.ensure_one()
        if self.decision == "request":
            self.claim_ids.action_request_waiver(self.reason)
        elif self.decision == "approve":
            self.claim_ids.action_approve_waiver(self.reason)
        else:
            self.claim_ids.action_refuse_waiver(self.reason)
        return {"type": "ir.actions.act_window_close"}
