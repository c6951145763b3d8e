from odoo import fields, models


class ResConfigSettings(models.TransientModel):
    _inherit = "res.config.settings"

    credit_root_currency_id = fields.Many2one(
        related="company_id.root_id.currency_id", string="Currency of the Main Company"
    )
    credit_promise_tolerance_days = fields.Integer(
        related="company_id.root_id.credit_promise_tolerance_days", readonly=False
    )
    credit_promise_tolerance_percent = fields.Float(
        related="company_id.root_id.credit_promise_tolerance_percent", readonly=False
    )
    credit_promise_tolerance_amount = fields.Monetary(
        related="company_id.root_id.credit_promise_tolerance_amount",
        currency_field="credit_root_currency_id",
        readonly=False,
    )
    credit_promise_partly_broken = fields.Boolean(
        related="company_id.root_id.credit_promise_partly_broken", readonly=False
    )
    credit_plan_grace_days = fields.Integer(
        related="company_id.root_id.credit_plan_grace_days", readonly=False
    )
    credit_agreements_spare_holds = fields.Boolean(
        related="company_id.root_id.credit_agreements_spare_holds", readonly=False
    )
