import operator as compare

from odoo import api, fields, models
from odoo.fields import Domain
from odoo.tools import SQL

from .account_move import WRITEOFF_GROUPS

COMPARISONS = {">": compare.gt, ">=": compare.ge, "<": compare.lt, "<=": compare.le}


class ResPartner(models.Model):
    """What was written off stays with the customer, and what of it came in after all."""

    _inherit = "res.partner"

    writeoff_count = fields.Integer(string="Write-offs", compute="_compute_writeoff", groups=WRITEOFF_GROUPS)
    writeoff_amount = fields.Monetary(
        string="Written Off",
        compute="_compute_writeoff",
        search="_search_writeoff_amount",
        groups=WRITEOFF_GROUPS,
        help="What this company gave up of the customer's debts and did not recover, in company currency.",
    )
    writeoff_recovered = fields.Monetary(
        string="Recovered",
        compute="_compute_writeoff",
        search="_search_writeoff_recovered",
        groups=WRITEOFF_GROUPS,
        help="What the customer paid after all of what this company had given up, in company currency.",
    )

    @api.depends_context("company")
    def _compute_writeoff(self):
        figures = self.env["ar.writeoff"]._get_figures(self.commercial_partner_id, self.env.company)
        for partner in self:
            found = figures.get(partner.commercial_partner_id.id, (0, 0.0, 0.0, None))
            partner.writeoff_count, partner.writeoff_amount, partner.writeoff_recovered, _last = found

    @api.model
    def _search_writeoff_amount(self, operator, value):
        lost = SQL("SUM(ar_writeoff.amount - COALESCE(ar_writeoff.amount_recovered, 0))")
        return self._search_writeoff(lost, operator, value)

    @api.model
    def _search_writeoff_recovered(self, operator, value):
        return self._search_writeoff(SQL("SUM(COALESCE(ar_writeoff.amount_recovered, 0))"), operator, value)

    @api.model
    def _search_writeoff(self, total, operator, value):
        """Return a domain for partners whose commercial entity's total in the current company matches.

        Customers of whom nothing was written off have a total of zero.
        """
        if operator == "in":
            values = [amount or 0.0 for amount in value]
            zero, matches = 0.0 in values, SQL("%s = ANY(%s::numeric[])", total, values)
        elif operator in COMPARISONS:
            zero = COMPARISONS[operator](0.0, value)
            matches = SQL("%s %s %s::numeric", total, SQL(operator), value)
        else:
            return NotImplemented
        rows = self.env["ar.writeoff"]._search(
            [("company_id", "=", self.env.company._credit_root().id), ("state", "=", "posted")]
        )
        partners = SQL(
            "(SELECT partner_id FROM ar_writeoff WHERE id IN %s GROUP BY partner_id HAVING %s)",
            rows.subselect(),
            SQL("NOT (%s)", matches) if zero else matches,
        )
        domain = Domain.custom(
            to_sql=lambda model, alias, query: SQL(
                "%s IN %s", SQL.identifier(alias, "commercial_partner_id"), partners
            )
        )
        return ~domain if zero else domain

    def action_open_writeoffs(self):
        """Open the write-offs of this customer."""
        self.ensure_one()
        action = self.env["ir.actions.act_window"]._for_xml_id("ar_credit_control.action_writeoff")
        return {
            **action,
            "domain": [("partner_id", "=", self.commercial_partner_id.id)],
            "context": {},
        }
