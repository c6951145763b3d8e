from odoo import api, models


class ResCompany(models.Model):
    _inherit = "res.company"

    @api.model_create_multi
    def create(self, vals_list):
        companies = super().create(vals_list)
        companies._credit_start_rules()
        return companies

    def _credit_start_rules(self):
        """Give the root companies among these that have no rules yet the standard set."""
        rules = self.env["ar.credit.rule"].sudo()  # who creates companies may not write rules
        roots = self.filtered(lambda company: not company.parent_id)
        known = rules.with_context(active_test=False).search([("company_id", "in", roots.ids)]).company_id
        rules._create_preset("standard", roots - known)
