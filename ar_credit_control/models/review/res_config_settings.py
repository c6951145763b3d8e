from odoo import fields, models


class ResConfigSettings(models.TransientModel):
    _inherit = "res.config.settings"

    credit_review_every_tier = fields.Boolean(
        related="company_id.root_id.credit_review_every_tier", readonly=False
    )
    credit_review_lead_days = fields.Integer(
        related="company_id.root_id.credit_review_lead_days", readonly=False
    )
