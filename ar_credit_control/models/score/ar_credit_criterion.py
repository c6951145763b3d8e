from odoo import api, fields, models
from odoo.exceptions import ValidationError

from .score_result import MEASURES

KINDS = [
    ("behaviour", "Payment behaviour"),
    ("financial", "Financial figures"),
    ("agency", "Agency report"),
    ("relation", "Relation"),
    ("qualitative", "Question"),
]


class ArCreditCriterion(models.Model):
    """One thing that a scorecard looks at, what it weighs and which value gives how many points."""

    _name = "ar.credit.criterion"
    _description = "Scorecard Criterion"
    _order = "scorecard_id, sequence, id"

    scorecard_id = fields.Many2one("ar.credit.scorecard", required=True, index=True, ondelete="cascade")
    company_id = fields.Many2one(related="scorecard_id.company_id", store=True, index=True)
    sequence = fields.Integer(default=10)
    name = fields.Char(
        compute="_compute_name", inverse="_inverse_name", help="For a question: what is asked."
    )
    custom_name = fields.Char(translate=True)
    measure = fields.Selection(
        selection="_selection_measure", required=True, default="answer", string="Looks At"
    )
    measure_help = fields.Char(compute="_compute_measure_help", string="Meaning")
    kind = fields.Selection(KINDS, compute="_compute_kind", store=True, precompute=True)
    weight = fields.Float(
        required=True,
        default=10.0,
        digits=(16, 1),
        help="Compared with the weights of the other criteria; they need not add up to 100.",
    )
    weight_share = fields.Float(string="Share (%)", digits=(16, 1), compute="_compute_weight_share")
    unknown = fields.Selection(
        [("leave_out", "Leave it out of the weights"), ("points", "Count these points")],
        string="When Unknown",
        required=True,
        default="leave_out",
        help="Left out, what is known weighs more. Points: not knowing counts for or against the customer.",
    )
    unknown_points = fields.Float(string="Points When Unknown")
    band_ids = fields.One2many("ar.credit.criterion.band", "criterion_id", string="Bands", copy=True)
    choice_ids = fields.One2many("ar.credit.criterion.choice", "criterion_id", string="Answers", copy=True)
    bands_text = fields.Char(compute="_compute_bands_text", string="Points")
    active = fields.Boolean(default=True)

    _weight_positive = models.Constraint("CHECK (weight > 0)", "A criterion needs a weight above zero.")
    _unknown_points_range = models.Constraint(
        "CHECK (unknown_points BETWEEN 0 AND 100)", "Points lie between 0 and 100."
    )

    @api.model
    def _selection_measure(self):
        return [(code, self.env._(measure.label)) for code, measure in MEASURES.items()]

    @api.depends("measure")
    def _compute_kind(self):
        for criterion in self:
            criterion.kind = MEASURES[criterion.measure].kind if criterion.measure else False

    @api.depends("measure")
    @api.depends_context("lang")
    def _compute_measure_help(self):
        for criterion in self:
            criterion.measure_help = criterion.measure and self.env._(MEASURES[criterion.measure].help)

    @api.depends("custom_name", "measure")
    @api.depends_context("lang")
    def _compute_name(self):
        for criterion in self:
            criterion.name = criterion.custom_name or criterion._get_default_name()

    def _inverse_name(self):
        for criterion in self:
            criterion.custom_name = (
                criterion.name if criterion.name != criterion._get_default_name() else False
            )

    def _get_default_name(self):
        self.ensure_one()
        return self.env._(MEASURES[self.measure].label) if self.measure else False

    @api.depends("name")
    def _compute_display_name(self):
        for criterion in self:
            criterion.display_name = criterion.name

    @api.depends("weight", "scorecard_id.criterion_ids.weight")
    def _compute_weight_share(self):
        for criterion in self:
            total = sum(criterion.scorecard_id.criterion_ids.mapped("weight"))
            criterion.weight_share = 100 * criterion.weight / total if total else 0.0

    @api.depends("measure", "band_ids.value_from", "band_ids.points", "choice_ids.name", "choice_ids.points")
    def _compute_bands_text(self):
        for criterion in self:
            if criterion.kind == "qualitative":
                parts = [f"{choice.name}: {choice.points:.0f}" for choice in criterion.choice_ids]
            elif criterion.kind == "agency" and not criterion.band_ids:
                parts = [self.env._("those of the report")]
            else:
                parts = [f"{band.name}: {band.points:.0f}" for band in criterion._get_sorted_bands()]
            criterion.bands_text = " · ".join(parts)

    @api.constrains("measure", "scorecard_id", "active")
    def _check_measure_once(self):
        for criterion in self.filtered(lambda criterion: criterion.measure != "answer"):
            same = criterion.scorecard_id.criterion_ids.filtered(
                lambda other, criterion=criterion: other.measure == criterion.measure
            )
            if len(same) > 1:
                raise ValidationError(
                    self.env._("%s is in this scorecard already: change its weight instead.", criterion.name)
                )

    @api.constrains("measure", "band_ids", "choice_ids")
    def _check_points(self):
        for criterion in self:
            if criterion.kind == "qualitative" and not criterion.choice_ids:
                raise ValidationError(
                    self.env._("“%s” is a question: enter the answers that one can choose.", criterion.name)
                )
            if criterion.kind not in ("qualitative", "agency") and not criterion.band_ids:
                raise ValidationError(
                    self.env._("“%s” needs bands that say which value gives how many points.", criterion.name)
                )

    def unlink(self):
        """Delete criteria; questions that were answered are archived, since answers are evidence."""
        answers = self.env["ar.credit.answer"].sudo().with_context(active_test=False)  # sudo: existence only
        groups = answers._read_group([("criterion_id", "in", self.ids)], ["criterion_id"])
        answered = self.browse(criterion.id for (criterion,) in groups)
        answered.active = False
        return super(ArCreditCriterion, self - answered).unlink()

    def _get_sorted_bands(self):
        return self.band_ids.sorted("value_from")

    def _get_ladder(self):
        """Return (bounds, points) for :meth:`_score_value`: a value takes the last bound not above it.

        The lowest band takes everything below it too. Without bands a value is its own points.
        """
        bands = self._get_sorted_bands()
        return [band.value_from for band in bands[1:]], [band.points for band in bands]

    def _get_pattern(self):
        """Return how a value is written, in the language of the user."""
        pattern = MEASURES[self.measure].pattern
        return pattern if isinstance(pattern, str) else self.env._(pattern)
