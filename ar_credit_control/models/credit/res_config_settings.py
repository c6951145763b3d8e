from odoo import fields, models


class ResConfigSettings(models.TransientModel):
    _inherit = "res.config.settings"

    credit_in_transit = fields.Boolean(related="company_id.root_id.credit_in_transit", readonly=False)
