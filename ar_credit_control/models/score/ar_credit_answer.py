from odoo import api, fields, models
from odoo.exceptions import ValidationError


class ArCreditAnswer(models.Model):
    """What a person answered to a question of a scorecard about a customer. The newest answer counts."""

    _name = "ar.credit.answer"
    _description = "Answer About a Customer"
    _inherit = ["ar.credit.of.customer"]
    _order = "date DESC, id DESC"
    _rec_name = "criterion_id"

    criterion_id = fields.Many2one(
        "ar.credit.criterion",
        string="Question",
        required=True,
        index=True,
        ondelete="restrict",
        domain="[('measure', '=', 'answer'), ('company_id', '=', company_id)]",
    )
    choice_id = fields.Many2one(
        "ar.credit.criterion.choice",
        string="Answer",
        required=True,
        ondelete="restrict",
        domain="[('criterion_id', '=', criterion_id)]",
    )
    points = fields.Float(related="choice_id.points")
    note = fields.Char(help="Who said so, what it rests on.")
    date = fields.Date(required=True, default=fields.Date.context_today)
    user_id = fields.Many2one(
        "res.users",
        string="Answered By",
        required=True,
        readonly=True,
        ondelete="restrict",
        default=lambda self: self.env.user,
    )

    @api.onchange("criterion_id")
    def _onchange_criterion_id(self):
        if self.choice_id.criterion_id != self.criterion_id:
            self.choice_id = False

    @api.constrains("criterion_id", "choice_id", "company_id")
    def _check_choice(self):
        for answer in self:
            question = answer.criterion_id
            if question.measure != "answer" or question.company_id != answer.company_id:
                raise ValidationError(
                    self.env._(
                        "“%(question)s” is no question of %(company)s.",
                        question=question.name,
                        company=answer.company_id.name,
                    )
                )
            if answer.choice_id.criterion_id != question:
                raise ValidationError(
                    self.env._(
                        "“%(answer)s” is no answer to “%(question)s”.",
                        answer=answer.choice_id.name,
                        question=answer.criterion_id.name,
                    )
                )

    @api.model_create_multi
    def create(self, vals_list):
        """Whoever answers signs for it."""
        return super().create([{**vals, "user_id": self.env.uid} for vals in vals_list])

    def write(self, vals):
        if not vals.keys() <= {"active"}:
            vals = {**vals, "user_id": self.env.uid}
        return super().write(vals)
