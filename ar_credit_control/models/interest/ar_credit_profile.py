from odoo import api, fields, models
from odoo.tools import SQL


class ArCreditProfile(models.Model):
    _inherit = "ar.credit.profile"

    interest_scheme_id = fields.Many2one(
        "ar.interest.scheme",
        tracking=True,
        ondelete="restrict",
        domain="[('company_id', '=', company_id)]",
        help="Agreed with this customer. Empty: that of the dunning policy, else of the company.",
    )
    interest_excluded = fields.Boolean(
        string="No Late Interest",
        tracking=True,
        help="The customer is charged neither interest nor fixed sums.",
    )
    country_code = fields.Char(related="company_id.country_code", string="Country of the Company")
    sme_disclosed_on = fields.Date(
        string="Told That We Are Small",
        tracking=True,
        help="Day of the contract at which we told the customer that we are a small or medium firm, as State "
        "Council order 802 asks.",
    )
    large_on = fields.Date(
        string="Large or Public On",
        tracking=True,
        help="Day of the contract at which the customer was a large firm or a public body. With both days, "
        "order 802 applies: the final demand says where we may complain, and its interest is proposed.",
    )
    interest_waiting = fields.Monetary(
        compute="_compute_interest_waiting",
        string="Late Interest",
        groups="ar_credit_control.group_credit_user",
        help="Interest and fixed sums until today that are not posted, in company currency.",
    )

    @api.onchange("sme_disclosed_on", "large_on")
    def _onchange_order_802(self):
        """Propose the interest of order 802 where it applies and nothing was agreed."""
        for profile in self:
            if profile._falls_under_order_802() and not profile.interest_scheme_id:
                profile.interest_scheme_id = self.env["ar.interest.scheme"].search(
                    [("company_id", "=", profile.company_id.id), ("preset", "=", "china")], limit=1
                )

    def _falls_under_order_802(self):
        """Return whether the customer was large or public, and was told that we are not, at the contract."""
        self.ensure_one()
        return bool(self.sme_disclosed_on and self.large_on)

    def _compute_interest_waiting(self):
        figures = self.env["ar.interest.figures"]
        figures._flush()
        self.interest_waiting = 0.0
        for root, profiles in self.grouped("company_id").items():
            if not root or not profiles.partner_id:
                continue
            common = figures._ledger_with_sql(
                root._credit_today(), partner_ids=profiles.partner_id.ids, root_ids=root.ids
            )
            amounts = dict(
                self.env.execute_query(
                    SQL(
                        """WITH %s
                           SELECT partner_id,
                                  SUM((interest + fee + waiting_interest + waiting_fee) *
                                  company_rate)::float8 FROM interest_due GROUP BY partner_id""",
                        common,
                    )
                )
            )
            for profile in profiles:
                profile.interest_waiting = amounts.get(profile.partner_id.id, 0.0)

    def action_view_interest(self):
        """Show the late interest of the customer, by instalment, until today."""
        self.ensure_one()
        action = self.env["ir.actions.act_window"]._for_xml_id("ar_credit_control.action_interest_accrual")
        action["domain"] = [
            ("partner_id", "=", self.partner_id.id),
            ("root_company_id", "=", self.company_id.id),
        ]
        action["context"] = {"ar_interest_partner_ids": self.partner_id.ids}
        return action
