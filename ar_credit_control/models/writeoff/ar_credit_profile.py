from odoo import fields, models


class ArCreditProfile(models.Model):
    _inherit = "ar.credit.profile"

    writeoff_amount = fields.Monetary(
        string="Written Off",
        compute="_compute_writeoff",
        help="What was given up of the customer's debts and not recovered.",
    )
    writeoff_recovered = fields.Monetary(
        string="Recovered", compute="_compute_writeoff", help="What was paid after all."
    )
    writeoff_date = fields.Date(string="Last Write-off", compute="_compute_writeoff")

    def _compute_writeoff(self):
        writeoffs = self.env["ar.writeoff"]
        for company, profiles in self.grouped("company_id").items():
            figures = writeoffs._get_figures(profiles.partner_id, company)
            for profile in profiles:
                _count, amount, recovered, last = figures.get(profile.partner_id.id, (0, 0.0, 0.0, False))
                profile.writeoff_amount = amount
                profile.writeoff_recovered = recovered
                profile.writeoff_date = last

    def action_open_writeoffs(self):
        """Open the write-offs of this customer."""
        self.ensure_one()
        return self.partner_id.action_open_writeoffs()
