from odoo import api, fields, models


class ArProvisionCancel(models.TransientModel):
    """Asks why a provision run is cancelled; the run checks who may."""

    _name = "ar.provision.cancel"
    _description = "Reason for Cancelling a Provision Run"

    run_id = fields.Many2one("ar.provision.run", required=True, readonly=True)
    currency_id = fields.Many2one(related="run_id.currency_id")
    amount = fields.Monetary(compute="_compute_amount", string="To Be Reversed")
    reason = fields.Char(required=True, help="Kept with the run.")

    @api.depends("run_id")
    def _compute_amount(self):
        for wizard in self:
            wizard.amount = wizard.run_id._get_amount_to_reverse()

    def action_confirm(self):
        self.ensure_one()
        return self.run_id.action_cancel(self.run_id._check_reason(self.reason))
