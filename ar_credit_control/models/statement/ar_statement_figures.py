from datetime import timedelta

from odoo import api, models
from odoo.tools import SQL


class ArStatementFigures(models.AbstractModel):
    """What statements of account say of one customer or of all, as expressions of one statement of SQL.

    Open items are those of the ageing at the cut-off date, so the closing balance ties to it, and the opening
    balance to the ageing of the day before the period.
    """

    _name = "ar.statement.figures"
    _description = "Figures of Statements of Account"

    @api.model
    def _with_sql(self, root, date, date_from, partners, options):
        """Return the expressions ``statement_customer``, ``statement_balance`` and ``statement_item``.

        :param partners: commercial entities; None: all
        """
        self.env["ar.aging.report"]._switch_off_jit()
        named = partners is not None and not options.get("only_open")
        return SQL(
            """
            statement_open AS MATERIALIZED (%(open)s),
            statement_opening AS MATERIALIZED (%(opening)s),
            statement_movement AS MATERIALIZED (%(movements)s),
            statement_payable AS MATERIALIZED (%(payable)s),
            statement_item AS MATERIALIZED (%(items)s),
            statement_balance AS MATERIALIZED (%(balances)s),
            statement_ageing AS MATERIALIZED (%(ageing)s),
            statement_customer AS MATERIALIZED (%(customers)s)
            """,
            open=self._open_sql(root, date, partners),
            opening=self._opening_sql(root, date_from, date, partners),
            movements=self._movement_sql(root, date_from, date, partners),
            payable=self._payable_sql(root, date, partners),
            items=self._item_sql(date_from),
            balances=self._balance_sql(root, date, partners if named else None),
            ageing=self._ageing_sql(root, date),
            customers=self._customer_sql(root, options, named),
        )

    @api.model
    def _partner_filter(self, column, partners):
        if partners is None:
            return SQL("TRUE")
        return SQL("%s = ANY(%s)", column, partners.commercial_partner_id.ids)

    @api.model
    def _open_sql(self, root, date, partners):
        return SQL(
            """
            SELECT item.id, item.move_id, item.partner_id, item.company_id, item.currency_id, item.date,
                   item.date_maturity, item.amount, item.amount_currency
              FROM (%(items)s) item
             WHERE item.root_company_id = %(root)s AND NOT item.non_trade AND item.partner_id IS NOT NULL
               AND item.amount_currency != 0
               AND %(partners)s
            """,
            items=self.env["ar.aging.report"]._open_items_sql(date),
            root=root.id,
            partners=self._partner_filter(SQL("item.partner_id"), partners),
        )

    @api.model
    def _opening_sql(self, root, date_from, date, partners):
        """Return what was open on the day before the period, by customer and currency."""
        if not date_from:
            return SQL(
                "SELECT NULL::int AS partner_id, NULL::int AS currency_id, 0::numeric AS amount LIMIT 0"
            )
        return SQL(
            """SELECT item.partner_id, item.currency_id, SUM(item.amount_currency) AS amount
                 FROM (%s) item GROUP BY item.partner_id, item.currency_id""",
            self._open_sql(root, date_from - timedelta(days=1), partners),
        )

    @api.model
    def _movement_sql(self, root, date_from, date, partners):
        """Return what was booked on the customers' receivable accounts in the period."""
        period = SQL("line.date BETWEEN %s AND %s", date_from, date) if date_from else SQL("FALSE")
        return SQL(
            """
            SELECT line.id, line.move_id, partner.commercial_partner_id AS partner_id, line.company_id,
                   line.currency_id, line.date, COALESCE(line.date_maturity, line.date) AS date_maturity,
                   line.amount_currency
              FROM account_move_line line
              JOIN res_partner partner ON partner.id = line.partner_id
             WHERE line.parent_state = 'posted' AND %(period)s
               AND line.account_id = ANY (ARRAY(SELECT id FROM account_account
                                                 WHERE account_type = 'asset_receivable'
                                                   AND non_trade IS NOT TRUE))
               AND line.company_id = ANY(%(companies)s)
               AND line.amount_currency != 0
               AND %(partners)s
            """,
            period=period,
            companies=self._branch_ids(root),
            partners=self._partner_filter(SQL("partner.commercial_partner_id"), partners),
        )

    @api.model
    def _payable_sql(self, root, date, partners):
        """Return what we owe those customers for what we bought from them, positive, at the date."""
        debtors = (
            SQL(
                """partner.commercial_partner_id IN (SELECT partner_id FROM statement_open
                                                     UNION SELECT partner_id FROM statement_movement)"""
            )
            if partners is None
            else self._partner_filter(SQL("partner.commercial_partner_id"), partners)
        )
        return SQL(
            """
            SELECT partner.commercial_partner_id AS partner_id, line.currency_id,
                   GREATEST(-SUM(line.amount_currency), 0) AS amount
              FROM account_move_line line
              JOIN res_partner partner ON partner.id = line.partner_id
             WHERE line.parent_state = 'posted' AND line.date <= %(date)s
               AND line.account_id = ANY (ARRAY(SELECT id FROM account_account
                                                 WHERE account_type = 'liability_payable'
                                                   AND non_trade IS NOT TRUE))
               AND line.company_id = ANY(%(companies)s)
               AND %(debtors)s
          GROUP BY partner.commercial_partner_id, line.currency_id
            HAVING SUM(line.amount_currency) < 0
            """,
            date=date,
            companies=self._branch_ids(root),
            debtors=debtors,
        )

    @api.model
    def _branch_ids(self, root):
        # Branches of a company are few, and which they are is no secret of the statement.
        return self.env["res.company"].sudo().search([("id", "child_of", root.id)]).ids

    @api.model
    def _item_sql(self, date_from):
        """Return the lines to list: open items, or the movements of the period with what is open of them."""
        if not date_from:
            return SQL(
                """SELECT item.id, item.move_id, item.partner_id, item.company_id, item.currency_id,
                          item.date, item.date_maturity, line.amount_currency,
                          item.amount_currency AS amount_open
                     FROM statement_open item
                     JOIN account_move_line line ON line.id = item.id"""
            )
        return SQL(
            """SELECT movement.id, movement.move_id, movement.partner_id, movement.company_id,
                      movement.currency_id, movement.date, movement.date_maturity, movement.amount_currency,
                      COALESCE(item.amount_currency, 0) AS amount_open
                 FROM statement_movement movement
            LEFT JOIN statement_open item ON item.id = movement.id"""
        )

    @api.model
    def _balance_sql(self, root, date, named):
        """Return one row a customer and currency; customers asked for by name have one without items, too."""
        named_rows = SQL()
        if named is not None:
            named_rows = SQL(
                """UNION ALL
                   SELECT partner_id, %s, 0, 0, 0, 0, 0, 0, 0, 0 FROM UNNEST(%s::int[]) AS partner_id
                    WHERE partner_id NOT IN (SELECT partner_id FROM statement_open
                                             UNION SELECT partner_id FROM statement_movement
                                             UNION SELECT partner_id FROM statement_opening
                                             UNION SELECT partner_id FROM statement_payable)""",
                root.currency_id.id,
                named.commercial_partner_id.ids,
            )
        return SQL(
            """
            SELECT partner_id, currency_id,
                   SUM(opening) AS opening, SUM(charged) AS charged, SUM(settled) AS settled,
                   SUM(closing) AS closing, SUM(amount_due) AS amount_due,
                   SUM(amount_overdue) AS amount_overdue, SUM(amount_credit) AS amount_credit,
                   SUM(amount_payable) AS amount_payable
              FROM (
                    SELECT partner_id, currency_id, 0 AS opening, 0 AS charged, 0 AS settled,
                           amount_currency AS closing,
                           GREATEST(amount_currency, 0) AS amount_due,
                           CASE WHEN date_maturity < %(date)s THEN GREATEST(amount_currency, 0) ELSE 0 END
                               AS amount_overdue,
                           GREATEST(-amount_currency, 0) AS amount_credit,
                           0 AS amount_payable
                      FROM statement_open
                 UNION ALL
                    SELECT partner_id, currency_id, amount, 0, 0, 0, 0, 0, 0, 0 FROM statement_opening
                 UNION ALL
                    SELECT partner_id, currency_id, 0, GREATEST(amount_currency, 0),
                           LEAST(amount_currency, 0), 0, 0, 0, 0, 0
                      FROM statement_movement
                 UNION ALL
                    SELECT partner_id, currency_id, 0, 0, 0, 0, 0, 0, 0, amount FROM statement_payable
                 %(named)s
                   ) figure
          GROUP BY partner_id, currency_id
            """,
            date=date,
            named=named_rows,
        )

    @api.model
    def _ageing_sql(self, root, date):
        """Return what is open by bucket, without receipts and credit notes, as {bucket id: amount}."""
        return SQL(
            """
            SELECT partner_id, currency_id, jsonb_object_agg(bucket_id, amount) AS ageing
              FROM (
                    SELECT item.partner_id, item.currency_id,
                           bucket.ids[GREATEST(width_bucket(%(date)s::date - item.date_maturity,
                                                            bucket.first_days), 1)] AS bucket_id,
                           SUM(item.amount_currency) AS amount
                      FROM statement_open item
                      JOIN (%(buckets)s) bucket ON bucket.company_id = %(root)s
                     WHERE item.amount_currency > 0
                  GROUP BY 1, 2, 3
                   ) aged
             WHERE bucket_id IS NOT NULL
          GROUP BY partner_id, currency_id
            """,
            date=date,
            buckets=self.env["ar.aging.bucket"]._bucket_sql(),
            root=root.id,
        )

    @api.model
    def _customer_sql(self, root, options, named):
        """Return the customers to write to, with the recipient and totals in company currency."""
        conditions = [SQL("TRUE")]
        if options.get("only_overdue"):
            conditions.append(SQL("overdue.total_overdue > COALESCE(overdue.total_credit, 0)"))
        if not named:
            # Nobody wants a statement without any figure, and none of our own companies.
            conditions += [
                SQL(
                    """EXISTS (SELECT FROM statement_balance balance
                                WHERE balance.partner_id = partner.id
                                  AND (balance.amount_due != 0 OR balance.amount_credit != 0
                                       OR balance.charged != 0 OR balance.settled != 0))"""
                ),
                SQL(
                    """NOT EXISTS (SELECT FROM res_company own JOIN res_partner own_partner
                                       ON own_partner.id = own.partner_id
                                    WHERE own_partner.commercial_partner_id = partner.id)"""
                ),
            ]
        recipients = options.get("recipients", {})
        return SQL(
            """
            SELECT partner.id AS partner_id,
                   partner.name AS partner_name,
                   COALESCE(given.recipient_id, recipient.id) AS recipient_id,
                   collector.id AS collector_id,
                   COALESCE(listed.item_count, 0) AS item_count,
                   COALESCE(overdue.total, 0) AS total,
                   COALESCE(overdue.total_overdue, 0) AS total_overdue,
                   COALESCE(overdue.total_paused, 0) AS total_paused,
                   COALESCE(overdue.total_credit, 0) AS total_credit,
                   COALESCE(coming.amount, 0) AS total_coming
              FROM (SELECT DISTINCT partner_id FROM statement_balance) debtor
              JOIN res_partner partner ON partner.id = debtor.partner_id
         LEFT JOIN (SELECT partner_id, COUNT(*) AS item_count FROM statement_item GROUP BY partner_id) listed
                ON listed.partner_id = partner.id
         LEFT JOIN (SELECT partner_id, SUM(amount) AS total,
                           SUM(amount) FILTER (WHERE amount > 0 AND date_maturity < %(date)s)
                               AS total_overdue,
                           ROUND(SUM(amount * paused_share) FILTER (
                               WHERE amount > 0 AND date_maturity < %(date)s), %(decimals)s) AS total_paused,
                           -SUM(amount) FILTER (WHERE amount < 0) AS total_credit
                      FROM (%(shared)s) item GROUP BY partner_id) overdue
                ON overdue.partner_id = partner.id
         LEFT JOIN (%(coming)s) coming ON coming.partner_id = partner.id
         LEFT JOIN ar_credit_profile profile
                ON profile.partner_id = partner.id AND profile.company_id = %(root)s
         LEFT JOIN res_users collector ON collector.id = profile.collector_id AND %(collects)s
         LEFT JOIN UNNEST(%(given_partners)s::int[], %(given_recipients)s::int[])
                       AS given(partner_id, recipient_id) ON given.partner_id = partner.id
         LEFT JOIN LATERAL (%(recipient)s) recipient ON TRUE
             WHERE %(conditions)s
            """,
            date=options["date"],
            root=root.id,
            decimals=root.currency_id.decimal_places,
            shared=self._shared_sql(root),
            coming=self._coming_sql(root, options.get("pay_by")),
            collects=self.env["ar.dunning.selection"]._is_there_sql(SQL("collector"), root),
            recipient=self.env["ar.document.recipient"]._statement_sql(SQL("partner")),
            given_partners=list(recipients),
            given_recipients=list(recipients.values()),
            conditions=SQL(" AND ").join(conditions),
        )

    @api.model
    def _coming_sql(self, root, pay_by):
        """Return the money of customers that is not booked yet, in company currency; no row for who is not
        asked for payment."""
        return SQL(
            """
            SELECT money.partner_id, SUM(money.amount) AS amount
              FROM (%s) money
             WHERE money.root_company_id = %s AND %s
          GROUP BY money.partner_id
            """,
            self.env["ar.cash.receipt"]._unbooked_sql(),
            root.id,
            bool(pay_by),
        )

    @api.model
    def _shared_sql(self, root):
        """Return the open items with the share of each that is not asked for today."""
        pauses = self.env["ar.item.pause"].sudo()  # sudo: settings of the company
        return SQL(
            """
            SELECT item.*, %(share)s AS paused_share
              FROM statement_open item
         LEFT JOIN (%(pauses)s) pause
                ON pause.move_id = item.move_id
               AND pause.partner_id = item.partner_id
               AND pause.date_maturity = item.date_maturity
            """,
            share=self.env["ar.collection.case"]._share_sql(
                SQL("pause.move_id IS NOT NULL AND pause.amount_currency IS NULL"),
                SQL("pause.amount_currency"),
            ),
            pauses=pauses._pause_totals_sql(root, root._credit_today()),
        )

    @api.model
    def _document_sql(self):
        """Return the entry by whose numbers the customer knows what stands in alias ``item``."""
        return SQL("item.move_id")

    @api.model
    def _fapiao_sql(self):
        """Return the fapiao number of alias ``move``: ours, else what Odoo's Chinese addon holds."""
        if "fapiao" in self.env["account.move"]._fields:
            return SQL("COALESCE(NULLIF(move.credit_fapiao_number, ''), move.fapiao)")
        return SQL("move.credit_fapiao_number")
