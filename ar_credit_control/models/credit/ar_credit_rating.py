from odoo import fields, models


class ArCreditRating(models.Model):
    """Ordered grade of credit worthiness, best first."""

    _name = "ar.credit.rating"
    _description = "Credit Rating"
    _order = "sequence, id"

    name = fields.Char(required=True, translate=True)
    sequence = fields.Integer(default=10)
    color = fields.Integer()
    active = fields.Boolean(default=True)
