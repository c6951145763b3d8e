from odoo import api, fields, models
from odoo.tools import SQL

from ..aging.ar_aging_report import AGING_CONTEXT


class ArAgingReport(models.Model):
    """What is agreed on is in coordination; once the agreement is broken, in clearing. Adds the promised day.

    The due date, and with it age and bucket, stays the original one.
    """

    _inherit = "ar.aging.report"
    _depends = {
        "ar.payment.plan": ["decided_on", "company_id", "ended_on", "kind", "paused_until", "state"],
        "ar.payment.plan.item": ["date_maturity", "move_id", "partner_id", "plan_id"],
        "ar.payment.promise": ["company_id", "date", "deadline", "state"],
        "ar.payment.promise.line": [
            "amount",
            "amount_paid",
            "date_maturity",
            "move_id",
            "partner_id",
            "promise_id",
        ],
    }

    promised_date = fields.Date(
        readonly=True,
        depends_context=AGING_CONTEXT,
        help="Day for which the customer promised to pay the item, or the last of such days.",
    )

    @api.model
    def _select(self) -> SQL:
        return SQL("%s, promised.date AS promised_date", super()._select())

    @api.model
    def _item_phase_sql(self, days_past_due) -> SQL:
        return SQL(
            """CASE WHEN agreed.broken THEN 'clearing'
                    WHEN agreed.broken IS FALSE AND %(days)s > 0 THEN 'coordination'
                    ELSE %(phase)s END""",
            days=days_past_due,
            phase=super()._item_phase_sql(days_past_due),
        )

    @api.model
    def _from(self) -> SQL:
        """The newest agreement about an item that was approved by the date and not ended by then in peace.

        The promise is unique by what it is joined on: PostgreSQL leaves it out when it is not read.
        """
        roots = self.env["res.company"].browse(self._get_root_company_ids())
        return SQL(
            """%(from)s
            LEFT JOIN (
                   SELECT DISTINCT ON (planned.move_id, debtor.commercial_partner_id, planned.date_maturity)
                          planned.move_id, debtor.commercial_partner_id AS partner_id, planned.date_maturity,
                          plan.state = 'defaulted' AND plan.ended_on <= %(as_of)s AS broken
                     FROM ar_payment_plan plan
                     JOIN ar_payment_plan_item planned ON planned.plan_id = plan.id
                     JOIN res_partner debtor ON debtor.id = planned.partner_id
                    WHERE plan.decided_on <= %(as_of)s
                      AND (plan.state IN ('active', 'defaulted') OR plan.ended_on > %(as_of)s)
                 ORDER BY planned.move_id, debtor.commercial_partner_id, planned.date_maturity, plan.id DESC
                 ) agreed
                ON agreed.move_id = item.move_id
               AND agreed.partner_id = item.partner_id
               AND agreed.date_maturity = item.date_maturity
            LEFT JOIN (
                   SELECT promise.move_id, debtor.commercial_partner_id AS partner_id, promise.date_maturity,
                          MAX(promise.date) AS date
                     FROM (%(promises)s) promise
                     JOIN res_partner debtor ON debtor.id = promise.partner_id
                 GROUP BY promise.move_id, debtor.commercial_partner_id, promise.date_maturity
                 ) promised
                ON promised.move_id = item.move_id
               AND promised.partner_id = item.partner_id
               AND promised.date_maturity = item.date_maturity
            """,
            **{"from": super()._from()},
            as_of=self._get_as_of(),
            promises=self.env["ar.item.pause"]._open_promise_sql(roots, self._get_as_of()),
        )
