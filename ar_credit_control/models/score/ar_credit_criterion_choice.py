from odoo import fields, models


class ArCreditCriterionChoice(models.Model):
    """An answer that one can choose to the question of a scorecard."""

    _name = "ar.credit.criterion.choice"
    _description = "Scorecard Answer"
    _order = "criterion_id, points DESC, id"

    criterion_id = fields.Many2one("ar.credit.criterion", required=True, index=True, ondelete="cascade")
    name = fields.Char(required=True, translate=True, string="Answer")
    points = fields.Float(required=True, help="0 is worst, 100 is best.")

    _points_range = models.Constraint(
        "CHECK (points BETWEEN 0 AND 100)", "Points of an answer lie between 0 and 100."
    )
