from odoo import fields, models
from odoo.tools import SQL


class ArPaymentPlan(models.Model):
    """Late interest of a plan: told to the customer with the instalments, claimed as all late interest is."""

    _inherit = "ar.payment.plan"

    with_interest = fields.Boolean(
        string="With Late Interest",
        help="The schedule adds to each instalment the late interest of what it pays, from the original due "
        "date to its own date, by the customer's interest scheme and the rates known today. Without: once "
        "all was paid as agreed, no interest is claimed for the days from the agreement to its end, and no "
        "fixed sum that was not claimed before; the days before may still be claimed. Missed or ended early: "
        "interest runs as if nothing had been agreed. Nothing is claimed while the agreement is in force.",
    )

    def _update_interest(self):
        """Write the interest of the instalments of drafts."""
        for plan in self.filtered(lambda plan: plan.state == "draft"):
            amounts = plan._get_interest() if plan.with_interest else {}
            for line in plan.line_ids:
                line.sudo().interest = amounts.get(line.id, 0.0)  # sudo: a figure, not a term

    def _bears_interest(self):
        """Return whether late interest of an item may be claimed: whether the customer has a scheme."""
        self.ensure_one()
        last = max(self.line_ids.mapped("date"), default=None)
        if not last or not self.item_ids.move_line_id:
            return False
        self.env.flush_all()
        figures = self.env["ar.interest.figures"].sudo()  # sudo: schemes, for any collector
        [(bears,)] = self.env.execute_query(
            SQL(
                """WITH interest_instalment AS MATERIALIZED (%s)
                   SELECT COALESCE(bool_or(debtor.scheme_id IS NOT NULL), FALSE) FROM (%s) debtor""",
                figures._instalment_sql(last, self.item_ids.move_line_id.ids, None, None),
                figures._debtor_sql(),
            )
        )
        return bears

    def _get_interest(self):
        """Return the late interest that falls on each instalment, in the plan's currency: {line id: amount}.

        What claims hold already is not counted again. The interest of a stretch of days is shared by the
        instalments that are still to come then, by the parts of the item that they pay.
        """
        self.ensure_one()
        last = max(self.line_ids.mapped("date"), default=None)
        if not last or not self.item_ids.move_line_id:
            return {}
        self.env.flush_all()
        self.env["ar.aging.report"]._switch_off_jit()
        rows = self.env.execute_query(
            SQL(
                """WITH %(figures)s
                   SELECT part.line_id,
                          SUM(segment.amount * part.amount / later.amount)
                     FROM interest_segment segment
                     JOIN plan_item_part part
                       ON part.item_id = segment.item_id AND part.date >= segment.date_to
               CROSS JOIN LATERAL (SELECT SUM(other.amount) AS amount
                                     FROM plan_item_part other
                                    WHERE other.item_id = segment.item_id
                                      AND other.date >= segment.date_to) later
                 GROUP BY part.line_id""",
                figures=self._interest_figures_sql(last),
            )
        )
        return {line_id: max(self.currency_id.round(float(amount)), 0.0) for line_id, amount in rows}

    def _interest_figures_sql(self, date):
        """Return the interest figures of the items until ``date``, as if instalments were paid in time."""
        figures = self.env["ar.interest.figures"].sudo()  # sudo: schemes and rates, for any collector
        return SQL(
            """
            interest_instalment AS MATERIALIZED (%(items)s),
            interest_debtor AS (%(debtors)s),
            plan_part AS MATERIALIZED (%(parts)s),
            %(figures)s,
            plan_item_part AS (
                SELECT item.id AS item_id, part.line_id, part.date, part.amount
                  FROM interest_item item
                  JOIN plan_part part USING (move_id, partner_id, date_maturity)
            )
            """,
            items=figures._instalment_sql(date, self.item_ids.move_line_id.ids, None, None),
            debtors=figures._debtor_sql(),
            parts=self._part_sql(),
            figures=figures._with_sql(
                figures._ledger_items_sql(),
                SQL(
                    """%s UNION ALL
                       SELECT item.id, part.date, SUM(part.amount)
                         FROM interest_item item
                         JOIN plan_part part USING (move_id, partner_id, date_maturity)
                     GROUP BY item.id, part.date""",
                    figures._ledger_reductions_sql(),
                ),
                date,
            ),
        )

    def _part_sql(self):
        """Which instalment pays how much of which item: both in their order, the oldest first."""
        return SQL(
            """
            SELECT item.move_id, item.partner_id, item.date_maturity,
                   line.id AS line_id, line.date,
                   LEAST(item.upto, line.upto) - GREATEST(item.upto - item.amount, line.upto - line.amount)
                       AS amount
              FROM (SELECT move_id, partner_id, date_maturity, amount_open AS amount,
                           SUM(amount_open) OVER (ORDER BY date_maturity, id) AS upto
                      FROM ar_payment_plan_item WHERE plan_id = %(plan)s) item
              JOIN (SELECT id, date, amount, SUM(amount) OVER (ORDER BY date, id) AS upto
                      FROM ar_payment_plan_line WHERE plan_id = %(plan)s) line
                ON line.upto - line.amount < item.upto AND line.upto > item.upto - item.amount
            """,
            plan=self.id,
        )
