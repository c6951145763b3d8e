from odoo import fields, models


class ResConfigSettings(models.TransientModel):
    _inherit = "res.config.settings"

    interest_scheme_id = fields.Many2one(
        related="company_id.root_id.interest_scheme_id",
        readonly=False,
        domain="[('company_id', 'parent_of', company_id)]",
    )
    interest_journal_id = fields.Many2one(
        related="company_id.root_id.interest_journal_id",
        readonly=False,
        domain="[('type', '=', 'sale'), ('company_id', 'parent_of', company_id)]",
    )
    interest_product_id = fields.Many2one(related="company_id.root_id.interest_product_id", readonly=False)
    interest_fee_product_id = fields.Many2one(
        related="company_id.root_id.interest_fee_product_id", readonly=False
    )
    interest_account_id = fields.Many2one(
        related="company_id.root_id.interest_account_id",
        readonly=False,
        domain="[('account_type', 'in', ('income', 'income_other')), ('company_ids', 'parent_of', "
        "company_id)]",
    )
    interest_payment_days = fields.Integer(related="company_id.root_id.interest_payment_days", readonly=False)
