from odoo import api, models

# What the credit rules look at.
DECISIONS = {
    "active",
    "hold_override",
    "limit",
    "limit_currency_id",
    "limit_set",
    "limit_valid_until",
    "next_review_date",
    "parent_id",
    "payment_days",
    "payment_days_set",
    "rating_id",
    "temporary_from",
    "temporary_limit",
    "temporary_to",
}


class ArCreditProfile(models.Model):
    """Limits and terms that change, directly or by a review, may let held orders pass."""

    _inherit = "ar.credit.profile"

    @api.model_create_multi
    def create(self, vals_list):
        profiles = super().create(vals_list)
        profiles._credit_recheck()
        return profiles

    def write(self, vals):
        before = self.parent_id
        result = super().write(vals)
        if DECISIONS.intersection(vals):
            (self | before)._credit_recheck()  # who leaves a group makes room in it
        return result

    def _write_unguarded(self, vals):
        result = super()._write_unguarded(vals)
        if DECISIONS.intersection(vals):
            self._credit_recheck()
        return result

    def _credit_recheck(self):
        for company, profiles in self.grouped("company_id").items():
            self.env["ar.credit.recheck"]._add(profiles.partner_id, company)
