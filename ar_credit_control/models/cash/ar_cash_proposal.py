from odoo import api, models
from odoo.tools import SQL

# How far the sum of items in a row is looked for: among so many items, in the order of allocation.
SUM_AMONG = 25
# Order of allocation, by the company's setting.
ITEM_ORDERS = {
    "due": SQL("item.date_maturity, item.date, item.id"),
    "invoice": SQL("item.date, item.date_maturity, item.id"),
    "small": SQL("item.amount, item.date_maturity, item.id"),
    "large": SQL("item.amount DESC, item.date_maturity, item.id"),
}


class ArCashProposal(models.AbstractModel):
    """Which items a receipt probably pays: one statement for any number of receipts.

    The first rule that finds something decides: items the payment was made for; on a bank line, a payment
    that is booked already; numbers in the customer's words; one item of exactly this amount; the exact sum of
    items in a row; items that the customer says are paid; at last the order of allocation of the company.
    Items in dispute come last.
    """

    _name = "ar.cash.proposal"
    _description = "Proposal of Cash Application"

    @api.model
    def _propose(self, receipts):
        """Return ``{receipt id: proposal}``, for each receipt. Internal: no access check.

        A proposal has ``rule``, ``confidence``, ``count`` (candidates that fit alike) and ``items``, in the
        order of allocation: dicts of ``line_id``, ``name``, ``amount`` (taken, currency of the receipt) and
        ``open`` (currency of the receipt).
        """
        proposals = {
            receipt.id: {
                "rule": False,
                "confidence": "none" if receipt.partner_id else "unknown",
                "count": 0,
                "items": [],
            }
            for receipt in receipts
        }
        receipts = receipts.filtered("partner_id")
        if not receipts:
            return proposals
        self._prepare_reading()
        roots = receipts.sudo().root_company_id  # sudo: of rows that the user may read
        statement = SQL(
            "%s ORDER BY receipt_id, place", self._proposal_sql(self._receipt_sql(receipts), roots)
        )
        for row in self.env.execute_query_dict(statement):
            proposal = proposals[row["receipt_id"]]
            proposal.update(rule=row["rule"], confidence=row["confidence"], count=row["matches"])
            proposal["items"].append(
                {
                    "line_id": row["item_id"],
                    "name": row["name"] or "",
                    "amount": float(row["taken"]),
                    "open": float(row["value"]),
                }
            )
        return proposals

    @api.model
    def _find_by_confidence(self, confidences):
        """Return the ids of the receipts that the user may read whose proposal is so sure: one statement."""
        companies = self.env["res.company"].sudo()  # sudo: settings of the main companies
        if self.env.su:
            roots = companies.search([("parent_id", "=", False)])
        else:
            roots = companies.browse(self.env.companies.ids).root_id
        receipts = self.env["ar.cash.receipt"]._search([])
        self._prepare_reading()
        rows = self.env.execute_query(
            SQL(
                """
                SELECT receipt.id
                  FROM (%(receipts)s) receipt
             LEFT JOIN (SELECT DISTINCT receipt_id, confidence FROM (%(proposals)s) proposal) proposal
                    ON proposal.receipt_id = receipt.id
                 WHERE COALESCE(proposal.confidence,
                                CASE WHEN receipt.partner_id IS NULL THEN 'unknown' ELSE 'none' END)
                       = ANY(%(confidences)s)
                """,
                receipts=receipts.select(
                    *(
                        SQL("%s.%s", SQL.identifier(receipts.table), SQL.identifier(column))
                        for column in ("id", "partner_id")
                    )
                ),
                proposals=self._proposal_sql(self._readable_receipt_sql(receipts), roots),
                confidences=list(confidences),
            )
        )
        return [receipt_id for (receipt_id,) in rows]

    @api.model
    def _prepare_reading(self):
        self.env.flush_all()
        self.env["ar.aging.report"]._switch_off_jit()

    @api.model
    def _proposal_sql(self, receipts: SQL, roots) -> SQL:
        """Return the statement: one row per receipt and item that it takes something of.

        :param receipts: statement with the columns of :meth:`_receipt_sql`
        :param roots: their main companies
        """
        return SQL(
            """
            WITH receipt AS MATERIALIZED (%(receipts)s),
                 item AS MATERIALIZED (%(items)s),
                 booked AS MATERIALIZED (%(booked)s),
                 pair AS (%(pairs)s),
                 judged AS (%(judged)s),
                 chosen AS (%(chosen)s)
            SELECT receipt_id, item_id, name, value, rule, matches, place,
                   CASE WHEN rule IN ('linked', 'payment') THEN 'high'
                        WHEN rule = 'reference' AND SUM(value) OVER whole = total THEN 'high'
                        WHEN rule = 'amount' AND matches = 1 THEN 'high'
                        WHEN rule = 'oldest' THEN 'low'
                        ELSE 'medium' END AS confidence,
                   LEAST(value, total - before) AS taken
              FROM (SELECT *, SUM(value) OVER (PARTITION BY receipt_id ORDER BY place) - value AS before
                      FROM chosen) chosen
             WHERE before < total
            WINDOW whole AS (PARTITION BY receipt_id)
            """,
            receipts=self._expect_many(receipts),
            items=self._expect_many(self._item_sql(roots)),
            booked=self._booked_payment_sql(),
            pairs=self._pair_sql(roots),
            judged=self._judged_sql(),
            chosen=self._chosen_sql(),
        )

    @api.model
    def _expect_many(self, statement: SQL) -> SQL:
        """Return the same rows, of which PostgreSQL expects some hundred times as many.

        It takes both receipts and items for a few rows and would compare each with each, which grows with
        the square of the queue; expecting many, it hashes them. The guess of a third is fixed in PostgreSQL.
        """
        return SQL(
            """
            SELECT expected.*
              FROM (%s OFFSET 0) expected, generate_series(1, 1000) AS guess
             WHERE guess < 2
            """,
            statement,
        )

    @api.model
    def _receipt_sql(self, receipts) -> SQL:
        """The receipts themselves; bank lines to book have no account yet."""
        receipts = receipts.sudo()  # sudo: entries behind rows that the user may read
        return SQL(
            """
            SELECT row.*, %(bare)s AS bare, currency.rounding
              FROM unnest(%(ids)s::bigint[], %(kinds)s::varchar[], %(partners)s::int[], %(roots)s::int[],
                          %(accounts)s::int[], %(currencies)s::int[], %(totals)s::numeric[],
                          %(amounts)s::numeric[], %(texts)s::varchar[], %(moves)s::int[],
                          %(payments)s::int[], %(transactions)s::int[])
                   AS row (id, kind, partner_id, root_id, account_id, currency_id, total, amount, text,
                           move_id, payment_id, transaction_id)
              JOIN res_currency currency ON currency.id = row.currency_id
            """,
            bare=self._bare_sql(SQL("row.text")),
            ids=receipts.ids,
            kinds=receipts.mapped("kind"),
            partners=[receipt.partner_id.id for receipt in receipts],
            roots=[receipt.root_company_id.id for receipt in receipts],
            accounts=[receipt.account_id.id or None for receipt in receipts],
            currencies=[receipt.currency_id.id for receipt in receipts],
            totals=[receipt.amount_currency for receipt in receipts],
            amounts=[receipt.amount for receipt in receipts],
            texts=[receipt.text or "" for receipt in receipts],
            moves=[receipt.move_id.id or None for receipt in receipts],
            payments=[receipt.payment_id.id or None for receipt in receipts],
            transactions=[receipt.transaction_id.id or None for receipt in receipts],
        )

    @api.model
    def _readable_receipt_sql(self, receipts) -> SQL:
        """The same of a query of ``ar.cash.receipt``, without reading the rows first."""
        columns = ("id", "kind", "partner_id", "account_id", "currency_id", "amount", "text", "move_id")
        row = SQL.identifier(receipts.table)
        return SQL(
            """
            SELECT row.*, %(bare)s AS bare, currency.rounding
              FROM (%(rows)s) row
              JOIN res_currency currency ON currency.id = row.currency_id
            """,
            bare=self._bare_sql(SQL("row.text")),
            rows=receipts.select(
                *(SQL("%s.%s", row, SQL.identifier(column)) for column in columns),
                SQL("%s.root_company_id AS root_id", row),
                SQL("%s.amount_currency AS total", row),
                SQL("%s.payment_id", row),
                SQL("%s.transaction_id", row),
            ),
        )

    @api.model
    def _bare_sql(self, text: SQL) -> SQL:
        """Return letters and digits alone: a number that is not within them is not named."""
        return SQL("lower(regexp_replace(COALESCE(%s, ''), '[^[:alnum:]]+', '', 'g'))", text)

    @api.model
    def _item_sql(self, roots) -> SQL:
        """Open claims of the customers, whether they are in dispute, and debit notes of interest."""
        today = max((root._credit_today() for root in roots), default=None)
        return SQL(
            """
            SELECT item.id, item.move_id, item.partner_id, item.root_company_id, item.account_id,
                   item.currency_id, item.date, item.date_maturity, item.amount, item.amount_currency,
                   move.name, move.reversed_entry_id, known.numbers, known.bares,
                   EXISTS (SELECT FROM ar_interest_claim claim
                            WHERE claim.debit_move_id = item.move_id) AS is_interest,
                   pause.is_disputed IS TRUE AS is_disputed,
                   pause.is_said_paid IS TRUE AS is_said_paid
              FROM (%(open_items)s) item
         LEFT JOIN (
                    SELECT pause.move_id, pause.partner_id, pause.date_maturity,
                           BOOL_OR(pause.reason = 'disputed') AS is_disputed,
                           BOOL_OR(pause.reason = 'says_paid') AS is_said_paid
                      FROM (%(pauses)s) pause
                  GROUP BY pause.move_id, pause.partner_id, pause.date_maturity
                   ) pause
                ON pause.move_id = item.move_id
               AND pause.partner_id = item.partner_id
               AND pause.date_maturity = item.date_maturity
              JOIN account_move move ON move.id = item.move_id
              JOIN account_journal journal ON journal.id = item.journal_id
        CROSS JOIN LATERAL (
                    SELECT ARRAY_AGG(number) AS numbers, ARRAY_AGG(bare) AS bares
                      FROM (
                            SELECT DISTINCT number, %(bare)s AS bare
                              FROM unnest(ARRAY[
                                       move.name, move.payment_reference, move.ref,
                                       regexp_replace(move.name, '^[[:alpha:]]+[^[:alnum:]]+', '')]) AS number
                           ) number
                     WHERE length(bare) >= 4 AND number ~ '[0-9]'
                   ) known
             WHERE item.partner_id = ANY(ARRAY(SELECT DISTINCT partner_id FROM receipt))
               AND item.amount_currency > 0
               AND item.non_trade IS NOT TRUE
               AND journal.type NOT IN ('bank', 'cash', 'credit')
               AND %(readable)s
            """,
            pauses=self.env["ar.item.pause"].sudo()._pause_sql(roots, today),  # sudo: settings of companies
            open_items=self.env["ar.aging.report"]._open_items_sql(),
            readable=self._readable_sql(),
            bare=self._bare_sql(SQL("number")),
        )

    @api.model
    def _readable_sql(self) -> SQL:
        """Items of branches that the user does not work in are neither shown nor paid."""
        if self.env.su:
            return SQL("TRUE")
        return SQL("item.company_id = ANY(%s)", self.env.companies.ids)

    @api.model
    def _pair_sql(self, roots) -> SQL:
        """Each receipt with each item that it could pay, in the order of allocation.

        ``value``: what is open of the item in the currency of the receipt; across currencies at the rate of
        the receipt, as a first idea: core counts the rate when it reconciles.
        """
        order = SQL(", ").join(
            SQL(
                """CASE WHEN receipt.root_id = %s
                        THEN ROW_NUMBER() OVER (PARTITION BY receipt.id ORDER BY %s) END""",
                root.id,
                self._order_sql(root),
            )
            for root in roots
        )
        return SQL(
            """
            SELECT receipt.id AS receipt_id,
                   item.id AS item_id,
                   item.name,
                   receipt.kind,
                   receipt.total,
                   CASE WHEN item.currency_id = receipt.currency_id THEN item.amount_currency
                        ELSE ROUND(item.amount * receipt.total / NULLIF(receipt.amount, 0)
                                   / receipt.rounding) * receipt.rounding END AS value,
                   item.currency_id = receipt.currency_id AS is_same_currency,
                   item.account_id,
                   item.is_said_paid,
                   COALESCE(%(order)s) AS place,
                   (EXISTS (SELECT FROM account_move__account_payment link
                             WHERE link.payment_id = receipt.payment_id AND link.invoice_id = item.move_id)
                    OR EXISTS (SELECT FROM account_invoice_transaction_rel link
                             WHERE link.transaction_id = receipt.transaction_id
                               AND link.invoice_id = item.move_id)
                    OR EXISTS (SELECT FROM account_move refund
                             WHERE refund.id = receipt.move_id AND refund.reversed_entry_id = item.move_id)
                   ) AS is_linked,
                   receipt.text ~ '[0-9]' AND EXISTS (
                           SELECT FROM unnest(item.numbers, item.bares) AS known (number, bare)
                            WHERE strpos(receipt.bare, bare) > 0
                              AND receipt.text ~* ('(^|[^[:alnum:]])'
                                  || regexp_replace(number, '[^[:alnum:]]+', '[^[:alnum:]]*', 'g')
                                  || '($|[^[:alnum:]])')) AS is_named
              FROM receipt
              JOIN item ON item.partner_id = receipt.partner_id AND item.root_company_id = receipt.root_id
                       AND (receipt.account_id IS NULL OR item.account_id = receipt.account_id)
            """,
            order=order or SQL("NULL"),
        )

    @api.model
    def _order_sql(self, root) -> SQL:
        """Return the order of allocation of a company: what is in dispute and in other currencies last."""
        interest = SQL("item.is_interest DESC") if root.cash_interest_first else SQL("item.is_interest")
        return SQL(
            "item.currency_id = receipt.currency_id DESC, item.is_disputed, %s, %s",
            interest,
            ITEM_ORDERS[root.cash_item_order or "due"],
        )

    @api.model
    def _booked_payment_sql(self) -> SQL:
        """Payments that are booked and that no bank line shows, of the amount of a bank line to book."""
        return SQL(
            """
            SELECT receipt.id AS receipt_id,
                   line.id AS item_id,
                   payment.name,
                   receipt.total,
                   ROW_NUMBER() OVER (PARTITION BY receipt.id ORDER BY payment.date, line.id) AS place,
                   COUNT(*) OVER (PARTITION BY receipt.id) AS matches
              FROM receipt
              JOIN res_partner debtor ON debtor.commercial_partner_id = receipt.partner_id
              JOIN account_payment payment
                ON payment.partner_id = debtor.id AND payment.payment_type = 'inbound'
               AND payment.is_matched IS NOT TRUE AND payment.state IN ('in_process', 'paid')
              JOIN account_move_line line
                ON line.move_id = payment.move_id AND line.account_id = payment.outstanding_account_id
               AND line.parent_state = 'posted' AND line.reconciled IS NOT TRUE
               AND line.currency_id = receipt.currency_id
               AND line.amount_residual_currency = receipt.total
              JOIN res_company company ON company.id = payment.company_id
               AND split_part(company.parent_path, '/', 1)::int = receipt.root_id
              JOIN account_account account ON account.id = line.account_id AND account.reconcile
             WHERE receipt.kind = 'bank_line'
            """
        )

    @api.model
    def _judged_sql(self) -> SQL:
        """Each pair with the strong rule that its receipt was found by, and the row of items of its amount.

        The first items in a row whose sum is the receipt: the sums up to each item stand in an array, so the
        item that ends the row is that whose sum is the receipt more than the sum before the first.
        """
        return SQL(
            """
            SELECT summed.*,
                   MIN(place) FILTER (WHERE place_end > place) OVER whole AS place_from,
                   (ARRAY_AGG(place_end) FILTER (WHERE place_end > place) OVER ordered)[1] AS place_to
              FROM (
                    SELECT ruled.*,
                           CASE WHEN rule IS NULL AND place <= %(among)s AND is_same_currency
                                THEN array_position(
                                         ARRAY_AGG(running) FILTER (
                                             WHERE place <= %(among)s AND is_same_currency) OVER ordered,
                                         running - value + total) END AS place_end
                      FROM (
                            SELECT found.*,
                                   CASE WHEN is_any_linked THEN 'linked'
                                        WHEN receipt_id IN (SELECT receipt_id FROM booked) THEN 'payment'
                                        WHEN is_any_named THEN 'reference'
                                        WHEN exact > 0 THEN 'amount' END AS rule
                              FROM (
                                    SELECT pair.*,
                                           BOOL_OR(is_linked) OVER whole AS is_any_linked,
                                           BOOL_OR(is_named) OVER whole AS is_any_named,
                                           BOOL_OR(is_said_paid) OVER whole AS is_any_said_paid,
                                           COUNT(*) FILTER (WHERE is_exact) OVER whole AS exact,
                                           MIN(place) FILTER (WHERE is_exact) OVER whole AS first,
                                           SUM(value) OVER (whole ORDER BY place) AS running,
                                           FIRST_VALUE(account_id) OVER (
                                               PARTITION BY receipt_id
                                               ORDER BY is_linked DESC, is_named DESC, place
                                           ) AS main_account_id
                                      FROM (SELECT *, value = total AND is_same_currency AS is_exact
                                              FROM pair) pair
                                    WINDOW whole AS (PARTITION BY receipt_id)
                                   ) found
                           ) ruled
                    WINDOW ordered AS (PARTITION BY receipt_id ORDER BY place
                                       ROWS BETWEEN UNBOUNDED PRECEDING AND UNBOUNDED FOLLOWING)
                   ) summed
            WINDOW whole AS (PARTITION BY receipt_id),
                   ordered AS (PARTITION BY receipt_id ORDER BY place
                               ROWS BETWEEN UNBOUNDED PRECEDING AND UNBOUNDED FOLLOWING)
            """,
            among=SUM_AMONG,
        )

    @api.model
    def _chosen_sql(self) -> SQL:
        """The items of each receipt by the rule that found them. A receipt pays items of one account."""
        return SQL(
            """
            SELECT receipt_id, item_id, name, value, total, place,
                   COALESCE(rule, CASE WHEN place_from IS NOT NULL THEN 'sum'
                                       WHEN is_any_said_paid THEN 'said'
                                       ELSE 'oldest' END) AS rule,
                   exact AS matches
              FROM judged
             WHERE CASE WHEN rule = 'linked' THEN is_linked
                        WHEN rule = 'payment' THEN FALSE
                        WHEN rule = 'reference' THEN is_named
                        WHEN rule = 'amount' THEN place = first
                        WHEN place_from IS NOT NULL THEN place BETWEEN place_from AND place_to
                        ELSE is_said_paid OR NOT is_any_said_paid END
               AND (rule = 'amount' OR account_id = main_account_id)
         UNION ALL
            SELECT booked.receipt_id, booked.item_id, booked.name, booked.total, booked.total, booked.place,
                   'payment', booked.matches
              FROM booked
             WHERE booked.place = 1
               AND booked.receipt_id NOT IN (SELECT receipt_id FROM judged WHERE is_any_linked)
            """
        )
