from odoo import api, fields, models
from odoo.exceptions import UserError


class ArCreditReviewLine(models.Model):
    """One criterion of the score that a review was decided on, as it was measured then."""

    _name = "ar.credit.review.line"
    _description = "Credit Review Criterion"
    _order = "review_id, sequence, id"

    review_id = fields.Many2one(
        "ar.credit.review", required=True, index=True, ondelete="restrict", readonly=True
    )
    sequence = fields.Integer(default=10, readonly=True)
    name = fields.Char(string="Criterion", required=True, readonly=True)
    measured = fields.Char(readonly=True, help="What was measured; empty when nothing was known.")
    known = fields.Boolean(string="Counted", readonly=True, help="Off: unknown, left out of the score.")
    points = fields.Float(readonly=True, help="0 to 100.")
    weight = fields.Float(readonly=True, help="Share of the criterion in the score.")
    text = fields.Char(string="Explanation", readonly=True)

    @api.ondelete(at_uninstall=False)
    def _unlink_except_decided(self):
        if any(line.review_id.state not in ("draft", "submitted") for line in self):
            raise UserError(self.env._("Scores of credit reviews are kept as evidence."))
