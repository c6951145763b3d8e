from odoo import fields, models


class ResConfigSettings(models.TransientModel):
    _inherit = "res.config.settings"

    collection_paid_days = fields.Integer(related="company_id.root_id.collection_paid_days", readonly=False)
    collection_cash_user_id = fields.Many2one(
        related="company_id.root_id.collection_cash_user_id", readonly=False
    )
