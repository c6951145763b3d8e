from collections import Counter

from odoo import api, fields, models
from odoo.exceptions import ValidationError


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

    dunning_exclusion_count = fields.Integer(
        compute="_compute_dunning_exclusion_count", string="Excluded Items"
    )

    @api.constrains("dunning_excluded", "dunning_excluded_reason")
    def _check_dunning_excluded(self):
        for profile in self:
            if profile.dunning_excluded and not (profile.dunning_excluded_reason or "").strip():
                raise ValidationError(
                    self.env._("Say why %s gets no letters: others decide by it later.", profile.display_name)
                )

    def _compute_dunning_exclusion_count(self):
        counts = Counter()
        for partner, company, count in self.env["ar.dunning.exclusion"]._read_group(
            [("partner_id", "in", self.partner_id.ids), ("state", "=", "active")],
            ["partner_id", "company_id"],
            ["__count"],
        ):
            counts[partner, company.root_id] += count
        for profile in self:
            profile.dunning_exclusion_count = counts[profile.partner_id, profile.company_id]

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

    def action_view_dunning_exclusions(self):
        """Show what letters to the customer leave out."""
        self.ensure_one()
        action = self.env["ir.actions.act_window"]._for_xml_id("ar_credit_control.action_dunning_exclusion")
        action["domain"] = [
            ("partner_id", "=", self.partner_id.id),
            ("company_id", "child_of", self.company_id.ids),
        ]
        return action

    def action_view_dunning_letters(self):
        """Show the letters of the customer."""
        self.ensure_one()
        action = self.env["ir.actions.act_window"]._for_xml_id("ar_credit_control.action_dunning_letter")
        action["domain"] = [("partner_id", "=", self.partner_id.id), ("company_id", "=", self.company_id.id)]
        action["context"] = {}
        return action
