from odoo import fields, models

from .account_move import PROVISION_GROUPS


class ArCreditProfile(models.Model):
    _inherit = "ar.credit.profile"

    provision_amount = fields.Monetary(
        string="Expected Loss",
        compute="_compute_provision_amount",
        groups=PROVISION_GROUPS,
        help="By the last posted provision run, in company currency.",
    )

    def _compute_provision_amount(self):
        self.provision_amount = 0.0
        for company, profiles in self.grouped("company_id").items():
            amounts = self.env["ar.provision.run"]._sum_by_customer(company, profiles.partner_id)
            for profile in profiles:
                profile.provision_amount = amounts.get(profile.partner_id.id, 0.0)

    def action_view_provision_lines(self):
        """Show the items of the customer in the last posted provision run."""
        self.ensure_one()
        return self.env["ar.provision.run"]._show_customer(self.company_id, self.partner_id)
