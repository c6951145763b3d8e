from odoo import fields, models


class ArCreditProfile(models.Model):
    _inherit = "ar.credit.profile"

    dunning_policy_id = fields.Many2one(
        "ar.dunning.policy",
        string="Dunning Policy",
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
    dunning_letter_ids = fields.One2many(
        "ar.dunning.letter", compute="_compute_dunning_letter_ids", string="Letters"
    )
    dunning_letter_count = fields.Integer(compute="_compute_dunning_letter_ids", string="Number of Letters")

    def _compute_dunning_letter_ids(self):
        letters = self.env["ar.dunning.letter"].search([("partner_id", "in", self.partner_id.ids)])
        by_customer = letters.grouped(lambda letter: (letter.partner_id, letter.company_id))
        for profile in self:
            profile.dunning_letter_ids = by_customer.get(
                (profile.partner_id, profile.company_id), letters[:0]
            )
            profile.dunning_letter_count = len(profile.dunning_letter_ids)

    def action_view_dunning_letters(self):
        """Show the letters of the customer."""
        self.ensure_one()
        action = self.env["ir.actions.act_window"]._for_xml_id("ar_credit_control.action_dunning_letter")
        action["domain"] = [("partner_id", "=", self.partner_id.id), ("company_id", "=", self.company_id.id)]
        action["context"] = {}
        return action
