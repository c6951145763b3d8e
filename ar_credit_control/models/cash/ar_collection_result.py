from odoo import fields, models
from odoo.tools import SQL


class ArCollectionResult(models.Model):
    """Cash collected: one row per matching of a claim with money that the bank shows.

    Only bank-matched cash counts: a bank line, or a payment whose own entry is matched with the bank; of an
    entry with deductions (discounts, write-offs, fees) only the share that is money. Credit notes and
    write-offs are no cash. Undoing a matching takes it back. On time or late is judged by the day of the
    receipt; the period is that of the day on which claim, receipt and bank were all matched, so that a closed
    period does not change by what is matched later.
    """

    _name = "ar.collection.result"
    _description = "Collected Cash"
    _auto = False
    _order = "date desc, id desc"
    _rec_name = "partner_id"
    _depends = {
        "account.account": ["account_type"],
        "account.journal": ["default_account_id"],
        "account.move": ["name", "origin_payment_id", "statement_line_id"],
        "account.move.line": ["account_id", "balance", "date", "date_maturity", "move_id", "parent_state"],
        "account.partial.reconcile": [
            "amount",
            "credit_move_id",
            "debit_amount_currency",
            "debit_currency_id",
            "debit_move_id",
            "max_date",
        ],
        "account.payment": ["is_matched", "outstanding_account_id"],
        "ar.collection.credit": [
            "collector_id",
            "company_id",
            "is_assumed",
            "partial_id",
            "partner_id",
            "salesperson_id",
        ],
        "res.company": ["currency_id"],
    }

    date = fields.Date(
        readonly=True, help="Day on which claim, receipt and bank were matched: the period it counts in."
    )
    date_received = fields.Date(string="Received On", readonly=True)
    date_maturity = fields.Date(string="Due Date", readonly=True)
    days_late = fields.Integer(
        readonly=True, aggregator="avg", help="Days from the due date to the receipt; negative: before it."
    )
    timing = fields.Selection([("on_time", "On Time"), ("late", "Paid Late")], readonly=True)
    partner_id = fields.Many2one("res.partner", string="Customer", readonly=True)
    move_id = fields.Many2one("account.move", string="Invoice", readonly=True)
    move_name = fields.Char(string="Number", readonly=True)
    receipt_move_id = fields.Many2one("account.move", string="Receipt", readonly=True)
    company_id = fields.Many2one("res.company", readonly=True)
    company_currency_id = fields.Many2one("res.currency", readonly=True)
    currency_id = fields.Many2one("res.currency", readonly=True)
    salesperson_id = fields.Many2one("res.users", readonly=True, help="When it was matched.")
    collector_id = fields.Many2one("res.users", readonly=True, help="When it was matched.")
    is_assumed = fields.Boolean(
        string="Assumed", readonly=True, help="Matched before who collects was recorded."
    )
    amount = fields.Monetary(string="Collected", readonly=True, currency_field="company_currency_id")
    amount_on_time = fields.Monetary(
        string="Collected On Time", readonly=True, currency_field="company_currency_id"
    )
    amount_late = fields.Monetary(
        string="Collected Late", readonly=True, currency_field="company_currency_id"
    )
    amount_currency = fields.Monetary(
        string="Collected in Currency", readonly=True, currency_field="currency_id"
    )

    @property
    def _table_query(self) -> SQL:
        self.env["ar.aging.report"]._switch_off_jit()
        return self._result_sql()

    def _result_sql(self) -> SQL:
        return SQL(
            """
            SELECT *,
                   CASE WHEN timing = 'on_time' THEN amount ELSE 0 END AS amount_on_time,
                   CASE WHEN timing = 'late' THEN amount ELSE 0 END AS amount_late
              FROM (
                    SELECT credit.id,
                           credit.partner_id,
                           credit.company_id,
                           credit.salesperson_id,
                           credit.collector_id,
                           credit.is_assumed,
                           company.currency_id AS company_currency_id,
                           part.debit_currency_id AS currency_id,
                           item.move_id,
                           move.name AS move_name,
                           receipt.move_id AS receipt_move_id,
                           %(due)s AS date_maturity,
                           receipt.date AS date_received,
                           GREATEST(part.max_date, bank.date) AS date,
                           receipt.date - %(due)s AS days_late,
                           CASE WHEN receipt.date <= %(due)s
                                THEN 'on_time' ELSE 'late' END AS timing,
                           ROUND(part.amount * money.share, currency.decimal_places) AS amount,
                           ROUND(part.debit_amount_currency * money.share, item_currency.decimal_places)
                               AS amount_currency
                      FROM ar_collection_credit credit
                      JOIN account_partial_reconcile part ON part.id = credit.partial_id
                      JOIN account_move_line item ON item.id = part.debit_move_id
                 LEFT JOIN ar_writeoff_recovery recovery ON recovery.claim_line_id = item.id
                 LEFT JOIN ar_writeoff_line lost ON lost.id = recovery.line_id
                      JOIN account_move move ON move.id = item.move_id
                      JOIN account_move_line receipt ON receipt.id = part.credit_move_id
                      JOIN account_move receipt_move ON receipt_move.id = receipt.move_id
                      JOIN account_journal receipt_journal ON receipt_journal.id = receipt_move.journal_id
                      JOIN res_company company ON company.id = credit.company_id
                      JOIN res_currency currency ON currency.id = company.currency_id
                      JOIN res_currency item_currency ON item_currency.id = part.debit_currency_id
                 LEFT JOIN account_payment payment
                        ON payment.id = receipt_move.origin_payment_id
                       AND receipt_move.statement_line_id IS NULL
                 LEFT JOIN LATERAL (
                            -- The bank shows the payment: its own entry is matched with a bank line.
                            SELECT MAX(shown.max_date) AS date
                              FROM account_move_line liquid
                              JOIN account_partial_reconcile shown ON shown.debit_move_id = liquid.id
                             WHERE payment.id IS NOT NULL
                               AND liquid.move_id = receipt_move.id
                               AND liquid.account_id = payment.outstanding_account_id
                           ) bank ON TRUE
                CROSS JOIN LATERAL (
                            SELECT LEAST(GREATEST(side.money, 0) / NULLIF(side.credited, 0), 1) AS share
                              FROM (%(sides)s) side
                           ) money
                     WHERE item.parent_state = 'posted'
                       AND receipt.parent_state = 'posted'
                       AND (receipt_move.statement_line_id IS NOT NULL OR payment.is_matched)
                       AND money.share > 0
                   ) collected
            """,
            sides=self._sides_sql(),
            # What was written off and is paid after all was due when the invoice was.
            due=SQL("COALESCE(lost.date_maturity, item.date_maturity, item.date)"),
        )

    def _sides_sql(self) -> SQL:
        """Return what of the entry of a receipt is money and what it credits customers with."""
        return SQL(
            """
            SELECT SUM(line.balance) FILTER (
                       WHERE account.account_type IN ('asset_cash', 'liability_credit_card')
                          OR line.account_id = receipt_journal.default_account_id
                          OR line.account_id = payment.outstanding_account_id
                   ) AS money,
                   -SUM(line.balance) FILTER (
                       WHERE account.account_type = 'asset_receivable' AND line.balance < 0
                   ) AS credited
              FROM account_move_line line
              JOIN account_account account ON account.id = line.account_id
             WHERE line.move_id = receipt_move.id
            """
        )

    def action_open_invoice(self):
        """Open the invoice that was paid."""
        self.ensure_one()
        return {
            "type": "ir.actions.act_window",
            "res_model": "account.move",
            "res_id": self.move_id.id,
            "views": [(False, "form")],
        }
