from odoo import models


class ResCompany(models.Model):
    _inherit = "res.company"

    def write(self, vals):
        """Settings of credit control may let held orders pass."""
        result = super().write(vals)
        if any(name.startswith("credit_") for name in vals):
            self.env["ar.credit.recheck"]._add(None, self)
        return result
