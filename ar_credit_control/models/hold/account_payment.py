from odoo import models


class AccountPayment(models.Model):
    _inherit = "account.payment"

    def write(self, vals):
        """A payment that arrives is no longer in transit."""
        result = super().write(vals)
        if {"state", "is_matched"}.intersection(vals):
            for company, payments in self.grouped("company_id").items():
                self.env["ar.credit.recheck"]._add(payments.partner_id, company)
        return result
