from odoo import api, fields, models

from .account_move import PROVISION_GROUPS


class ResPartner(models.Model):
    _inherit = "res.partner"

    credit_provision_amount = fields.Monetary(
        string="Expected Loss",
        compute="_compute_credit_provision_amount",
        groups=PROVISION_GROUPS,
        help="By the last posted provision run of the company, in company currency.",
    )

    @api.depends("commercial_partner_id")
    @api.depends_context("company")
    def _compute_credit_provision_amount(self):
        root = self.env.company._credit_root()
        amounts = self.env["ar.provision.run"]._sum_by_customer(root, self.commercial_partner_id)
        for partner in self:
            partner.credit_provision_amount = amounts.get(partner.commercial_partner_id.id, 0.0)

    def action_credit_provision_lines(self):
        """Show the items of the customer in the last posted provision run."""
        self.ensure_one()
        root = self.env.company._credit_root()
        return self.env["ar.provision.run"]._show_customer(root, self.commercial_partner_id)
