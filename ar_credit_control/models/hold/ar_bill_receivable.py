from odoo import models


class ArBillReceivable(models.Model):
    _inherit = "ar.bill.receivable"

    def _invalidate_figures(self):
        """A bill that is collected counts no longer."""
        result = super()._invalidate_figures()
        for company, bills in self.grouped("company_id").items():
            self.env["ar.credit.recheck"]._add(bills.partner_id, company)
        return result
