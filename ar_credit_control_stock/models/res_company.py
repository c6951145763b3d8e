from odoo import fields, models


class ResCompany(models.Model):
    _inherit = "res.company"

    credit_reserve_held = fields.Boolean(
        string="Reserve Goods for Held Orders",
        default=True,
        help="On: goods are reserved for an order on credit hold as for any other. "
        "Off: they stay available to others until credit control has released it.",
    )
