from odoo import api, models
from odoo.tools import SQL


class ArItemPause(models.AbstractModel):
    """What is promised, deferred or on a plan is not asked for while the agreement is kept."""

    _inherit = "ar.item.pause"

    @api.model
    def _pause_parts(self, root, date):
        return [
            *super()._pause_parts(root, date),
            self._promised_sql(root, date),
            self._planned_sql(root, date),
        ]

    @api.model
    def _promised_sql(self, root, date) -> SQL:
        return SQL(
            """
            SELECT move_id, partner_id, date_maturity, amount_currency,
                   'promised'::varchar AS reason,
                   deadline AS until
              FROM (%s) promised
            """,
            self._open_promise_sql(root, date),
        )

    @api.model
    def _open_promise_sql(self, root, date) -> SQL:
        """What is promised and not paid, by instalment; ``deadline`` is ``date`` with the tolerance."""
        return SQL(
            """
            SELECT line.move_id, line.partner_id, line.date_maturity,
                   line.amount - COALESCE(line.amount_paid, 0) AS amount_currency,
                   promise.date,
                   promise.deadline
              FROM ar_payment_promise promise
              JOIN ar_payment_promise_line line ON line.promise_id = promise.id
             WHERE promise.state = 'open'
               AND promise.company_id = ANY(%(roots)s)
               AND promise.deadline >= %(date)s
               AND line.amount > COALESCE(line.amount_paid, 0)
            """,
            roots=root.ids,
            date=date,
        )

    @api.model
    def _planned_sql(self, root, date) -> SQL:
        """Items of approved plans and deferrals, whole, until the next instalment and its grace are over."""
        return SQL(
            """
            SELECT item.move_id, item.partner_id, item.date_maturity,
                   NULL::numeric AS amount_currency,
                   CASE WHEN plan.kind = 'deferral' THEN 'deferred' ELSE 'plan' END AS reason,
                   plan.paused_until AS until
              FROM ar_payment_plan plan
              JOIN ar_payment_plan_item item ON item.plan_id = plan.id
             WHERE plan.state = 'active'
               AND plan.company_id = ANY(%(roots)s)
               AND plan.paused_until >= %(date)s
            """,
            roots=root.ids,
            date=date,
        )
