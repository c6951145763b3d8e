import datetime
from contextlib import suppress

from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.tools import SQL

# Context keys on which every figure of the report depends.
AGING_CONTEXT = ("ar_as_of", "ar_aging_by")


class ArAgingReport(models.Model):
    """Receivables ageing: one row per receivable journal item that is open at a date.

    The date is the context key ``ar_as_of`` (``YYYY-MM-DD``, default today), the basis of the age is
    ``ar_aging_by`` (``due``, default, ``invoice`` or ``delivery``)::

        report = env["ar.aging.report"].with_context(ar_as_of="2026-06-30")
        report.formatted_read_group([], ["partner_id", "bucket_id"], ["amount:sum"])

    Unapplied receipts and credit notes are rows with a negative amount, so the rows of a company always sum
    to the balance of its receivable accounts at the date. The rows are limited to companies and customers by
    record rules and domains, never inside the query. The id of a row is the id of the journal item.
    """

    _name = "ar.aging.report"
    _description = "Receivables Ageing"
    _auto = False
    _rec_name = "move_name"
    _order = "date_maturity, id"
    _depends = {
        "account.account": ["account_type"],
        "account.move": [
            "delivery_date",
            "invoice_date",
            "invoice_user_id",
            "journal_id",
            "move_type",
            "name",
            "ref",
            "state",
        ],
        "account.move.line": [
            "account_id",
            "amount_residual",
            "amount_residual_currency",
            "company_id",
            "currency_id",
            "date",
            "date_maturity",
            "journal_id",
            "matching_number",
            "move_id",
            "parent_state",
            "partner_id",
            "reconciled",
        ],
        "account.partial.reconcile": [
            "amount",
            "credit_amount_currency",
            "credit_move_id",
            "debit_amount_currency",
            "debit_move_id",
            "max_date",
        ],
        "ar.aging.bucket": ["company_id", "day_from"],
        "ar.credit.profile": ["collector_id", "company_id", "partner_id", "rating_id"],
        "res.company": ["credit_coordination_days", "currency_id", "parent_path"],
        "res.partner": ["commercial_partner_id", "user_id"],
    }

    move_line_id = fields.Many2one("account.move.line", string="Journal Item", readonly=True)
    move_id = fields.Many2one("account.move", string="Entry", readonly=True)
    move_name = fields.Char(
        string="Number", readonly=True, help="Number of the entry, for those too who may not open it."
    )
    ref = fields.Char(string="Reference", readonly=True)
    move_type = fields.Selection(
        selection=lambda self: self.env["account.move"]._fields["move_type"]._description_selection(self.env),
        string="Type",
        readonly=True,
    )
    journal_id = fields.Many2one("account.journal", readonly=True)
    account_id = fields.Many2one("account.account", readonly=True)
    partner_id = fields.Many2one(
        "res.partner", string="Customer", readonly=True, help="The company that owes, never its contact."
    )
    company_id = fields.Many2one("res.company", readonly=True)
    root_company_id = fields.Many2one("res.company", string="Main Company", readonly=True)
    company_currency_id = fields.Many2one("res.currency", readonly=True)
    currency_id = fields.Many2one("res.currency", readonly=True)
    salesperson_id = fields.Many2one("res.users", readonly=True)
    collector_id = fields.Many2one("res.users", readonly=True)
    rating_id = fields.Many2one("ar.credit.rating", readonly=True)
    date = fields.Date(string="Accounting Date", readonly=True)
    invoice_date = fields.Date(readonly=True)
    date_maturity = fields.Date(
        string="Due Date",
        readonly=True,
        help="Date on which the item falls due. An entry without a due date is due on its own date.",
    )
    no_due_date = fields.Boolean(
        string="Without Due Date", readonly=True, help="The entry has no due date; its own date is used."
    )
    amount = fields.Monetary(
        string="Open Amount",
        readonly=True,
        currency_field="company_currency_id",
        depends_context=AGING_CONTEXT,
        help="What is open at the date, in company currency. Receipts and credit notes that are not applied "
        "yet are negative.",
    )
    amount_currency = fields.Monetary(
        string="Open Amount in Currency",
        readonly=True,
        currency_field="currency_id",
        depends_context=AGING_CONTEXT,
        help="What is open at the date, in the currency of the entry.",
    )
    amount_overdue = fields.Monetary(
        string="Overdue Amount",
        readonly=True,
        currency_field="company_currency_id",
        depends_context=AGING_CONTEXT,
        help="What was due before the date and is still open, without receipts and credit notes.",
    )
    days_overdue = fields.Integer(
        readonly=True,
        aggregator="max",
        depends_context=AGING_CONTEXT,
        help="Days from the due date (or the invoice or delivery date, by the basis chosen) to the date of "
        "the ageing. Negative: not due yet.",
    )
    due_in_days = fields.Integer(
        string="Due In (days)",
        readonly=True,
        aggregator="min",
        depends_context=AGING_CONTEXT,
        help="Days left until the due date. Negative: overdue.",
    )
    bucket_id = fields.Many2one("ar.aging.bucket", readonly=True, depends_context=AGING_CONTEXT)
    phase = fields.Selection(
        selection=[("credit", "Credit Period"), ("coordination", "Coordination"), ("clearing", "Clearing")],
        readonly=True,
        depends_context=AGING_CONTEXT,
        help="Credit period: not due yet. Coordination: overdue within the days of the company's settings. "
        "Clearing: overdue longer than that.",
    )

    @property
    def _table_query(self) -> SQL:
        self._switch_off_jit()
        return SQL("%s %s %s", self._select(), self._from(), self._where())

    @api.model
    def _switch_off_jit(self):
        """Keep PostgreSQL from compiling the queries of the transaction.

        For the many expressions of a report that takes longer than to run it without (measured on 100,000
        open items: 0.6 to 1.7 seconds of each query).
        """
        cache = self.env.cr.cache  # emptied at the end of the transaction, as the setting is
        if "ar_jit_off" not in cache:
            self.env.cr.execute("SET LOCAL jit = off")
            cache["ar_jit_off"] = True

    @api.model
    def _select(self) -> SQL:
        as_of = self._get_as_of()
        days_overdue = self._days_overdue_sql(as_of, self._basis_date_sql())
        days_past_due = self._days_overdue_sql(as_of, SQL("item.date_maturity"))
        return SQL(
            """
            SELECT item.id,
                   item.id AS move_line_id,
                   item.move_id,
                   move.name AS move_name,
                   move.ref,
                   move.move_type,
                   item.journal_id,
                   item.account_id,
                   item.partner_id,
                   item.company_id,
                   item.root_company_id,
                   item.company_currency_id,
                   item.currency_id,
                   COALESCE(move.invoice_user_id, partner.user_id) AS salesperson_id,
                   profile.collector_id,
                   profile.rating_id,
                   item.date,
                   move.invoice_date,
                   item.date_maturity,
                   item.no_due_date,
                   item.amount,
                   item.amount_currency,
                   CASE WHEN %(days_past_due)s > 0 AND item.amount > 0 THEN item.amount ELSE 0 END
                       AS amount_overdue,
                   %(days_overdue)s AS days_overdue,
                   -(%(days_past_due)s) AS due_in_days,
                   bucket.ids[GREATEST(width_bucket(%(days_overdue)s, bucket.first_days), 1)] AS bucket_id,
                   %(phase)s AS phase
            """,
            days_overdue=days_overdue,
            days_past_due=days_past_due,
            phase=self._item_phase_sql(days_past_due),
        )

    @api.model
    def _from(self) -> SQL:
        as_of = self._get_as_of()
        return SQL(
            """
              FROM (%(open_items)s) item
         LEFT JOIN account_move move ON move.id = item.move_id
         LEFT JOIN res_partner partner ON partner.id = item.partner_id
         LEFT JOIN ar_credit_profile profile
                ON profile.partner_id = item.partner_id AND profile.company_id = item.root_company_id
         LEFT JOIN (%(buckets)s) bucket ON bucket.company_id = item.root_company_id
            """,
            open_items=self._open_items_sql(as_of),
            buckets=self.env["ar.aging.bucket"]._bucket_sql(),
        )

    @api.model
    def _where(self) -> SQL:
        """Return further conditions, beginning with WHERE. None here: every open item is a row."""
        return SQL()

    @api.model
    def _open_items_sql(self, as_of=None) -> SQL:
        """Return the one definition of an open receivable item, as a SELECT to be used as derived table.

        One row per posted journal item of a receivable account that is open: ``id``, ``move_id``,
        ``journal_id``, ``account_id``, ``non_trade``, ``partner_id`` (commercial entity, NULL without),
        ``company_id``, ``root_company_id``, ``currency_id``, ``date``, ``date_maturity`` (the entry's date
        where empty), ``no_due_date``, ``amount`` (company currency), ``amount_currency`` (currency of the
        item), both signed: receivables positive, receipts and credit notes negative.

        The sum of ``amount`` equals the balance of posted items on receivable accounts up to the date: a
        matching reduces both sides alike, so it is undone on the side that counts when the other side does
        not: later than the date, or set back to draft (Odoo keeps the matching then).

        :param as_of: a date: what was open at its end. None: everything booked, future entries too.
        """
        counted = SQL("line.date <= %s", as_of) if as_of else SQL("TRUE")
        undone = self._undone_matching_sql(as_of)
        # The customer is joined in each part, so that a condition on it reaches the index of its items.
        columns = SQL(
            """line.id, line.move_id, line.journal_id, line.account_id,
                           line.account_id = ANY (ARRAY(SELECT id FROM account_account WHERE non_trade))
                               AS non_trade,
                           partner.commercial_partner_id AS partner_id, line.company_id, line.currency_id,
                           line.date, line.date_maturity"""
        )
        return SQL(
            """
            SELECT line.id,
                   line.move_id,
                   line.journal_id,
                   line.account_id,
                   line.non_trade,
                   line.partner_id,
                   line.company_id,
                   company.root_id AS root_company_id,
                   company.currency_id AS company_currency_id,
                   company.credit_coordination_days,
                   line.currency_id,
                   line.date,
                   COALESCE(line.date_maturity, line.date) AS date_maturity,
                   line.date_maturity IS NULL AS no_due_date,
                   line.amount,
                   line.amount_currency
              FROM (
                    SELECT %(columns)s,
                           line.amount_residual AS amount,
                           line.amount_residual_currency AS amount_currency
                      FROM account_move_line line
                 LEFT JOIN res_partner partner ON partner.id = line.partner_id
                     WHERE line.parent_state = 'posted' AND line.reconciled IS NOT TRUE
                       AND (line.amount_residual != 0 OR line.amount_residual_currency != 0)
                       AND line.account_id = ANY (%(receivable)s)
                       AND %(counted)s
                       AND %(untouched)s
                 UNION ALL
                    SELECT %(columns)s,
                           line.amount_residual + undone.amount AS amount,
                           line.amount_residual_currency + undone.amount_currency AS amount_currency
                      FROM (
                            SELECT line_id, SUM(amount) AS amount, SUM(amount_currency) AS amount_currency
                              FROM (%(undone)s) undone
                          GROUP BY line_id
                           ) undone
                      JOIN account_move_line line ON line.id = undone.line_id
                 LEFT JOIN res_partner partner ON partner.id = line.partner_id
                     WHERE line.parent_state = 'posted'
                       AND (line.amount_residual + undone.amount != 0
                            OR line.amount_residual_currency + undone.amount_currency != 0)
                       AND line.account_id = ANY (%(receivable)s)
                       AND %(counted)s
                   ) line
              JOIN (
                    SELECT branch.id, root.id AS root_id, root.currency_id, root.credit_coordination_days
                      FROM res_company branch
                      JOIN res_company root ON root.id = split_part(branch.parent_path, '/', 1)::int
                    OFFSET 0
                   ) company ON company.id = line.company_id
            """,
            columns=columns,
            counted=counted,
            # As arrays, PostgreSQL does not guess that receivables are as rare as their accounts.
            receivable=SQL("ARRAY(SELECT id FROM account_account WHERE account_type = 'asset_receivable')"),
            untouched=self._no_undone_matching_sql(as_of),
            undone=undone,
        )

    @api.model
    def _no_undone_matching_sql(self, as_of=None) -> SQL:
        """Return the condition that alias ``line`` has none of the matchings of :meth:`_undone_matching_sql`.

        Matchings with drafts are few: gathered once, as an array. Joined, PostgreSQL would gather them anew
        for every item of a customer. Later matchings are many: looked up by index, or hashed.
        """
        conditions = [
            SQL("line.id <> ALL (ARRAY(SELECT line_id FROM (%s) drafts))", self._draft_matching_sql())
        ]
        if as_of:
            conditions += [
                SQL(
                    """NOT EXISTS (SELECT FROM account_partial_reconcile part
                                    WHERE %s = line.id AND part.max_date > %s)""",
                    SQL.identifier("part", side),
                    as_of,
                )
                for side in ("debit_move_id", "credit_move_id")
            ]
        return SQL(" AND ").join(conditions)

    @api.model
    def _draft_matching_sql(self) -> SQL:
        """Return what matchings with an entry set back to draft took off: line_id and amounts to add."""
        # Core numbers whatever is matched: so those in drafts, very few, have an index of their own.
        return SQL(
            """SELECT part.credit_move_id AS line_id,
                      -part.amount AS amount,
                      -part.credit_amount_currency AS amount_currency,
                      part.max_date
                 FROM account_move_line line
                 JOIN account_partial_reconcile part ON part.debit_move_id = line.id
                WHERE line.parent_state = 'draft' AND line.matching_number IS NOT NULL
            UNION ALL
               SELECT part.debit_move_id, part.amount, part.debit_amount_currency, part.max_date
                 FROM account_move_line line
                 JOIN account_partial_reconcile part ON part.credit_move_id = line.id
                WHERE line.parent_state = 'draft' AND line.matching_number IS NOT NULL"""
        )

    @api.model
    def _undone_matching_sql(self, as_of=None) -> SQL:
        """Return the matchings that do not count at the date: line_id, amount, amount_currency.

        One row for each side of a matching, with the signed amounts to add to the residual of that item.
        """
        drafts = self._draft_matching_sql()
        counted = SQL("max_date <= %s", as_of) if as_of else SQL("TRUE")
        parts = [SQL("SELECT line_id, amount, amount_currency FROM (%s) drafts WHERE %s", drafts, counted)]
        if as_of:
            parts += [
                SQL(
                    """SELECT part.debit_move_id, part.amount, part.debit_amount_currency
                         FROM account_partial_reconcile part
                        WHERE part.max_date > %s""",
                    as_of,
                ),
                SQL(
                    """SELECT part.credit_move_id, -part.amount, -part.credit_amount_currency
                         FROM account_partial_reconcile part
                        WHERE part.max_date > %s""",
                    as_of,
                ),
            ]
        return SQL(" UNION ALL ").join(parts)

    @api.model
    def _days_overdue_sql(self, as_of, date_maturity: SQL) -> SQL:
        """Return the days from a due date to the date of the ageing; positive when overdue.

        An item is overdue from the day after its due date: ``as_of > date_maturity``.
        """
        return SQL("(%s::date - %s)", as_of, date_maturity)

    @api.model
    def _phase_sql(self, days_overdue: SQL, company: SQL) -> SQL:
        """Return the phase of an item from its days past due and the alias of its root company."""
        return SQL(
            """CASE WHEN %(days)s <= 0 THEN 'credit'
                    WHEN %(days)s <= COALESCE(%(company)s.credit_coordination_days, 0) THEN 'coordination'
                    ELSE 'clearing' END""",
            days=days_overdue,
            company=company,
        )

    @api.model
    def _item_phase_sql(self, days_past_due: SQL) -> SQL:
        """Return the phase of a row; extend it for what was agreed about the item."""
        return self._phase_sql(days_past_due, SQL.identifier("item"))

    @api.model
    def _basis_date_sql(self) -> SQL:
        """Return the date from which the age counts, by the context key ``ar_aging_by``."""
        return {
            "due": SQL("item.date_maturity"),
            "invoice": SQL("COALESCE(move.invoice_date, item.date)"),
            "delivery": SQL("COALESCE(move.delivery_date, move.invoice_date, item.date)"),
        }[self._get_aging_by()]

    @api.model
    def _get_as_of(self):
        """Return the date of the ageing from the context key ``ar_as_of``; today in the user's time zone.

        :raise UserError: when the key holds anything but a date.
        """
        return self._parse_as_of(self.env.context.get("ar_as_of")) or fields.Date.context_today(self)

    @api.model
    def _parse_as_of(self, value):
        """Return a date from a date or a text ``YYYY-MM-DD``, None when empty; UserError for the rest."""
        if not value:
            return None
        if isinstance(value, datetime.date) and not isinstance(value, datetime.datetime):
            return value
        if isinstance(value, str) and len(value) == 10:
            with suppress(ValueError):
                return datetime.date.fromisoformat(value)
        raise UserError(
            self.env._("“%s” is not a date. Give the date of the ageing as year-month-day.", str(value)[:40])
        )

    @api.model
    def _get_aging_by(self):
        """Return the basis of the age from the context key ``ar_aging_by``: due, invoice or delivery."""
        aging_by = self.env.context.get("ar_aging_by") or "due"
        if aging_by not in ("due", "invoice", "delivery"):
            raise UserError(
                self.env._(
                    "“%s” is not a basis of the ageing. Choose due, invoice or delivery.", str(aging_by)[:40]
                )
            )
        return aging_by

    @api.model
    def _sees_all_customers(self) -> bool:
        """Return whether the record rules let the user see the items of every customer."""
        return self.env.su or any(
            self.env.user.has_group(group)
            for group in (
                "ar_credit_control.group_collector",
                "ar_credit_control.group_credit_auditor",
                "account.group_account_readonly",
                "account.group_account_invoice",
            )
        )

    @api.model
    @api.readonly
    def get_strip_figures(self):
        """Return what the strip above the ageing says, for each main company of the selected companies.

        The ledger balance is computed from the journal items' balances, by other means than the ageing.
        Branches belong to their main company, since Odoo matches items across branches.

        :return: dicts with ``company_id``, ``company``, ``currency_id``, ``ledger``, ``ageing``,
            ``elsewhere`` (part of the balance that is matched with items of branches not selected),
            ``difference`` (ledger − elsewhere − ageing), ``without_partner`` and ``without_due_date``
            (numbers of items). Amounts in company currency. ``ledger``, ``elsewhere`` and ``difference`` are
            False for who sees only own customers.
        :raise AccessError: without the right to read the ageing.
        :raise UserError: when the date or the basis in the context is wrong.
        """
        self.check_access("read")
        as_of = self._get_as_of()
        open_items = self._get_totals_by_company()
        sees_all = self._sees_all_customers()
        ledger = self._get_ledger_by_company(as_of) if sees_all else {}
        figures = []
        for company in self.env.companies.root_id:
            if not sees_all and company.id not in open_items:
                continue
            ageing, without_partner, without_due_date = open_items.get(company.id, (0, 0, 0))
            balance = ledger.get(company.id, 0)
            currency = company.sudo().currency_id  # sudo: the main company of a branch may not be selected
            elsewhere = 0
            if sees_all and not currency.is_zero(balance - ageing):
                elsewhere = self._get_matched_elsewhere(as_of, company)
            figures.append(
                {
                    "company_id": company.id,
                    "company": company.sudo().name,  # sudo: see the currency above
                    "currency_id": currency.id,
                    "ledger": sees_all and currency.round(balance),
                    "ageing": currency.round(ageing),
                    "elsewhere": sees_all and currency.round(elsewhere),
                    "difference": sees_all and currency.round(balance - elsewhere - ageing),
                    "without_partner": without_partner,
                    "without_due_date": without_due_date,
                }
            )
        return figures

    @api.model
    def _get_totals_by_company(self):
        """Return {main company id: (amount, items without partner, items without due date)}."""
        query = self._search([])
        rows = self.env.execute_query(
            SQL(
                """SELECT root_company_id,
                          SUM(amount),
                          COUNT(*) FILTER (WHERE partner_id IS NULL),
                          COUNT(*) FILTER (WHERE no_due_date)
                     FROM %s
                    WHERE %s
                 GROUP BY root_company_id""",
                query.from_clause,
                query.where_clause or SQL("TRUE"),
            )
        )
        return {company: (amount, partner, due) for company, amount, partner, due in rows}

    @api.model
    def _get_ledger_by_company(self, as_of):
        """Return {main company id: balance of the receivable accounts of the selected companies}."""
        # sudo: sales rules may hide entries of the user's own companies; only totals leave this method.
        groups = (
            self.env["account.move.line"]
            .sudo()
            ._read_group(
                [
                    ("account_type", "=", "asset_receivable"),
                    ("parent_state", "=", "posted"),
                    ("date", "<=", as_of),
                    ("company_id", "in", self.env.companies.ids),
                ],
                ["company_id"],
                ["balance:sum"],
            )
        )
        totals = {}
        for company, balance in groups:
            totals[company.root_id.id] = totals.get(company.root_id.id, 0) + balance
        return totals

    @api.model
    def _get_matched_elsewhere(self, as_of, root_company):
        """Return the balance of selected companies' items matched with items of branches not selected."""
        companies = tuple(self.env.companies.ids)
        [(amount,)] = self.env.execute_query(
            SQL(
                """SELECT COALESCE(SUM(CASE WHEN debit.company_id IN %(companies)s THEN part.amount
                                            ELSE -part.amount END), 0)
                     FROM account_partial_reconcile part
                     JOIN account_move_line debit ON debit.id = part.debit_move_id
                     JOIN account_move_line credit ON credit.id = part.credit_move_id
                     JOIN account_account account ON account.id = debit.account_id
                     JOIN res_company branch ON branch.id = debit.company_id
                    WHERE account.account_type = 'asset_receivable'
                      AND split_part(branch.parent_path, '/', 1)::int = %(root)s
                      AND debit.parent_state = 'posted'
                      AND credit.parent_state = 'posted'
                      AND part.max_date <= %(as_of)s
                      AND (debit.company_id IN %(companies)s) != (credit.company_id IN %(companies)s)""",
                companies=companies,
                root=root_company.id,
                as_of=as_of,
            )
        )
        return amount

    def action_open_entry(self):
        """Open the invoice or journal entry of this row.

        :raise UserError: when the user may see the open item, but not its accounting entry.
        """
        self.ensure_one()
        if not self.move_id.has_access("read"):
            raise UserError(
                self.env._(
                    "%s is an accounting entry that you may not open. Ask accounting.",
                    self.move_name,
                )
            )
        return {
            "type": "ir.actions.act_window",
            "res_model": "account.move",
            "res_id": self.move_id.id,
            "views": [(False, "form")],
            "context": {"create": False},
        }
