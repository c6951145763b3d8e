from odoo import api, fields, models


class ArCreditProfile(models.Model):
    """How much of a customer's exposure must be covered, and what covers it."""

    _inherit = "ar.credit.profile"

    cover_required_share = fields.Float(
        string="Cover Required (%)",
        digits=(5, 2),
        tracking=True,
        help="Share of the exposure that securities must cover, for the rule on cover. Zero: none is "
        "required.",
    )
    security_count = fields.Integer(compute="_compute_cover_counts")
    bill_count = fields.Integer(string="Bills of Exchange", compute="_compute_cover_counts")

    _cover_share_within = models.Constraint(
        "CHECK (cover_required_share IS NULL OR cover_required_share BETWEEN 0 AND 100)",
        "The cover required lies between 0 and 100 % of the exposure.",
    )

    @api.depends("partner_id", "company_id")
    def _compute_cover_counts(self):
        for model, name in (("ar.credit.security", "security_count"), ("ar.bill.receivable", "bill_count")):
            counts = {
                (partner.id, company.id): count
                for partner, company, count in self.env[model]._read_group(
                    [("partner_id", "in", self.partner_id.ids), ("state", "!=", "cancelled")],
                    ["partner_id", "company_id"],
                    ["__count"],
                )
            }
            for profile in self:
                profile[name] = counts.get((profile.partner_id.id, profile.company_id.id), 0)

    def action_open_securities(self):
        """Open the securities of the customer."""
        self.ensure_one()
        return self.partner_id.with_company(
            self.company_id._credit_working_company()
        ).action_credit_documents("security")

    def action_open_bills(self):
        """Open the bills of exchange of the customer."""
        self.ensure_one()
        return self.partner_id.with_company(
            self.company_id._credit_working_company()
        ).action_credit_documents("notes")
