from odoo import fields, models


class ResConfigSettings(models.TransientModel):
    _inherit = "res.config.settings"

    credit_bill_bank_share = fields.Float(related="company_id.root_id.credit_bill_bank_share", readonly=False)
    credit_bill_commercial_share = fields.Float(
        related="company_id.root_id.credit_bill_commercial_share", readonly=False
    )
    credit_cover_warn_days = fields.Integer(
        related="company_id.root_id.credit_cover_warn_days", readonly=False
    )
    credit_report_warn_days = fields.Integer(
        related="company_id.root_id.credit_report_warn_days", readonly=False
    )
    credit_bill_warn_days = fields.Integer(related="company_id.root_id.credit_bill_warn_days", readonly=False)
