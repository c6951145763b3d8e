from odoo import fields, models


class ArPlacementDecision(models.TransientModel):
    """Asks why a placement ends; its own methods decide and check who may."""

    _name = "ar.placement.decision"
    _description = "End of a Placement"

    placement_id = fields.Many2one("ar.placement", required=True, readonly=True)
    decision = fields.Selection([("close", "Close"), ("recall", "Recall")], required=True, readonly=True)
    reason = fields.Char(required=True)

    def action_apply(self):
        self.ensure_one()
        self.placement_id._end("closed" if self.decision == "close" else "recalled", self.reason)
        return {"type": "ir.actions.act_window_close"}
