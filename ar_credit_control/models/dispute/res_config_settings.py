from odoo import fields, models


class ResConfigSettings(models.TransientModel):
    _inherit = "res.config.settings"

    credit_dispute_grace_days = fields.Integer(
        related="company_id.root_id.credit_dispute_grace_days", readonly=False
    )
