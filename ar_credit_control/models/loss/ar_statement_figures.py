from odoo import api, models
from odoo.tools import SQL


class ArStatementFigures(models.AbstractModel):
    """What was written off is our own affair: the customer is told neither of a payment nor of a waiver.

    By the setting of the company the claims are left out, as though they had never been listed, or still
    listed in full, as the customer owes them. What came in after all stands as a charge of its invoice.
    """

    _inherit = "ar.statement.figures"

    @api.model
    def _open_sql(self, root, date, partners):
        rows = SQL(
            "SELECT * FROM (%s) item WHERE item.move_id NOT IN (%s)",
            super()._open_sql(root, date, partners),
            self._hidden_sql(root),
        )
        if not self._claims_written_off(root):
            return rows
        return SQL(
            """
            SELECT id, move_id, partner_id, company_id, currency_id, date, date_maturity,
                   SUM(amount) AS amount, SUM(amount_currency) AS amount_currency
              FROM (SELECT * FROM (%s) open_item UNION ALL %s) item
          GROUP BY id, move_id, partner_id, company_id, currency_id, date, date_maturity
            HAVING SUM(amount_currency) != 0
            """,
            rows,
            self._given_up_sql(root, date, partners),
        )

    @api.model
    def _opening_sql(self, root, date_from, date, partners):
        opening = super()._opening_sql(root, date_from, date, partners)
        if not date_from or self._claims_written_off(root):
            return opening
        return SQL(
            """
            SELECT partner_id, currency_id, SUM(amount) AS amount
              FROM (SELECT partner_id, currency_id, amount FROM (%(opening)s) opening
                 UNION ALL
                    SELECT partner_id, currency_id, -amount_currency FROM (%(later)s) later
                     WHERE date < %(date_from)s
                   ) figure
          GROUP BY partner_id, currency_id
            """,
            opening=opening,
            later=self._written_off_sql(root, date_from, date, partners),
            date_from=date_from,
        )

    @api.model
    def _movement_sql(self, root, date_from, date, partners):
        rows = SQL(
            "SELECT * FROM (%s) movement WHERE movement.move_id NOT IN (%s)",
            super()._movement_sql(root, date_from, date, partners),
            self._hidden_sql(root),
        )
        if not date_from or self._claims_written_off(root):
            return rows
        return SQL(
            """
            SELECT movement.id, movement.move_id, movement.partner_id, movement.company_id,
                   movement.currency_id, movement.date, movement.date_maturity,
                   movement.amount_currency - COALESCE(lost.amount, 0) AS amount_currency
              FROM (%s) movement
         LEFT JOIN (SELECT id, SUM(amount_currency) AS amount FROM (%s) gone GROUP BY id) lost
                ON lost.id = movement.id
             WHERE movement.amount_currency != COALESCE(lost.amount, 0)
            """,
            rows,
            self._written_off_sql(root, None, date, partners),
        )

    @api.model
    def _document_sql(self):
        return SQL(
            """COALESCE((SELECT lost.move_id
                           FROM ar_writeoff_recovery recovery
                           JOIN ar_writeoff_line lost ON lost.id = recovery.line_id
                          WHERE recovery.claim_line_id = item.id), %s)""",
            super()._document_sql(),
        )

    # ------------------------------------------------------------------
    # What was written off
    # ------------------------------------------------------------------

    @api.model
    def _claims_written_off(self, root):
        return root.sudo().writeoff_statement == "claimed"  # sudo: a setting of the main company

    @api.model
    def _hidden_sql(self, root):
        """Return the entries that no customer sees: of write-offs, and of recoveries that do not stand."""
        shown = (
            SQL("FALSE")
            if self._claims_written_off(root)
            else SQL(
                """entry.account_move_id IN (SELECT move_id FROM ar_writeoff_recovery
                                              WHERE is_cancelled IS NOT TRUE AND move_id IS NOT NULL)"""
            )
        )
        return SQL(
            "SELECT entry.account_move_id FROM account_move_ar_writeoff_rel entry WHERE NOT (%s)", shown
        )

    @api.model
    def _written_off_sql(self, root, date_from, date, partners):
        """Return what was written off of each item within a period, by its matching: rows as open items."""
        return SQL(
            """
            SELECT item.id, item.move_id, partner.commercial_partner_id AS partner_id, item.company_id,
                   item.currency_id, item.date, COALESCE(item.date_maturity, item.date) AS date_maturity,
                   part.amount, part.debit_amount_currency AS amount_currency
              FROM %(matched)s
              JOIN res_partner partner ON partner.id = item.partner_id
             WHERE item.company_id = ANY(%(companies)s)
               AND part.max_date <= %(date)s
               AND %(since)s
               AND %(partners)s
            """,
            matched=self.env["ar.writeoff.line"]._matched_sql(),
            companies=self._branch_ids(root),
            date=date,
            since=SQL("part.max_date >= %s", date_from) if date_from else SQL("TRUE"),
            partners=self._partner_filter(SQL("partner.commercial_partner_id"), partners),
        )

    @api.model
    def _given_up_sql(self, root, date, partners):
        """Return what was written off of each item by a date, less what receipts paid of it after all."""
        return SQL(
            """
            %(lost)s
         UNION ALL
            SELECT item.id, item.move_id, partner.commercial_partner_id, item.company_id,
                   item.currency_id, item.date, COALESCE(item.date_maturity, item.date),
                   -paid.amount, -paid.debit_amount_currency
              FROM ar_writeoff_recovery recovery
              JOIN ar_writeoff_line lost ON lost.id = recovery.line_id
              JOIN account_partial_reconcile paid ON paid.debit_move_id = recovery.claim_line_id
              JOIN account_partial_reconcile part ON part.credit_move_id = lost.entry_line_id
              JOIN account_move_line item
                ON item.id = part.debit_move_id AND item.move_id = lost.move_id
              JOIN res_partner partner ON partner.id = item.partner_id
             WHERE item.company_id = ANY(%(companies)s)
               AND recovery.is_cancelled IS NOT TRUE
               AND paid.max_date <= %(date)s
               AND %(partners)s
            """,
            lost=self._written_off_sql(root, None, date, partners),
            companies=self._branch_ids(root),
            date=date,
            partners=self._partner_filter(SQL("partner.commercial_partner_id"), partners),
        )

    @api.model
    def _left_out_sql(self, root, date, partners):
        """Return what was written off by a date, less what is charged again, paid or not: rows of customer
        and amount in company currency."""
        return SQL(
            """
            SELECT partner_id, amount FROM (%(lost)s) lost
         UNION ALL
            SELECT recovery.partner_id, -recovery.amount_company
              FROM ar_writeoff_recovery recovery
             WHERE recovery.company_id = ANY(%(companies)s)
               AND recovery.is_cancelled IS NOT TRUE
               AND recovery.date <= %(date)s
               AND %(partners)s
            """,
            lost=self._written_off_sql(root, None, date, partners),
            companies=self._branch_ids(root),
            date=date,
            partners=self._partner_filter(SQL("recovery.partner_id"), partners),
        )
