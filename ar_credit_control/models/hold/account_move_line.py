from odoo import models


class AccountMoveLine(models.Model):
    _inherit = "account.move.line"

    def _credit_recheck(self):
        """Have the held orders of the customers of these items checked again."""
        receivable = self.filtered(lambda line: line.account_id.account_type == "asset_receivable")
        for company, lines in receivable.grouped("company_id").items():
            self.env["ar.credit.recheck"]._add(lines.partner_id, company)
