from odoo import fields, models


class ArWriteoffDecision(models.TransientModel):
    """Asks why a write-off is refused, sent back or cancelled; its own methods check who may."""

    _name = "ar.writeoff.decision"
    _description = "Reason of a Decision on a Write-off"

    writeoff_id = fields.Many2one("ar.writeoff", required=True, readonly=True)
    decision = fields.Selection(
        [("refuse", "Refuse"), ("send_back", "Send Back"), ("cancel", "Cancel")], required=True, readonly=True
    )
    writeoff_state = fields.Selection(related="writeoff_id.state")
    reason = fields.Char(required=True, help="Kept with the write-off.")

    def action_apply(self):
        """Decide with this reason."""
        self.ensure_one()
        writeoff = self.writeoff_id
        if self.decision == "refuse":
            writeoff.action_refuse(self.reason)
        elif self.decision == "send_back":
            writeoff.action_send_back(self.reason)
        else:
            writeoff.action_cancel(self.reason)
        return {"type": "ir.actions.act_window_close"}
