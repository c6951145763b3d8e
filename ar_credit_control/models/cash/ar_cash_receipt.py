from odoo import api, fields, models
from odoo.exceptions import AccessError, UserError
from odoo.fields import Domain
from odoo.tools import SQL, format_amount, format_list

CONFIDENCES = [
    ("high", "Sure"),
    ("medium", "Likely"),
    ("low", "Guess"),
    ("none", "Nothing Open"),
    ("unknown", "Unknown"),
]
KINDS = [
    ("payment", "Payment"),
    ("bank", "Bank Entry"),
    ("credit_note", "Credit Note"),
    ("entry", "Other Credit"),
    ("bank_line", "Bank Line"),
    ("process", "Payment in Process"),
    ("transaction", "Online Payment"),
]
# What stands in the ledger or on a bank statement. The others wait for the bank or the payment provider.
APPLICABLE_KINDS = ("payment", "bank", "credit_note", "entry", "bank_line")
ACCOUNTING = "account.group_account_invoice"
CONTROLLER = "ar_credit_control.group_credit_controller"
# Of the id of a row: from which table it comes, so that it is the same at each reading.
SLOTS = 4


class ArCashReceipt(models.Model):
    """Money and credits of customers that reduce no invoice yet (收款核销): one row each.

    Credits that are open on receivable accounts, unreconciled bank lines, payments in process without an
    entry and authorised transactions. What a row probably pays is computed for the rows that are looked at,
    see ``ar.cash.proposal``. Money whose customer nobody knows waits until somebody says who paid.
    """

    _name = "ar.cash.receipt"
    _description = "Unapplied Receipt"
    _auto = False
    _order = "date, id"
    _rec_name = "name"
    _depends = {
        "account.bank.statement.line": [
            "account_number",
            "amount_residual",
            "company_id",
            "currency_id",
            "foreign_currency_id",
            "is_reconciled",
            "move_id",
            "partner_id",
            "payment_ref",
        ],
        "account.journal": ["type"],
        "account.move": ["move_type", "name", "origin_payment_id", "ref", "statement_line_id"],
        "account.move.line": ["name"],
        "account.payment": [
            "amount",
            "company_id",
            "currency_id",
            "date",
            "journal_id",
            "memo",
            "move_id",
            "name",
            "partner_id",
            "partner_type",
            "payment_type",
            "state",
        ],
        "ar.aging.report": [],
        "ar.cash.application": ["receipt_key", "state"],
        "ar.credit.profile": ["collector_id", "company_id", "partner_id"],
        "payment.transaction": [
            "amount",
            "company_id",
            "currency_id",
            "is_post_processed",
            "operation",
            "partner_id",
            "payment_id",
            "reference",
            "state",
        ],
        "res.company": ["currency_id", "parent_path"],
        "res.currency.rate": ["company_id", "currency_id", "name", "rate"],
        "res.partner": ["commercial_partner_id", "user_id"],
        "res.partner.bank": ["active", "partner_id", "sanitized_acc_number"],
    }

    kind = fields.Selection(KINDS, readonly=True)
    move_line_id = fields.Many2one("account.move.line", string="Journal Item", readonly=True)
    statement_line_id = fields.Many2one("account.bank.statement.line", string="Bank Line", readonly=True)
    payment_id = fields.Many2one("account.payment", readonly=True)
    transaction_id = fields.Many2one("payment.transaction", readonly=True)
    move_id = fields.Many2one("account.move", string="Entry", readonly=True)
    account_id = fields.Many2one("account.account", readonly=True)
    journal_id = fields.Many2one("account.journal", readonly=True)
    partner_id = fields.Many2one("res.partner", string="Customer", readonly=True)
    company_id = fields.Many2one("res.company", readonly=True)
    root_company_id = fields.Many2one("res.company", string="Main Company", readonly=True)
    company_currency_id = fields.Many2one("res.currency", readonly=True)
    currency_id = fields.Many2one("res.currency", readonly=True)
    collector_id = fields.Many2one("res.users", readonly=True)
    salesperson_id = fields.Many2one("res.users", readonly=True)
    name = fields.Char(string="Receipt", readonly=True)
    text = fields.Char(string="Reference", readonly=True, help="What the customer wrote with the payment.")
    date = fields.Date(readonly=True)
    days_idle = fields.Integer(
        readonly=True, aggregator="max", help="Days since the money came without being applied."
    )
    amount_currency = fields.Monetary(string="Unapplied", readonly=True)
    amount = fields.Monetary(
        string="Unapplied in Company Currency", readonly=True, currency_field="company_currency_id"
    )
    application_id = fields.Many2one(
        "ar.cash.application",
        string="Waiting For Approval",
        readonly=True,
        help="Somebody asked to apply it.",
    )

    rule = fields.Char(compute="_compute_proposal")
    confidence = fields.Selection(
        CONFIDENCES,
        compute="_compute_proposal",
        search="_search_confidence",
        help="Sure: the customer named the items, or only one has this amount. Likely: the amount or a "
        "reference fits, with a doubt. Guess: oldest first. Unknown: nobody knows who paid.",
    )
    proposed_amount = fields.Monetary(
        string="Applies", compute="_compute_proposal", help="Part of the receipt that the items take."
    )
    item_names = fields.Char(string="Probably Pays", compute="_compute_proposal")
    why = fields.Char(compute="_compute_proposal", help="Why these items.")
    can_apply = fields.Boolean(compute="_compute_can_apply")
    needs_approval = fields.Boolean(
        compute="_compute_can_apply", help="Larger than the amount from which another person approves."
    )

    @property
    def _table_query(self) -> SQL:
        self.env["ar.aging.report"]._switch_off_jit()
        today = fields.Date.context_today(self)
        return SQL(
            """
            SELECT receipt.*,
                   GREATEST(%(today)s::date - receipt.date, 0) AS days_idle,
                   profile.collector_id,
                   COALESCE(profile.salesperson_id, partner.user_id) AS salesperson_id,
                   application.id AS application_id
              FROM (%(booked)s UNION ALL %(unbooked)s) receipt
         LEFT JOIN res_partner partner ON partner.id = receipt.partner_id
         LEFT JOIN ar_credit_profile profile
                ON profile.partner_id = receipt.partner_id AND profile.company_id = receipt.root_company_id
         LEFT JOIN ar_cash_application application
                ON application.receipt_key = receipt.id AND application.state = 'proposed'
            """,
            today=today,
            booked=self._booked_sql(),
            unbooked=self._unbooked_sql(),
        )

    @api.model
    def _booked_sql(self) -> SQL:
        """Return credits that are open on receivable accounts, by the one definition of an open item."""
        return SQL(
            """
            SELECT item.id::bigint * %(slots)s AS id,
                   CASE WHEN move.move_type = 'out_refund' THEN 'credit_note'
                        WHEN move.statement_line_id IS NOT NULL THEN 'bank'
                        WHEN move.origin_payment_id IS NOT NULL
                             OR journal.type IN ('bank', 'cash', 'credit') THEN 'payment'
                        ELSE 'entry' END AS kind,
                   item.id AS move_line_id,
                   move.statement_line_id,
                   move.origin_payment_id AS payment_id,
                   NULL::int AS transaction_id,
                   item.move_id,
                   item.account_id,
                   item.journal_id,
                   item.partner_id,
                   item.company_id,
                   item.root_company_id,
                   item.company_currency_id,
                   item.currency_id,
                   move.name,
                   COALESCE(NULLIF(move.ref, ''), line.name) AS text,
                   item.date,
                   -item.amount_currency AS amount_currency,
                   -item.amount AS amount
              FROM (%(open_items)s) item
              JOIN account_move move ON move.id = item.move_id
              JOIN account_move_line line ON line.id = item.id
              JOIN account_journal journal ON journal.id = item.journal_id
             WHERE item.amount_currency < 0 AND item.non_trade IS NOT TRUE
               AND (item.partner_id IS NOT NULL OR journal.type IN ('bank', 'cash', 'credit'))
            """,
            slots=SLOTS,
            open_items=self.env["ar.aging.report"]._open_items_sql(),
        )

    @api.model
    def _unbooked_sql(self) -> SQL:
        """Return money on its way: bank lines not reconciled, payments without entry, transactions."""
        return SQL(
            """
            SELECT money.id, money.kind, NULL::int AS move_line_id, money.statement_line_id, money.payment_id,
                   money.transaction_id, money.move_id, NULL::int AS account_id, money.journal_id,
                   money.partner_id, money.company_id, root.id AS root_company_id,
                   root.currency_id AS company_currency_id, money.currency_id, money.name, money.text,
                   money.date, money.amount_currency,
                   ROUND(money.amount_currency / COALESCE(rate.rate, 1), root_currency.decimal_places)
                       AS amount
              FROM (
                    SELECT line.id::bigint * %(slots)s + 1 AS id,
                           'bank_line' AS kind,
                           line.id AS statement_line_id,
                           NULL::int AS payment_id,
                           NULL::int AS transaction_id,
                           line.move_id,
                           line.journal_id,
                           COALESCE(owner.commercial_partner_id, holder.partner_id) AS partner_id,
                           line.company_id,
                           COALESCE(line.foreign_currency_id, line.currency_id) AS currency_id,
                           move.name,
                           CONCAT_WS(' ', NULLIF(line.payment_ref, ''), NULLIF(move.ref, '')) AS text,
                           move.date,
                           -line.amount_residual::numeric AS amount_currency
                      FROM account_bank_statement_line line
                      JOIN account_move move ON move.id = line.move_id AND move.state = 'posted'
                 LEFT JOIN res_partner owner ON owner.id = line.partner_id
                 LEFT JOIN LATERAL (
                           -- Without a customer: who alone owns the account that the money came from.
                           SELECT MIN(debtor.commercial_partner_id) AS partner_id
                             FROM res_partner_bank bank
                             JOIN res_partner debtor ON debtor.id = bank.partner_id
                            WHERE owner.id IS NULL
                              AND bank.active
                              AND bank.sanitized_acc_number = upper(regexp_replace(
                                      line.account_number, '[^[:alnum:]]', '', 'g'))
                           HAVING COUNT(DISTINCT debtor.commercial_partner_id) = 1
                           ) holder ON TRUE
                     WHERE line.is_reconciled IS NOT TRUE AND line.amount_residual < 0
                 UNION ALL
                    SELECT payment.id::bigint * %(slots)s + 2, 'process', NULL, payment.id, NULL, NULL,
                           payment.journal_id, partner.commercial_partner_id, payment.company_id,
                           payment.currency_id, payment.name, payment.memo, payment.date, payment.amount
                      FROM account_payment payment
                 LEFT JOIN res_partner partner ON partner.id = payment.partner_id
                     WHERE payment.state = 'in_process' AND payment.move_id IS NULL
                       AND payment.payment_type = 'inbound' AND payment.partner_type = 'customer'
                 UNION ALL
                    SELECT transaction.id::bigint * %(slots)s + 3, 'transaction', NULL, NULL, transaction.id,
                           NULL, NULL, partner.commercial_partner_id, transaction.company_id,
                           transaction.currency_id, transaction.reference, transaction.reference,
                           (transaction.create_date AT TIME ZONE 'UTC' AT TIME ZONE %(timezone)s)::date,
                           transaction.amount
                      FROM payment_transaction transaction
                      JOIN res_partner partner ON partner.id = transaction.partner_id
                     WHERE (transaction.state = 'authorized'
                            OR (transaction.state = 'done' AND transaction.payment_id IS NULL
                                AND transaction.is_post_processed IS NOT TRUE))
                       AND transaction.operation IS DISTINCT FROM 'validation'
                       AND transaction.amount > 0
                   ) money
              JOIN res_company company ON company.id = money.company_id
              JOIN res_company root ON root.id = split_part(company.parent_path, '/', 1)::int
              JOIN res_currency root_currency ON root_currency.id = root.currency_id
         LEFT JOIN LATERAL (
                    SELECT money_rate.rate / NULLIF(root_rate.rate, 0) AS rate
                      FROM (%(money_rate)s) money_rate, (%(root_rate)s) root_rate
                   ) rate ON TRUE
            """,
            slots=SLOTS,
            timezone=self.env.tz.zone,
            money_rate=self._rate_sql(SQL("money.currency_id")),
            root_rate=self._rate_sql(SQL("root.currency_id")),
        )

    @api.model
    def _rate_sql(self, currency: SQL) -> SQL:
        """Return the rate of a currency today in the main company, 1 without one."""
        return SQL(
            """
            SELECT COALESCE((SELECT known.rate
                               FROM res_currency_rate known
                              WHERE known.currency_id = %(currency)s
                                AND (known.company_id IS NULL OR known.company_id = root.id)
                                AND known.name <= %(today)s
                           ORDER BY known.company_id NULLS LAST, known.name DESC
                              LIMIT 1), 1) AS rate
            """,
            currency=currency,
            today=fields.Date.context_today(self),
        )

    # ------------------------------------------------------------------
    # What it probably pays
    # ------------------------------------------------------------------

    @api.depends("partner_id", "amount_currency", "text")
    @api.depends_context("lang", "uid", "allowed_company_ids")
    def _compute_proposal(self):
        proposals = self.env["ar.cash.proposal"]._propose(self)
        for receipt in self:
            proposal = proposals[receipt.id]
            receipt.rule = proposal["rule"]
            receipt.confidence = proposal["confidence"]
            receipt.proposed_amount = sum(item["amount"] for item in proposal["items"])
            receipt.item_names = format_list(self.env, [item["name"] for item in proposal["items"][:5]])
            if len(proposal["items"]) > 5:
                receipt.item_names += " …"
            receipt.why = receipt._describe(proposal)

    @api.model
    def _search_confidence(self, operator, value):
        if operator != "in":
            return NotImplemented
        return [("id", "in", self.env["ar.cash.proposal"]._find_by_confidence(value))]

    @api.model
    @api.readonly
    def web_search_read(self, domain, specification, offset=0, limit=None, order=None, count_limit=None):
        """Propose for the whole queue once where a filter asks: rows and their number use what it found."""
        domain = Domain(domain).optimize_full(self)
        return super().web_search_read(domain, specification, offset, limit, order, count_limit)

    @api.depends("kind", "amount", "partner_id", "root_company_id", "application_id")
    @api.depends_context("uid")
    def _compute_can_apply(self):
        for receipt in self:
            receipt.can_apply = (
                receipt.kind in APPLICABLE_KINDS and receipt.partner_id and not receipt.application_id
            )
            receipt.needs_approval = receipt._exceeds_approval()

    def _exceeds_approval(self):
        """Whether another person approves: by all that is left of the receipt, so that parts do not help."""
        self.ensure_one()
        root = self.root_company_id.sudo()  # sudo: a setting of the main company
        threshold = root.cash_approval_amount
        return bool(threshold) and root.currency_id.compare_amounts(self.amount, threshold) > 0

    def _describe(self, proposal):
        """Return in words why the items of a proposal were chosen."""
        self.ensure_one()
        items, rule = proposal["items"], proposal["rule"]
        if not self.partner_id:
            return self.env._("No customer is known: say who paid")
        names = format_list(self.env, [item["name"] for item in items[:3]])
        if rule == "linked":
            return self.env._("Made for %s", names)
        if rule == "payment":
            return self.env._("The same money as payment %s, which is booked already", names)
        if rule == "reference":
            left = self.currency_id.round(self.amount_currency - sum(item["amount"] for item in items))
            short = self.currency_id.round(sum(item["open"] for item in items) - self.amount_currency)
            if self.currency_id.compare_amounts(left, 0) > 0:
                return self.env._(
                    "Names %(items)s; %(amount)s of the receipt is left", items=names, amount=self._say(left)
                )
            if self.currency_id.compare_amounts(short, 0) > 0:
                return self.env._(
                    "Names %(items)s; %(amount)s stays to be paid", items=names, amount=self._say(short)
                )
            return self.env._("Names %s and pays it exactly", names)
        if rule == "amount":
            if proposal["count"] == 1:
                return self.env._("The only open item of this amount")
            return self.env._("One of %s open items of this amount", proposal["count"])
        if rule == "sum":
            return self.env._("Exactly the sum of %s items in a row", len(items))
        if rule == "said":
            return self.env._("The customer says that %s is paid", names)
        if rule == "oldest":
            return self.env._("No hint: %s", self._describe_order())
        return self.env._("Nothing is open that it could pay")

    def _describe_order(self):
        root = self.root_company_id.sudo()  # sudo: a setting of the main company
        choices = dict(root._fields["cash_item_order"]._description_selection(self.env))
        return choices[root.cash_item_order or "due"].lower()

    def _say(self, amount):
        return format_amount(self.env, amount, self.currency_id)

    # ------------------------------------------------------------------
    # Actions
    # ------------------------------------------------------------------

    def action_apply(self):
        """Reconcile the receipts with the items they probably pay; large ones ask another person first.

        :raise AccessError: for users who are neither credit controllers nor accountants
        :raise UserError: when none of them can be applied
        """
        self._check_may_apply()
        return self.env["ar.cash.application"]._apply(self)._get_result_action(self)

    def action_propose(self):
        """Ask a credit controller or an accountant to apply the receipts to the items they probably pay.

        :raise AccessError: for users who are no collectors
        """
        self._check_may_propose()
        return self.env["ar.cash.application"]._request(self)._get_result_action(self)

    def action_choose(self):
        """Choose the items of one receipt, and which come first; who may not, sees where it comes from."""
        self.ensure_one()
        self.check_access("read")
        if not self.partner_id and self._may_apply():
            return self.env["ar.cash.payer"]._get_action(self)
        if not self.partner_id or not self._may_propose():
            return self.action_open_source()
        return {
            "type": "ir.actions.act_window",
            "name": self.env._("Apply %s", self.name or self.env._("Receipt")),
            "res_model": "ar.cash.apply",
            "view_mode": "form",
            "target": "new",
            "context": {"default_receipt_id": self.id},
        }

    def action_open_source(self):
        """Open the entry, bank line, payment or transaction of this row.

        :raise UserError: when the user may not read it
        """
        self.ensure_one()
        source = self.payment_id or self.transaction_id or self.move_id
        if not source.has_access("read"):
            raise UserError(self.env._("You may not open %s. Ask accounting.", self.name))
        return {
            "type": "ir.actions.act_window",
            "res_model": source._name,
            "res_id": source.id,
            "views": [(False, "form")],
        }

    def _set_customer(self, partner):
        """Note who paid: on the bank line or the payment, and on its open items. Core's locks hold.

        Internal: callers check the rights of the user.

        :raise UserError: for a receipt whose customer is known already
        """
        self.ensure_one()
        if self.partner_id:
            raise UserError(self.env._("%s is the customer already.", self.partner_id.display_name))
        source = self.sudo()  # sudo: who applies receipts says who paid, without the right to write entries
        debtor = partner.commercial_partner_id
        if source.statement_line_id and source.kind == "bank_line":
            source.statement_line_id.partner_id = debtor
        if source.payment_id:
            source.payment_id.partner_id = debtor
        if line := source.move_line_id:
            values = {"partner_id": debtor.id}
            if source.payment_id and not line.matched_debit_ids:
                # Where the payment would have been booked, had the customer been known.
                values["account_id"] = source.payment_id.destination_account_id.id
            line.with_context(skip_readonly_check=True).write(values)
        record = source.payment_id or source.move_id
        record._message_log(
            body=self.env._(
                "%(customer)s paid this, says %(user)s.",
                customer=debtor.display_name,
                user=self.env.user.name,
            )
        )
        self.invalidate_model()

    @api.model
    def _may_apply(self, user=None):
        user = user or self.env.user
        return user.has_group(CONTROLLER) or user.has_group(ACCOUNTING)

    def _check_may_apply(self):
        self.check_access("read")
        if not self._may_apply():
            raise AccessError(self.env._("Only credit controllers and accountants apply receipts."))

    @api.model
    def _may_propose(self):
        return self.env.user.has_group("ar_credit_control.group_collector") or self._may_apply()

    def _check_may_propose(self):
        self.check_access("read")
        if not self._may_propose():
            raise AccessError(self.env._("Only collectors propose how to apply receipts."))

    @api.model
    def _get_queue_action(self, partner, root, currency=None):
        """Return the action that shows the queue of one customer."""
        action = self.env["ir.actions.act_window"]._for_xml_id("ar_credit_control.action_cash_receipt")
        domain = [("partner_id", "=", partner.id), ("root_company_id", "=", root.id)]
        if currency:
            domain.append(("currency_id", "=", currency.id))
        return {
            **action,
            "display_name": self.env._("Receipts of %s", partner.display_name),
            "domain": domain,
            "context": {},
        }
