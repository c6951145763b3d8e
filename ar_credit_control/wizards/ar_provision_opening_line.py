from odoo import fields, models


class ArProvisionOpeningLine(models.TransientModel):
    """What one account holds that is taken over."""

    _name = "ar.provision.opening.line"
    _description = "Existing Allowance of an Account"

    opening_id = fields.Many2one("ar.provision.opening", required=True, readonly=True, ondelete="cascade")
    company_id = fields.Many2one("res.company", readonly=True)
    currency_id = fields.Many2one(related="company_id.currency_id")
    account_id = fields.Many2one("account.account", string="Allowance Account", readonly=True)
    amount = fields.Monetary(readonly=True)
