from collections import defaultdict

from odoo import api, models
from odoo.tools import SQL


class ArCreditCheck(models.AbstractModel):
    """Whose debts were written off is held, or warned of, for a while."""

    _inherit = "ar.credit.check"

    @api.model
    def _get_figures_written_off(self, rules, partner_ids, root):
        """What was written off and not recovered, in root currency: ``{partner id: {"written_off": {days
        back: amount}}}``. Money that came in later counts for what was written off before it."""
        loss = self.env["ar.item.loss"]
        loss._flush_sources()
        rows = self.env.execute_query(
            SQL(
                """
                SELECT lost.partner_id, period.days, SUM(lost.amount)::float8
                  FROM (%(lost)s) lost
                  JOIN unnest(%(periods)s::int[]) AS period (days)
                    ON lost.date >= %(today)s::date - period.days
                 WHERE lost.root_company_id = %(root)s AND lost.partner_id = ANY(%(partners)s)
              GROUP BY lost.partner_id, period.days
                """,
                lost=loss._lost_sql(),
                periods=sorted({rule.period_days for rule in rules}),
                today=root._credit_today(),
                root=root.id,
                partners=list(partner_ids),
            )
        )
        figures = defaultdict(lambda: {"written_off": {}})
        for partner_id, days, amount in rows:
            figures[partner_id]["written_off"][days] = max(amount, 0.0)
        return figures

    @api.model
    def _check_written_off(self, verdict, rule):
        """More was written off of the customer, within so many days, than the rule lets pass."""
        lost = verdict.figures.get("written_off", {}).get(rule.period_days, 0.0)
        over = verdict.currency.compare_amounts(lost, rule.amount) > 0
        yield self._prepare_result(
            "written_off",
            rule.outcome if over else "pass",
            rule,
            measured=lost,
            threshold=rule.amount,
            days=rule.period_days,
        )

    @api.model
    def _describe_written_off(self, result, money):
        if not result["measured"]:
            return self.env._("Nothing was written off within %s days.", result["days"])
        return self.env._(
            "%(amount)s was written off within %(days)s days and not recovered.",
            amount=money(result["measured"]),
            days=result["days"],
        )
