from odoo import fields, models


class ArCreditProfile(models.Model):
    _inherit = "ar.credit.profile"

    dunning_policy_id = fields.Many2one(
        "ar.dunning.policy",
        tracking=True,
        ondelete="set null",
        domain="[('company_id', '=', company_id)]",
        help="Empty: the first active policy that fits the customer.",
    )
    dunning_excluded = fields.Boolean(
        string="Excluded From Dunning", tracking=True, help="The customer gets no letters."
    )
    dunning_excluded_reason = fields.Char(string="Reason for Exclusion", tracking=True)
    dunning_excluded_until = fields.Date(
        string="Excluded Until", tracking=True, help="Last day without letters. Empty: until further notice."
    )
    dunning_letter_count = fields.Integer(compute="_compute_dunning_letter_count", string="Letters")

    def _compute_dunning_letter_count(self):
        counts = {
            (partner, company): count
            for partner, company, count in self.env["ar.dunning.letter"]._read_group(
                [("partner_id", "in", self.partner_id.ids), ("company_id", "in", self.company_id.ids)],
                ["partner_id", "company_id"],
                ["__count"],
            )
        }
        for profile in self:
            profile.dunning_letter_count = counts.get((profile.partner_id, profile.company_id), 0)

    def action_view_dunning_letters(self):
        """Show the letters of the customer."""
        self.ensure_one()
        action = self.env["ir.actions.act_window"]._for_xml_id("ar_credit_control.action_dunning_letter")
        action["domain"] = [("partner_id", "=", self.partner_id.id), ("company_id", "=", self.company_id.id)]
        action["context"] = {}
        return action
