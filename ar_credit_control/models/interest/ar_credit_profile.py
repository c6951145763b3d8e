from odoo import fields, models
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
    interest_waiting = fields.Monetary(
        compute="_compute_interest_waiting",
        string="Late Interest",
        groups="ar_credit_control.group_credit_user",
        help="Interest and fixed sums until today that are not posted, in company currency.",
    )

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
