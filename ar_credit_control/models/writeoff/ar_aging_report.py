from odoo import models


class ArAgingReport(models.Model):
    _inherit = "ar.aging.report"

    def action_request_writeoff(self):
        """Open the dialog that asks for writing the chosen items off."""
        return self.env["ar.writeoff.request"]._open_form(self)
