from odoo import api, models
from odoo.tools import SQL


class ArAgingReport(models.Model):
    """What is agreed on is in coordination; once the agreement is broken, in clearing.

    The due date, and with it age and bucket, stays the original one.
    """

    _inherit = "ar.aging.report"
    _depends = {
        "ar.payment.plan": ["approved_on", "ended_on", "state"],
        "ar.payment.plan.item": ["date_maturity", "move_id", "partner_id", "plan_id"],
    }

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
        """The newest agreement about an item that was approved by the date and not ended by then in peace."""
        return SQL(
            """%(from)s
            LEFT JOIN (
                   SELECT DISTINCT ON (planned.move_id, planned.partner_id, planned.date_maturity)
                          planned.move_id, planned.partner_id, planned.date_maturity,
                          plan.state = 'defaulted' AND plan.ended_on <= %(as_of)s AS broken
                     FROM ar_payment_plan plan
                     JOIN ar_payment_plan_item planned ON planned.plan_id = plan.id
                    WHERE plan.approved_on <= %(as_of)s
                      AND (plan.state IN ('active', 'defaulted') OR plan.ended_on > %(as_of)s)
                 ORDER BY planned.move_id, planned.partner_id, planned.date_maturity, plan.id DESC
                 ) agreed
                ON agreed.move_id = item.move_id
               AND agreed.partner_id = item.partner_id
               AND agreed.date_maturity = item.date_maturity
            """,
            **{"from": super()._from()},
            as_of=self._get_as_of(),
        )
