from odoo import models


class ArCreditSecurity(models.Model):
    _inherit = "ar.credit.security"

    def _invalidate_figures(self):
        """A security that becomes valid adds to the limit."""
        result = super()._invalidate_figures()
        for company, securities in self.grouped("company_id").items():
            self.env["ar.credit.recheck"]._add(securities.partner_id, company)
        return result
