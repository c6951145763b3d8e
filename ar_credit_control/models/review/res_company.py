from odoo import fields, models


class ResCompany(models.Model):
    _inherit = "res.company"

    credit_review_every_tier = fields.Boolean(
        string="Every Tier Approves",
        help="Each tier below the one that may decide approves first. Otherwise the lowest tier whose "
        "authority covers the limit decides alone.",
    )
    credit_review_lead_days = fields.Integer(
        string="Open Reviews Ahead (days)",
        default=14,
        help="Periodic reviews are opened and assigned this many days before they are due.",
    )
