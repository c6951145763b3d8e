from dateutil.relativedelta import relativedelta

from odoo import api, models
from odoo.tools import SQL

# From so many customers on, one pass over the whole ledger costs less than looking each of them up.
MANY_CUSTOMERS = 500
# What was paid in the last months is compared with the whole window.
TREND_MONTHS = 3


class ArCreditBehaviour(models.AbstractModel):
    """Payment behaviour of customers, measured from the ledger.

    Measured are claims on trade receivable accounts: each instalment on its own, in company currency. What
    counts as *settled* is each matching of a claim within the window, on the later date of both entries
    (``account.partial.reconcile.max_date``). A credit note is no payment and leaves no trace: what it takes
    off was not owed. Exchange differences are no payments either, nor is what was written off. Other entries
    (bank, cash, a bill of exchange received, an offset with what we owe) are. What is still open and past
    due, or was written off, counts at its age today, so that a customer who stopped paying does not look
    better than one who pays late.
    """

    _name = "ar.credit.behaviour"
    _description = "Payment Behaviour"

    @api.model
    def _measure(self, partners, company, as_of=None, months=12, min_amount=0.0):
        """Return how customers paid, in one statement for any number of them.

        Internal: no access check, and independent of what the user may see.

        :param partners: ``res.partner`` records; contacts stand for their commercial entity
        :param company: ``res.company``; a branch stands for its root company, whose branches all count
        :param as_of: last day that counts; default: today in the company's time zone
        :param int months: length of the window that ends with ``as_of``
        :param float min_amount: smaller settlements and items do not make the longest delay
        :return: ``{commercial partner id: dict}`` for every partner. Amounts in the root company's currency,
            with taxes:

            * ``weighted_delay``: days between due date and settlement, weighted by amount (negative: early),
              open overdue items at their age; None when nothing was due or settled in the window
            * ``late_share``: percentage of that amount settled late or overdue, None as above
            * ``trend``: weighted delay of the last three months less that of the window, in days (positive:
              it gets worse), None unless there is something to compare
            * ``longest_delay``: days, 0 when nothing was late, None as above
            * ``months_known``: full months since the first claim ever
            * ``peak_month``, ``sales_12m``: invoices less credit notes of the best calendar month, and of the
              window
            * ``peak_balance``: highest balance carried within the window
            * ``broken_promises``: promises broken within the window, None while nobody records them
            * ``written_off_share``: percentage of the highest balance that was written off within the window
              and not recovered, None when nothing was measured
            * ``invoices``: number of entries that were measured
        """
        root = company._credit_root()
        partner_ids = partners.sudo().commercial_partner_id.ids  # sudo: the debtor may not be readable
        if not partner_ids:
            return {}
        as_of = as_of or root._credit_today()
        self._flush_sources()
        self.env["ar.aging.report"]._switch_off_jit()
        names = self._figure_names()
        rows = self.env.execute_query(
            SQL(
                """WITH %(ctes)s
                SELECT customer.partner_id, %(columns)s
                  FROM (SELECT unnest(%(partner_ids)s) AS partner_id) customer
                       %(joins)s
                """,
                ctes=self._ctes(root, partner_ids, as_of, months, min_amount),
                joins=self._joins_sql(),
                columns=SQL(", ").join(self._figure_sql(name, root, as_of, months) for name in names),
                partner_ids=partner_ids,
            )
        )
        return {partner_id: dict(zip(names, values, strict=True)) for partner_id, *values in rows}

    @api.model
    def _joins_sql(self) -> SQL:
        """Return the joins of the figures of ``customer``."""
        return SQL(
            """LEFT JOIN payment ON payment.partner_id = customer.partner_id
             LEFT JOIN relation ON relation.partner_id = customer.partner_id
             LEFT JOIN sales ON sales.partner_id = customer.partner_id
             LEFT JOIN peak ON peak.partner_id = customer.partner_id"""
        )

    @api.model
    def _figure_names(self):
        return [
            "weighted_delay",
            "late_share",
            "trend",
            "longest_delay",
            "months_known",
            "peak_month",
            "sales_12m",
            "peak_balance",
            "broken_promises",
            "invoices",
        ]

    @api.model
    def _figure_sql(self, name, root, as_of, months) -> SQL:
        """Return the column of one figure of the alias ``customer``."""
        figures = {
            "weighted_delay": SQL("payment.weighted_delay::float8"),
            "late_share": SQL("payment.late_share::float8"),
            "trend": SQL("payment.trend::float8"),
            "longest_delay": SQL("payment.longest_delay"),
            "months_known": SQL("COALESCE(relation.months_known, 0)"),
            "peak_month": SQL("COALESCE(sales.peak_month, 0)::float8"),
            "sales_12m": SQL("COALESCE(sales.amount, 0)::float8"),
            "peak_balance": SQL("COALESCE(peak.balance, 0)::float8"),
            "broken_promises": self._broken_promises_sql(root, as_of, months),
            "invoices": SQL("COALESCE(payment.invoices, 0)::int"),
        }
        return figures[name]

    @api.model
    def _broken_promises_sql(self, root, as_of, months) -> SQL:
        """Return how many promises ``customer.partner_id`` broke; NULL while nobody records them."""
        return SQL("NULL::int")

    @api.model
    def _ctes(self, root, partner_ids, as_of, months, min_amount) -> SQL:
        """Return the parts of the query, read from top to bottom: items, what happened to them, figures."""
        date_from = as_of - relativedelta(months=months)
        return SQL(
            """
            item AS MATERIALIZED (%(items)s),
                 event AS (%(settled)s UNION ALL %(overdue)s),
                 payment AS (%(payment)s),
                 relation AS (
                    SELECT item.partner_id,
                           (EXTRACT(YEAR FROM age(%(as_of)s::date, MIN(item.date))) * 12
                            + EXTRACT(MONTH FROM age(%(as_of)s::date, MIN(item.date))))::int AS months_known
                      FROM item
                     WHERE item.is_claim
                  GROUP BY item.partner_id
                 ),
                 sales AS (
                    SELECT month.partner_id,
                           SUM(month.amount) AS amount,
                           GREATEST(MAX(month.amount), 0) AS peak_month
                      FROM (
                            SELECT item.partner_id, SUM(item.balance) AS amount
                              FROM item
                             WHERE item.is_sale AND item.date > %(date_from)s
                          GROUP BY item.partner_id, date_trunc('month', item.date)
                           ) month
                  GROUP BY month.partner_id
                 ),
                 peak AS (%(peak)s)
            """,
            items=self._item_sql(root, partner_ids, as_of),
            settled=self._settled_sql(as_of, date_from),
            overdue=self._overdue_sql(root, partner_ids, as_of),
            payment=self._payment_sql(min_amount),
            peak=self._peak_sql(as_of, date_from),
            as_of=as_of,
            date_from=date_from,
        )

    @api.model
    def _item_sql(self, root, partner_ids, as_of) -> SQL:
        """Items of trade receivable accounts up to the date: claims, and what stands against them.

        A claim is an instalment of an invoice or an entry such as an opening balance; money that goes out (a
        refund paid) is none.
        """
        return SQL(
            """
            SELECT line.id,
                   partner.commercial_partner_id AS partner_id,
                   line.move_id,
                   line.date,
                   COALESCE(line.date_maturity, line.date) AS date_maturity,
                   line.balance,
                   move.move_type IN ('out_invoice', 'out_refund', 'out_receipt') AS is_sale,
                   line.balance > 0
                       AND (move.move_type IN ('out_invoice', 'out_receipt')
                            OR move.move_type = 'entry'
                               AND move.origin_payment_id IS NULL
                               AND move.statement_line_id IS NULL
                               AND move.journal_id <> ALL (%(exchange_journals)s)
                               AND NOT %(is_loss)s)
                       AS is_claim
              FROM account_move_line line
              JOIN account_move move ON move.id = line.move_id
              JOIN res_partner partner ON partner.id = line.partner_id
             WHERE line.account_id = ANY (ARRAY(SELECT id
                                                  FROM account_account
                                                 WHERE account_type = 'asset_receivable'
                                                   AND non_trade IS NOT TRUE))
               AND line.company_id = ANY (ARRAY(SELECT id
                                                  FROM res_company
                                                 WHERE split_part(parent_path, '/', 1)::int = %(root_id)s))
               AND line.parent_state = 'posted'
               AND line.date <= %(as_of)s
               AND %(wanted)s
            """,
            as_of=as_of,
            root_id=root.id,
            exchange_journals=self._exchange_journals_sql(),
            is_loss=self.env["ar.item.loss"]._is_loss_sql(SQL("move.id")),
            wanted=self._wanted_sql(SQL("partner.commercial_partner_id"), partner_ids),
        )

    @api.model
    def _settled_sql(self, as_of, date_from) -> SQL:
        """Matchings of claims with what brings money, within the window: entry, amount and days late."""
        return SQL(
            """
            SELECT item.partner_id,
                   item.move_id,
                   part.amount,
                   part.max_date - item.date_maturity AS days,
                   part.max_date > %(recent_from)s AS recent
              FROM item
              JOIN account_partial_reconcile part ON part.debit_move_id = item.id
              JOIN account_move_line receipt
                ON receipt.id = part.credit_move_id AND receipt.parent_state = 'posted'
              JOIN account_move receipt_move ON receipt_move.id = receipt.move_id
             WHERE item.is_claim
               AND part.amount > 0
               AND part.max_date > %(date_from)s
               AND part.max_date <= %(as_of)s
               AND receipt_move.move_type != 'out_refund'
               AND receipt_move.journal_id <> ALL (%(exchange_journals)s)
               AND NOT %(is_loss)s
            """,
            as_of=as_of,
            date_from=date_from,
            is_loss=self.env["ar.item.loss"]._is_loss_sql(SQL("receipt_move.id")),
            exchange_journals=self._exchange_journals_sql(),
            recent_from=as_of - relativedelta(months=TREND_MONTHS),
        )

    @api.model
    def _exchange_journals_sql(self) -> SQL:
        """Return the journals of exchange differences, as an array: few, gathered once."""
        return SQL(
            """ARRAY(SELECT currency_exchange_journal_id
                       FROM res_company
                      WHERE currency_exchange_journal_id IS NOT NULL)"""
        )

    @api.model
    def _overdue_sql(self, root, partner_ids, as_of) -> SQL:
        """Open items past due on the date, as the ageing defines them, at their age."""
        aging = self.env["ar.aging.report"]
        return SQL(
            """
            SELECT open_item.partner_id, open_item.move_id, open_item.amount, open_item.days, TRUE AS recent
              FROM (
                    SELECT open_item.partner_id,
                           open_item.move_id,
                           open_item.amount,
                           %(days)s AS days
                      FROM (%(open_items)s) open_item
                     WHERE open_item.amount > 0
                       AND NOT open_item.non_trade
                       AND open_item.root_company_id = %(root_id)s
                       AND %(wanted)s
                   ) open_item
             WHERE open_item.days > 0
            """,
            days=aging._days_overdue_sql(as_of, SQL("open_item.date_maturity")),
            open_items=aging._open_items_sql(as_of),
            root_id=root.id,
            # Many customers: those who were not asked for are left out at the end, which costs less.
            wanted=self._wanted_sql(SQL("open_item.partner_id"), partner_ids)
            if len(partner_ids) <= MANY_CUSTOMERS
            else SQL("TRUE"),
        )

    @api.model
    def _payment_sql(self, min_amount) -> SQL:
        """Figures per customer over what was settled and what is overdue."""
        return SQL(
            """
            SELECT total.partner_id,
                   total.weighted / total.amount AS weighted_delay,
                   100 * total.late / total.amount AS late_share,
                   CASE WHEN total.recent_amount > 0 AND total.recent_amount < total.amount
                        THEN total.recent_weighted / total.recent_amount - total.weighted / total.amount
                   END AS trend,
                   GREATEST(COALESCE(total.longest, 0), 0) AS longest_delay,
                   total.invoices
              FROM (
                    SELECT event.partner_id,
                           SUM(event.amount) AS amount,
                           SUM(event.amount * event.days) AS weighted,
                           COALESCE(SUM(event.amount) FILTER (WHERE event.days > 0), 0) AS late,
                           SUM(event.amount) FILTER (WHERE event.recent) AS recent_amount,
                           SUM(event.amount * event.days) FILTER (WHERE event.recent) AS recent_weighted,
                           MAX(event.days) FILTER (WHERE event.amount >= %(min_amount)s) AS longest,
                           COUNT(DISTINCT event.move_id) AS invoices
                      FROM event
                  GROUP BY event.partner_id
                   ) total
            """,
            min_amount=min_amount,
        )

    @api.model
    def _peak_sql(self, as_of, date_from) -> SQL:
        """Highest balance at the end of a day within the window, that at its beginning included."""
        return SQL(
            """
            SELECT day.partner_id, GREATEST(MAX(day.balance), 0) AS balance
              FROM (
                    SELECT day.partner_id,
                           SUM(day.change) OVER timeline AS balance,
                           LEAD(day.date) OVER timeline AS date_next
                      FROM (
                            SELECT item.partner_id, item.date, SUM(item.balance) AS change
                              FROM item
                          GROUP BY item.partner_id, item.date
                           ) day
                    WINDOW timeline AS (PARTITION BY day.partner_id ORDER BY day.date)
                   ) day
             WHERE day.date_next IS NULL OR day.date_next > %(date_from)s
          GROUP BY day.partner_id
            """,
            date_from=date_from,
        )

    @api.model
    def _wanted_sql(self, column: SQL, partner_ids) -> SQL:
        """Condition that picks customers: a few are looked up, many are filtered in one pass."""
        if len(partner_ids) <= MANY_CUSTOMERS:
            return SQL("%s IN %s", column, tuple(partner_ids))
        return SQL("%s IN (SELECT unnest(%s))", column, partner_ids)

    @api.model
    def _flush_sources(self):
        """Write pending changes of what the query reads."""
        for model, names in (
            ("account.account", ["account_type", "non_trade"]),
            ("account.move", ["journal_id", "move_type", "origin_payment_id", "state", "statement_line_id"]),
            (
                "account.move.line",
                [
                    "account_id",
                    "amount_residual",
                    "amount_residual_currency",
                    "balance",
                    "company_id",
                    "currency_id",
                    "date",
                    "date_maturity",
                    "parent_state",
                    "partner_id",
                    "reconciled",
                ],
            ),
            ("account.partial.reconcile", ["amount", "credit_move_id", "debit_move_id", "max_date"]),
            ("res.company", ["currency_exchange_journal_id", "parent_path"]),
            ("res.partner", ["commercial_partner_id"]),
        ):
            self.env[model].flush_model(names)
