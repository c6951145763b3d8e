from odoo import api, fields, models

from .account_move import WRITEOFF_GROUPS


class ResPartner(models.Model):
    """What was written off stays with the customer."""

    _inherit = "res.partner"

    writeoff_count = fields.Integer(string="Write-offs", compute="_compute_writeoff", groups=WRITEOFF_GROUPS)
    writeoff_amount = fields.Monetary(
        string="Written Off",
        compute="_compute_writeoff",
        groups=WRITEOFF_GROUPS,
        help="What this company gave up of the customer's debts and did not recover, in company currency.",
    )

    @api.depends_context("company")
    def _compute_writeoff(self):
        figures = self.env["ar.writeoff"]._get_figures(self.commercial_partner_id, self.env.company)
        for partner in self:
            count, amount, _last = figures.get(partner.commercial_partner_id.id, (0, 0.0, None))
            partner.writeoff_count = count
            partner.writeoff_amount = amount

    def action_open_writeoffs(self):
        """Open the write-offs of this customer."""
        self.ensure_one()
        action = self.env["ir.actions.act_window"]._for_xml_id("ar_credit_control.action_writeoff")
        return {
            **action,
            "domain": [("partner_id", "=", self.commercial_partner_id.id)],
            "context": {},
        }
