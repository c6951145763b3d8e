from odoo import models


class ArCreditRule(models.Model):
    _inherit = "ar.credit.rule"

    def _forget_figures(self):
        """Other rules may let held orders pass."""
        result = super()._forget_figures()
        self.env["ar.credit.recheck"]._add(None, self.company_id)
        return result
