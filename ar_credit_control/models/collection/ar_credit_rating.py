from odoo import fields, models


class ArCreditRating(models.Model):
    _inherit = "ar.credit.rating"

    collection_factor = fields.Float(
        string="Weight in the Worklist",
        default=1.0,
        help="Multiplies the expected value of a contact. Below 1: they pay without being asked. Above 1: "
        "the money goes to who asks first. Grades older than the worklist start with 1.",
    )
