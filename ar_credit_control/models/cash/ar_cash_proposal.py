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
        nothing = {"rule": False, "confidence": "none", "count": 0, "items": []}
        proposals = {receipt.id: dict(nothing, items=[]) for receipt in receipts}
        if not receipts:
            return proposals
        self.env.flush_all()
        self.env["ar.aging.report"]._switch_off_jit()
        for row in self.env.execute_query_dict(self._proposal_sql(receipts)):
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
    def _proposal_sql(self, receipts) -> SQL:
        """Return the statement: one row per receipt and item that it takes something of."""
        return SQL(
            """
            WITH receipt AS MATERIALIZED (%(receipts)s),
                 item AS MATERIALIZED (%(items)s),
                 pair AS MATERIALIZED (%(pairs)s),
                 booked AS MATERIALIZED (%(booked)s),
                 found AS MATERIALIZED (%(found)s),
                 series AS (%(series)s),
                 chosen AS (%(chosen)s)
            SELECT receipt_id, item_id, name, value, rule, matches,
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
          ORDER BY receipt_id, place
            """,
            receipts=self._receipt_sql(receipts),
            items=self._item_sql(receipts),
            pairs=self._pair_sql(receipts),
            booked=self._booked_payment_sql(receipts),
            found=self._found_sql(),
            series=self._series_sql(),
            chosen=self._chosen_sql(),
        )

    @api.model
    def _receipt_sql(self, receipts) -> SQL:
        """The receipts themselves; bank lines to book have no account yet."""
        receipts = receipts.sudo()  # sudo: entries behind rows that the user may read
        return SQL(
            """
            SELECT row.*, currency.rounding
              FROM unnest(%(ids)s::bigint[], %(kinds)s::varchar[], %(partners)s::int[], %(roots)s::int[],
                          %(accounts)s::int[], %(currencies)s::int[], %(totals)s::numeric[],
                          %(amounts)s::numeric[], %(texts)s::varchar[], %(moves)s::int[],
                          %(payments)s::int[], %(transactions)s::int[])
                   AS row (id, kind, partner_id, root_id, account_id, currency_id, total, amount, text,
                           move_id, payment_id, transaction_id)
              JOIN res_currency currency ON currency.id = row.currency_id
            """,
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
    def _item_sql(self, receipts) -> SQL:
        """Open claims of the customers, whether they are in dispute, and debit notes of interest."""
        roots = receipts.sudo().root_company_id  # sudo: of rows that the user may read
        today = max((root._credit_today() for root in roots), default=None)
        return SQL(
            """
            SELECT item.id, item.move_id, item.partner_id, item.root_company_id, item.account_id,
                   item.currency_id, item.date, item.date_maturity, item.amount, item.amount_currency,
                   move.name, move.reversed_entry_id,
                   ARRAY(SELECT DISTINCT number
                           FROM unnest(ARRAY[move.name, move.payment_reference, move.ref,
                                             regexp_replace(move.name, '^[[:alpha:]]+[^[:alnum:]]+', '')])
                                AS number
                          WHERE length(regexp_replace(number, '[^[:alnum:]]', '', 'g')) >= 4
                            AND number ~ '[0-9]') AS numbers,
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
                     WHERE pause.partner_id = ANY(%(partners)s)
                  GROUP BY pause.move_id, pause.partner_id, pause.date_maturity
                   ) pause
                ON pause.move_id = item.move_id
               AND pause.partner_id = item.partner_id
               AND pause.date_maturity = item.date_maturity
              JOIN account_move move ON move.id = item.move_id
              JOIN account_journal journal ON journal.id = item.journal_id
             WHERE item.partner_id = ANY(%(partners)s)
               AND item.amount_currency > 0
               AND item.non_trade IS NOT TRUE
               AND journal.type NOT IN ('bank', 'cash', 'credit')
            """,
            pauses=self.env["ar.item.pause"].sudo()._pause_sql(roots, today),  # sudo: settings of companies
            open_items=self.env["ar.aging.report"]._open_items_sql(),
            partners=receipts.sudo().partner_id.ids,  # sudo: of rows that the user may read
        )

    @api.model
    def _pair_sql(self, receipts) -> SQL:
        """Each receipt with each item that it could pay, in the order of allocation.

        ``value``: what is open of the item in the currency of the receipt; across currencies at the rate of
        the receipt, as a first idea: core counts the rate when it reconciles.
        """
        roots = receipts.sudo().root_company_id  # sudo: settings of the main companies
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
                   receipt.text ~ '[0-9]' AND EXISTS (SELECT FROM unnest(item.numbers) AS number
                            WHERE receipt.text ~* ('(^|[^[:alnum:]])'
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
    def _booked_payment_sql(self, receipts) -> SQL:
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
    def _found_sql(self) -> SQL:
        """The rule of each receipt, where one of the strong ones applies."""
        return SQL(
            """
            SELECT receipt.id AS receipt_id,
                   CASE WHEN BOOL_OR(pair.is_linked) THEN 'linked'
                        WHEN EXISTS (SELECT FROM booked WHERE booked.receipt_id = receipt.id) THEN 'payment'
                        WHEN BOOL_OR(pair.is_named) THEN 'reference'
                        WHEN BOOL_OR(pair.value = pair.total AND pair.is_same_currency) THEN 'amount'
                        END AS rule,
                   BOOL_OR(pair.is_said_paid) AS is_said_paid,
                   COUNT(*) FILTER (WHERE pair.value = pair.total AND pair.is_same_currency) AS exact,
                   MIN(pair.place) FILTER (WHERE pair.value = pair.total AND pair.is_same_currency) AS first
              FROM receipt
         LEFT JOIN pair ON pair.receipt_id = receipt.id
          GROUP BY receipt.id
            """
        )

    @api.model
    def _series_sql(self) -> SQL:
        """The first items in a row whose sum is the receipt, where nothing stronger was found."""
        return SQL(
            """
            SELECT DISTINCT ON (first.receipt_id)
                   first.receipt_id, first.place AS place_from, last.place AS place_to
              FROM (%(running)s) first
              JOIN (%(running)s) last
                ON last.receipt_id = first.receipt_id AND last.place > first.place
             WHERE last.running - first.running + first.value = first.total
          ORDER BY first.receipt_id, first.place, last.place
            """,
            running=SQL(
                """
                SELECT pair.receipt_id, pair.place, pair.value, pair.total,
                       SUM(pair.value) OVER (PARTITION BY pair.receipt_id ORDER BY pair.place) AS running
                  FROM pair
                  JOIN found ON found.receipt_id = pair.receipt_id AND found.rule IS NULL
                 WHERE pair.place <= %s AND pair.is_same_currency
                """,
                SUM_AMONG,
            ),
        )

    @api.model
    def _chosen_sql(self) -> SQL:
        """The items of each receipt by the rule that found them. A receipt pays items of one account."""
        return SQL(
            """
            SELECT pair.receipt_id, pair.item_id, pair.name, pair.value, pair.total, pair.place,
                   COALESCE(found.rule, CASE WHEN series.receipt_id IS NOT NULL THEN 'sum'
                                             WHEN found.is_said_paid THEN 'said'
                                             ELSE 'oldest' END) AS rule,
                   found.exact AS matches
              FROM (SELECT *, FIRST_VALUE(account_id) OVER (
                                  PARTITION BY receipt_id ORDER BY is_linked DESC, is_named DESC, place
                              ) AS main_account_id
                      FROM pair) pair
              JOIN found ON found.receipt_id = pair.receipt_id
         LEFT JOIN series ON series.receipt_id = pair.receipt_id
             WHERE CASE WHEN found.rule = 'linked' THEN pair.is_linked
                        WHEN found.rule = 'payment' THEN FALSE
                        WHEN found.rule = 'reference' THEN pair.is_named
                        WHEN found.rule = 'amount' THEN pair.place = found.first
                        WHEN series.receipt_id IS NOT NULL
                        THEN pair.place BETWEEN series.place_from AND series.place_to
                        ELSE pair.is_said_paid OR found.is_said_paid IS NOT TRUE END
               AND (found.rule = 'amount' OR pair.account_id = pair.main_account_id)
         UNION ALL
            SELECT booked.receipt_id, booked.item_id, booked.name, booked.total, booked.total, booked.place,
                   found.rule, booked.matches
              FROM booked
              JOIN found ON found.receipt_id = booked.receipt_id AND found.rule = 'payment'
             WHERE booked.place = 1
            """
        )
