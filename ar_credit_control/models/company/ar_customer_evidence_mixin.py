from odoo import api, models


class ArCustomerEvidenceMixin(models.AbstractModel):
    """Evidence about a customer (``partner_id``) in a root company (``company_id``).

    It belongs to the commercial entity and the root company of whoever is given.
    """

    _name = "ar.customer.evidence.mixin"
    _description = "Evidence About a Customer"
    _inherit = ["ar.evidence.mixin"]

    @api.model_create_multi
    def create(self, vals_list):
        return super().create([self._prepare_key_vals(dict(vals)) for vals in vals_list])

    def write(self, vals):
        result = super().write(self._prepare_key_vals(dict(vals)))
        if "company_id" in vals:
            self.check_access("write")  # what is moved into another company needs the right there
        return result

    @api.model
    def _prepare_key_vals(self, vals):
        """Let a contact stand for its company, a branch for its root company."""
        if vals.get("partner_id"):
            partner = self.env["res.partner"].browse(vals["partner_id"])
            vals["partner_id"] = partner.sudo().commercial_partner_id.id  # sudo: it may not be readable
        if vals.get("company_id"):
            company = self.env["res.company"].browse(vals["company_id"])
            vals["company_id"] = company.sudo()._credit_root().id  # sudo: the root company of a branch
        return vals
