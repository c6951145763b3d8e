from odoo import fields, models


class ResConfigSettings(models.TransientModel):
    _inherit = "res.config.settings"

    credit_limitation_warn_days = fields.Integer(
        related="company_id.root_id.credit_limitation_warn_days", readonly=False
    )
    credit_limitation_last_days = fields.Integer(
        related="company_id.root_id.credit_limitation_last_days", readonly=False
    )
