from collections import defaultdict

from odoo import api, models
from odoo.tools import SQL


class ArCreditCheck(models.AbstractModel):
    """Broken promises hold orders; what is agreed on is not overdue for the rules while it lasts."""

    _inherit = "ar.credit.check"

    @api.model
    def _get_figures_broken_promises(self, rules, partner_ids, root):
        """Promises that were not kept, by the day on which they broke, for the days back of each rule."""
        self.env["ar.payment.promise"].flush_model(["company_id", "deadline", "partner_id", "state"])
        self.env["res.company"].flush_model(["credit_promise_partly_broken"])
        periods = sorted({rule.period_days for rule in rules})
        rows = self.env.execute_query(
            SQL(
                """
                SELECT promise.partner_id, period.days, COUNT(*)
                  FROM ar_payment_promise promise
                  JOIN res_company root ON root.id = promise.company_id
                  JOIN unnest(%(periods)s::int[]) AS period (days)
                    ON promise.deadline >= %(today)s::date - period.days
                 WHERE promise.company_id = %(root)s
                   AND promise.partner_id = ANY(%(partners)s)
                   AND promise.state IN ('broken', 'partly')
                   AND promise.deadline < %(today)s
                   AND %(broken)s
              GROUP BY promise.partner_id, period.days
                """,
                periods=periods,
                today=root._credit_today(),
                root=root.id,
                partners=list(partner_ids),
                broken=self.env["ar.payment.promise"]._counts_as_broken_sql(),
            )
        )
        figures = defaultdict(lambda: {"broken_promises": {}})
        for partner_id, days, count in rows:
            figures[partner_id]["broken_promises"][days] = count
        return figures
