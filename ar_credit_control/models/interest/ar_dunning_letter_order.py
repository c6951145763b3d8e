from odoo import api, fields, models


class ArDunningLetter(models.Model):
    _inherit = "ar.dunning.letter"

    falls_under_order_802 = fields.Boolean(
        string="Order 802 Applies",
        compute="_compute_falls_under_order_802",
        help="By the days that the credit profile of the customer names.",
    )

    @api.depends("partner_id", "company_id")
    def _compute_falls_under_order_802(self):
        letters = self.sudo()  # sudo: facts of the customer, for the text of its letter
        profiles = self.env["ar.credit.profile"].sudo()  # sudo: as above
        found = profiles.search_fetch(
            [
                ("partner_id", "in", letters.partner_id.commercial_partner_id.ids),
                ("company_id", "in", letters.company_id.root_id.ids),
                ("sme_disclosed_on", "!=", False),
                ("large_on", "!=", False),
            ],
            ["partner_id", "company_id", "sme_disclosed_on", "large_on"],
        )
        keys = {(profile.partner_id, profile.company_id) for profile in found}
        for letter in letters:
            key = (letter.partner_id.commercial_partner_id, letter.company_id.root_id)
            letter.falls_under_order_802 = key in keys
