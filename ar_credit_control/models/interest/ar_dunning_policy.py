from odoo import fields, models


class ArDunningPolicy(models.Model):
    _inherit = "ar.dunning.policy"

    interest_scheme_id = fields.Many2one(
        "ar.interest.scheme",
        tracking=True,
        ondelete="restrict",
        domain="[('company_id', '=', company_id)]",
        help="Late interest and fixed sums for the customers of the policy. Empty: the scheme of the "
        "company. Letters claim them from the stages on that say so.",
    )

    def copy_data(self, default=None):
        vals_list = super().copy_data(default)
        company = (default or {}).get("company_id")
        for policy, vals in zip(self, vals_list, strict=True):
            if company and company != policy.company_id.id:
                vals["interest_scheme_id"] = False
        return vals_list
