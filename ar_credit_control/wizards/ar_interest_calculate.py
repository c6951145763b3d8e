from odoo import api, fields, models
from odoo.exceptions import AccessError, UserError
from odoo.tools import format_date


class ArInterestCalculate(models.TransientModel):
    """Counts late interest until a day and writes it down as open claims."""

    _name = "ar.interest.calculate"
    _description = "Count Late Interest"

    company_id = fields.Many2one("res.company", required=True, default=lambda self: self.env.company.root_id)
    date = fields.Date(
        string="Until", required=True, default=fields.Date.context_today, help="The last day that counts."
    )
    partner_ids = fields.Many2many("res.partner", string="Customers")
    scope = fields.Selection(
        [("all", "All late items"), ("settled", "Only items whose principal is paid")],
        string="Which",
        required=True,
        default="all",
        help="Claiming once the principal is paid gives one claim an instalment.",
    )
    line_ids = fields.Many2many("account.move.line", string="Journal Items")
    warning = fields.Text(compute="_compute_warning")

    @api.depends("company_id")
    def _compute_warning(self):
        for wizard in self:
            schemes = self.env["ar.interest.scheme"].search([("company_id", "=", wizard.company_id.id)])
            used = schemes & (
                wizard.company_id.interest_scheme_id
                | self.env["ar.dunning.policy"]
                .search([("company_id", "=", wizard.company_id.id)])
                .interest_scheme_id
            )
            warnings = dict.fromkeys(warning for warning in used.mapped("rate_warning") if warning)
            wizard.warning = "\n".join(warnings)

    def action_show(self):
        """Show the accrued interest at the day, written nowhere."""
        self.ensure_one()
        action = self.env["ir.actions.act_window"]._for_xml_id("ar_credit_control.action_interest_accrual")
        partners = self.partner_ids.commercial_partner_id
        action["name"] = action["display_name"] = self.env._(
            "Interest Until %s", format_date(self.env, self.date)
        )
        action["context"] = {
            "ar_as_of": fields.Date.to_string(self.date),
            "search_default_to_claim": 1,
            "search_default_settled": int(self.scope == "settled"),
        }
        action["domain"] = [("root_company_id", "=", self.company_id.id)]
        if partners:
            action["domain"].append(("partner_id", "in", partners.ids))
            action["context"]["ar_interest_partner_ids"] = partners.ids
        return action

    def action_claim(self):
        """Write the claims and show them.

        :raise AccessError: for a user who is no collector.
        :raise UserError: when nothing is left to claim, or for a day in the future.
        """
        self.ensure_one()
        if not self.env.user.has_group("ar_credit_control.group_collector"):
            raise AccessError(self.env._("Only collectors count interest."))
        if self.date > self.company_id._credit_today():
            raise UserError(self.env._("Interest is claimed until today at most."))
        partners = self.partner_ids.commercial_partner_id
        # sudo: claims are written by this method alone; the rights were checked above
        claims = (
            self.env["ar.interest.claim"]
            .sudo()
            ._claim(
                self.company_id,
                self.date,
                partner_ids=partners.ids or None,
                line_ids=self.line_ids.ids or None,
                settled_only=self.scope == "settled",
            )
        )
        if not claims:
            raise UserError(
                self.env._(
                    "Nothing is left to claim until this day: no late items, no scheme for these "
                    "customers, or everything is claimed already."
                )
            )
        action = self.env["ir.actions.act_window"]._for_xml_id("ar_credit_control.action_interest_claim")
        action["domain"] = [("id", "in", claims.ids)]
        action["context"] = {}
        return action
