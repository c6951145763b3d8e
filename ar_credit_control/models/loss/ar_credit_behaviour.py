from dateutil.relativedelta import relativedelta

from odoo import api, models
from odoo.tools import SQL


class ArCreditBehaviour(models.AbstractModel):
    """What was written off was not paid: it goes on counting at its age, as what is open does.

    Otherwise a customer would look better the day after its debts were given up.
    """

    _inherit = "ar.credit.behaviour"

    @api.model
    def _figure_names(self):
        return [*super()._figure_names(), "written_off_share"]

    @api.model
    def _figure_sql(self, name, root, as_of, months) -> SQL:
        if name == "written_off_share":
            return SQL(
                """CASE WHEN payment.invoices > 0
                        THEN LEAST(100 * GREATEST(COALESCE(lost.amount, 0), 0)
                                   / GREATEST(COALESCE(peak.balance, 0), COALESCE(lost.amount, 0), 1),
                                   100)::float8
                   END"""
            )
        return super()._figure_sql(name, root, as_of, months)

    @api.model
    def _lost_in_window_sql(self, root, partner_ids, as_of, date_from) -> SQL:
        """Return what was written off within the window, and what of it was recovered by then."""
        return SQL(
            """
            SELECT lost.*
              FROM (%(lost)s) lost
             WHERE lost.root_company_id = %(root)s
               AND lost.date > %(date_from)s
               AND lost.date <= %(as_of)s
               AND %(wanted)s
            """,
            lost=self.env["ar.item.loss"]._lost_sql(),
            root=root.id,
            date_from=date_from,
            as_of=as_of,
            wanted=self._wanted_sql(SQL("lost.partner_id"), partner_ids),
        )

    @api.model
    def _overdue_sql(self, root, partner_ids, as_of) -> SQL:
        return SQL(
            """
            %(overdue)s
         UNION ALL
            SELECT given_up.partner_id,
                   given_up.move_id,
                   given_up.amount * (1 - LEAST(given_up.recovered / given_up.total, 1)),
                   %(as_of)s::date - given_up.date_maturity,
                   TRUE
              FROM (
                    SELECT lost_item.*,
                           SUM(amount) FILTER (WHERE amount > 0) OVER customer AS total,
                           COALESCE(-SUM(amount) FILTER (WHERE amount < 0) OVER customer, 0) AS recovered
                      FROM lost_item
                    WINDOW customer AS (PARTITION BY partner_id)
                   ) given_up
             WHERE given_up.move_id IS NOT NULL
               AND given_up.recovered < given_up.total
               AND given_up.date_maturity < %(as_of)s
            """,
            overdue=super()._overdue_sql(root, partner_ids, as_of),
            as_of=as_of,
        )

    @api.model
    def _ctes(self, root, partner_ids, as_of, months, min_amount) -> SQL:
        date_from = as_of - relativedelta(months=months)
        return SQL(
            """
            lost_item AS MATERIALIZED (%(lost)s),
                 lost AS (SELECT partner_id, SUM(amount) AS amount FROM lost_item GROUP BY partner_id),
                 %(ctes)s
            """,
            lost=self._lost_in_window_sql(root, partner_ids, as_of, date_from),
            ctes=super()._ctes(root, partner_ids, as_of, months, min_amount),
        )

    @api.model
    def _joins_sql(self) -> SQL:
        return SQL("%s LEFT JOIN lost ON lost.partner_id = customer.partner_id", super()._joins_sql())

    @api.model
    def _flush_sources(self):
        self.env["ar.item.loss"]._flush_sources()
        return super()._flush_sources()
