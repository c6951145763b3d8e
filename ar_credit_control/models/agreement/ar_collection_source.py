from odoo import api, models
from odoo.tools import SQL


class ArCollectionSource(models.AbstractModel):
    """Promises and plans on the worklist and in the timeline of a customer."""

    _inherit = "ar.collection.source"

    @api.model
    def _get_answered_models(self):
        return [*super()._get_answered_models(), "ar.payment.promise", "ar.payment.plan"]

    @api.model
    def _promise_parts(self):
        return [
            *super()._promise_parts(),
            SQL(
                """
                SELECT promise.partner_id, promise.company_id, promise.date,
                       promise.amount, promise.currency_id,
                       CASE WHEN promise.state = 'open' THEN 'open' ELSE 'broken' END::varchar AS state,
                       CASE WHEN promise.state != 'open' THEN promise.deadline + 1 END AS broken_date,
                       promise.id AS res_id
                  FROM ar_payment_promise promise
                 WHERE promise.state = 'open'
                    OR (promise.state IN ('broken', 'partly') AND promise.money_waits IS NOT TRUE)
                """
            ),
        ]

    @api.model
    def _event_parts(self):
        return [*super()._event_parts(), self._promise_event_sql(), self._plan_event_sql()]

    @api.model
    def _promise_event_sql(self):
        """Promises, on the day they were given."""
        return SQL(
            """
            SELECT promise.partner_id, promise.company_id,
                   -- By the minute where it was recorded at once.
                   LEAST(
                       promise.create_date, promise.date_given + INTERVAL '1 day' - INTERVAL '1 second'
                   ) AS date,
                   'promise'::varchar AS kind,
                   promise.user_id,
                   NULL::varchar AS title,
                   promise.note AS text,
                   promise.amount,
                   promise.currency_id,
                   'ar.payment.promise'::varchar AS res_model,
                   promise.id AS res_id
              FROM ar_payment_promise promise
            """
        )

    @api.model
    def _plan_event_sql(self):
        """Plans and deferrals, on the day they were approved."""
        return SQL(
            """
            SELECT plan.partner_id, plan.company_id,
                   plan.decided_on::timestamp AS date,
                   plan.kind::varchar AS kind,
                   plan.decided_by_id AS user_id,
                   plan.name AS title,
                   plan.reason AS text,
                   plan.amount,
                   plan.currency_id,
                   'ar.payment.plan'::varchar AS res_model,
                   plan.id AS res_id
              FROM ar_payment_plan plan
             WHERE plan.decided_on IS NOT NULL
            """
        )
