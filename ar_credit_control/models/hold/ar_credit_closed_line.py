from odoo import api, models


class ArCreditClosedLine(models.Model):
    _inherit = "ar.credit.closed.line"

    @api.model
    def _close(self, orders):
        """A remainder that counts no longer frees credit."""
        closed = super()._close(orders)
        for company, of_company in closed.grouped("company_id").items():
            self.env["ar.credit.recheck"]._add(of_company.partner_invoice_id, company)
        return closed
