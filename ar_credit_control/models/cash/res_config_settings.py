from odoo import fields, models


class ResConfigSettings(models.TransientModel):
    _inherit = "res.config.settings"

    cash_currency_id = fields.Many2one(related="company_id.root_id.currency_id", string="Main Currency")
    cash_approval_amount = fields.Monetary(
        related="company_id.root_id.cash_approval_amount",
        readonly=False,
        currency_field="cash_currency_id",
    )
    cash_item_order = fields.Selection(related="company_id.root_id.cash_item_order", readonly=False)
    cash_interest_first = fields.Boolean(related="company_id.root_id.cash_interest_first", readonly=False)
