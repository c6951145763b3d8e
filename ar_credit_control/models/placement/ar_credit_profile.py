from odoo import fields, models


class ArCreditProfile(models.Model):
    _inherit = "ar.credit.profile"

    limitation_period_id = fields.Many2one(
        "ar.limitation.period",
        ondelete="restrict",
        tracking=True,
        help="By the law of the contract. Empty: the shortest of our country's and the customer's.",
    )
