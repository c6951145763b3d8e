from odoo import fields, models


class ResConfigSettings(models.TransientModel):
    _inherit = "res.config.settings"

    credit_reserve_held = fields.Boolean(related="company_id.root_id.credit_reserve_held", readonly=False)
