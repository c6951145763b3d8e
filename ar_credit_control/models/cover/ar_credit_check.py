from odoo import api, models


class ArCreditCheck(models.AbstractModel):
    """What the rule on cover adds to its figures: the demand needs its share of cover, too."""

    _inherit = "ar.credit.check"

    @api.model
    def _check_cover_lapsed(self, verdict, rule):
        cover = verdict.figures["cover"][rule.days]
        required = (verdict.used + verdict.amount) * cover["required_share"] / 100
        uncovered = verdict.currency.round(max(required - cover["covered"], 0.0))
        covers = {**verdict.figures["cover"], rule.days: {**cover, "uncovered": uncovered}}
        verdict.figures = {**verdict.figures, "cover": covers}
        return super()._check_cover_lapsed(verdict, rule)
