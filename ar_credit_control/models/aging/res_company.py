from odoo import api, models


class ResCompany(models.Model):
    _inherit = "res.company"

    @api.model_create_multi
    def create(self, vals_list):
        companies = super().create(vals_list)
        # sudo: whoever may create a company needs no right on buckets for the defaults to exist.
        self.env["ar.aging.bucket"].sudo()._create_missing()
        return companies
