from odoo import api, fields, models


class ArCreditCriterionBand(models.Model):
    """A range of values of a criterion and its points.

    Only the lower bound is stored: a band ends where the next begins, the lowest has no lower and the highest
    no upper bound. So bands never overlap and never leave a gap.
    """

    _name = "ar.credit.criterion.band"
    _description = "Scorecard Band"
    _order = "criterion_id, value_from, id"

    criterion_id = fields.Many2one("ar.credit.criterion", required=True, index=True, ondelete="cascade")
    name = fields.Char(compute="_compute_name", string="Range")
    value_from = fields.Float(
        string="From", help="First value of the band. The lowest band also takes everything below."
    )
    points = fields.Float(required=True, help="0 is worst, 100 is best.")

    _value_uniq = models.Constraint(
        "UNIQUE (criterion_id, value_from)", "Two bands of a criterion cannot begin at the same value."
    )
    _points_range = models.Constraint(
        "CHECK (points BETWEEN 0 AND 100)", "Points of a band lie between 0 and 100."
    )

    @api.depends("value_from", "criterion_id.band_ids.value_from")
    @api.depends_context("lang")
    def _compute_name(self):
        for band in self:
            bounds = sorted(band.criterion_id.band_ids.mapped("value_from"))
            above = [bound for bound in bounds if bound > band.value_from]
            below = [bound for bound in bounds if bound < band.value_from]
            value_from = f"{band.value_from:g}"
            if not above and not below:
                band.name = self.env._("all")
            elif not above:
                band.name = self.env._("from %s", value_from)
            elif not below:
                band.name = self.env._("below %s", f"{above[0]:g}")
            else:
                band.name = self.env._("%(first)s to below %(end)s", first=value_from, end=f"{above[0]:g}")
