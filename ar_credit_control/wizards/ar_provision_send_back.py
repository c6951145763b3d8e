from odoo import fields, models


class ArProvisionSendBack(models.TransientModel):
    """Asks why a provision run is sent back to who drafted it."""

    _name = "ar.provision.send.back"
    _description = "Reason for Sending a Provision Run Back"

    run_id = fields.Many2one("ar.provision.run", required=True, readonly=True)
    reason = fields.Char(required=True)

    def action_confirm(self):
        self.ensure_one()
        return self.run_id.action_send_back(self.run_id._check_reason(self.reason))
