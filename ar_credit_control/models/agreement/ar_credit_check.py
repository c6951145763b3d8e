from collections import defaultdict
from dataclasses import replace

from odoo import api, models
from odoo.tools import SQL


class ArCreditCheck(models.AbstractModel):
    """Broken promises hold orders; what is agreed on is not overdue for the rules while it lasts."""

    _inherit = "ar.credit.check"

    @api.model
    def _get_figures_broken_promises(self, rules, partner_ids, root):
        """Promises that were not kept, by the day on which they broke, for the days back of each rule."""
        self.env["ar.payment.promise"].flush_model(
            ["company_id", "deadline", "money_waits", "partner_id", "state"]
        )
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

    @api.model
    def _get_open_items(self, partner_ids, root):
        """A paused part is an item of its own that no rule about overdue counts; what to pay leaves it."""
        items = super()._get_open_items(partner_ids, root)
        paused = self._get_paused_units(items, partner_ids, root)
        return {partner_id: self._split_paused(found, paused) for partner_id, found in items.items()} | {
            partner_id: [] for partner_id in partner_ids if partner_id not in items
        }

    @api.model
    def _get_paused_units(self, items, partner_ids, root):
        """Return what rules do not count of items, in units of the root currency: {item id: units}."""
        exposure = self.env["ar.credit.exposure"].with_context(tz=root._credit_timezone())
        if not items or root not in exposure._get_sparing_roots():
            return {}
        rows = self.env.execute_query(
            SQL(
                """
                SELECT open_item.id, open_item.amount - %(claimed)s
                  FROM (%(open_items)s) open_item
                       %(join_paused)s
                 WHERE open_item.partner_id = ANY(%(partners)s)
                   AND open_item.root_company_id = %(root)s
                   AND paused.move_id IS NOT NULL
                """,
                claimed=exposure._claimed_sql(),
                open_items=self.env["ar.aging.report"]._open_items_sql(),
                join_paused=exposure._join_paused_sql(),
                partners=list(partner_ids),
                root=root.id,
            )
        )
        return {item_id: self._to_units(float(amount), root.currency_id) for item_id, amount in rows}

    @api.model
    def _split_paused(self, items, paused):
        parts = []
        for item in items:
            spared = min(paused.get(item.id, 0), item.amount)
            if item.amount > spared:
                parts.append(replace(item, amount=item.amount - spared))
            if spared > 0:
                parts.append(replace(item, amount=spared, days_overdue=min(item.days_overdue, 0)))
        return parts
