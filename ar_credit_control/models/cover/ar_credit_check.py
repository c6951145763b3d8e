from odoo import api, models


class ArCreditCheck(models.AbstractModel):
    """What the rule on cover looks at: securities that lapsed, and exposure that outgrew them."""

    _inherit = "ar.credit.check"

    @api.model
    def _get_figures_cover_lapsed(self, rules, partner_ids, root):
        cover = (
            self.env["ar.credit.security"]
            .with_context(tz=root._credit_timezone())
            ._get_cover_figures(
                self.env["res.partner"].browse(partner_ids), root, max(rule.days for rule in rules)
            )
        )
        return {
            partner_id: {
                "security_lapsed": figures["lapsed_amount"],
                "uncovered": figures["uncovered"],
                "cover_required_share": figures["required_share"],
            }
            for partner_id, figures in cover.items()
        }

    @api.model
    def _check_cover_lapsed(self, verdict, rule):
        # With this demand: what would be owed then needs its share of cover.
        required = (verdict.used + verdict.amount) * verdict.figures.get("cover_required_share", 0.0) / 100
        uncovered = verdict.currency.round(max(required - verdict.figures["security"], 0.0))
        verdict.figures = {**verdict.figures, "uncovered": uncovered}
        return super()._check_cover_lapsed(verdict, rule)
