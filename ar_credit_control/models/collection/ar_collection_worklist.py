import html
from collections import Counter
from collections.abc import Set

from odoo import api, fields, models
from odoo.fields import Domain
from odoo.tools import SQL, format_amount, format_date
from odoo.tools.misc import babel_locale_parse, formatLang, get_lang

from .ar_collection_case_figures import LOOKED_UP, PRIORITIES

# What rows show and nothing is ranked by: read for the rows of a page only.
WORDS = (
    "email",
    "last_word_date",
    "last_word_kind",
    "last_word_text",
    "last_word_title",
    "last_word_user_id",
    "phone",
    "unpaid_reason",
)


class ArCollectionWorklist(models.Model):
    """Whom to contact today: one row per open case that is not waiting, ranked for who works it.

    The ranking is documented in ``docs/worklist.md``; each row says in words why it stands where it is. The
    id of a row is the id of the case. Amounts in company currency; companies of other currencies are ranked
    together at today's rate.
    """

    _name = "ar.collection.worklist"
    _description = "Collection Worklist"
    _inherit = ["ar.own.customer.mixin"]
    _auto = False
    _order = "rank, id"
    _rec_name = "partner_id"
    _depends = {
        "account.account": ["account_type", "non_trade"],
        "account.move.line": [
            "account_id",
            "amount_residual",
            "amount_residual_currency",
            "date_maturity",
            "parent_state",
            "partner_id",
            "reconciled",
        ],
        "account.partial.reconcile": ["credit_move_id", "debit_move_id", "max_date"],
        "ar.collection.absence": ["date_from", "date_to", "substitute_id", "user_id"],
        "ar.collection.case": [
            "collector_id",
            "company_id",
            "partner_id",
            "profile_id",
            "snooze_date",
            "snooze_until",
            "state",
        ],
        "ar.collection.chance": ["chance", "day_from"],
        "ar.credit.profile": ["rating_id"],
        "ar.credit.rating": ["collection_factor"],
        "ar.dunning.letter": ["sent_date", "state"],
        "mail.activity": ["active", "date_deadline", "res_id", "res_model", "summary"],
        "mail.message": ["message_type", "model", "res_id"],
        "res.company": ["collection_contact_days", "credit_coordination_days", "currency_id", "parent_path"],
        "res.partner": ["commercial_partner_id", "email", "name", "phone", "user_id"],
    }

    case_id = fields.Many2one("ar.collection.case", readonly=True)
    rank = fields.Integer(
        string="#", readonly=True, aggregator=None, help="Place in the list of who works it."
    )
    partner_id = fields.Many2one("res.partner", string="Customer", readonly=True)
    company_id = fields.Many2one("res.company", readonly=True)
    currency_id = fields.Many2one("res.currency", readonly=True)
    user_id = fields.Many2one(
        "res.users",
        string="Worked By",
        readonly=True,
        help="The collector; while on leave, the colleague who stands in.",
    )
    collector_id = fields.Many2one("res.users", readonly=True)
    rating_id = fields.Many2one("ar.credit.rating", readonly=True)
    phase = fields.Selection(
        [("credit", "Credit Period"), ("coordination", "Coordination"), ("clearing", "Clearing")],
        readonly=True,
    )
    priority = fields.Selection(PRIORITIES, string="On Top", readonly=True)
    expected_value = fields.Monetary(
        string="Value of a Contact",
        readonly=True,
        help="What can be asked for × the chance to recover it at its age × days since the last contact × "
        "the weight of the grade.",
    )
    owed = fields.Monetary(readonly=True)
    overdue = fields.Monetary(readonly=True)
    claimable = fields.Monetary(
        string="To Ask For",
        readonly=True,
        help="Overdue, without what is disputed, promised, deferred, on a plan or placed, and less receipts "
        "and credit notes that are not applied yet.",
    )
    disputed = fields.Monetary(readonly=True)
    weighted = fields.Monetary(
        string="Likely Recovered", readonly=True, help="What can be asked for × the chance at its age."
    )
    rest_factor = fields.Float(string="Time Since Contact", readonly=True, aggregator=None)
    rating_factor = fields.Float(string="Weight of the Grade", readonly=True, aggregator=None)
    oldest_days = fields.Integer(string="Days", readonly=True, aggregator="max")
    item_count = fields.Integer(string="Items", readonly=True)
    last_contact_date = fields.Datetime(string="Last Contact", readonly=True)
    last_word_kind = fields.Char(readonly=True)
    last_word_date = fields.Datetime(readonly=True)
    last_word_title = fields.Char(readonly=True)
    last_word_text = fields.Char(string="Last Word in Full", readonly=True)
    last_word_user_id = fields.Many2one("res.users", readonly=True)
    last_word = fields.Char(compute="_compute_words", help="What was said last: by a person, else by letter.")
    unpaid_reason = fields.Char(string="Reason", readonly=True, help="Why they have not paid, as they said.")
    promise_date = fields.Date(string="Promised Date", readonly=True)
    promise_amount = fields.Monetary(
        string="Promised", readonly=True, currency_field="promise_currency_id", aggregator=None
    )
    promise_currency_id = fields.Many2one("res.currency", readonly=True)
    broken_date = fields.Date(readonly=True)
    broken_amount = fields.Monetary(readonly=True, currency_field="broken_currency_id", aggregator=None)
    broken_currency_id = fields.Many2one("res.currency", readonly=True)
    promise_text = fields.Char(string="Promise", compute="_compute_words")
    next_date = fields.Date(string="Next Step On", readonly=True)
    next_summary = fields.Char(readonly=True)
    next_text = fields.Char(string="Next Step", compute="_compute_words")
    phone = fields.Char(readonly=True)
    email = fields.Char(readonly=True)
    why = fields.Char(compute="_compute_words", help="Why the customer stands at this place.")

    # ------------------------------------------------------------------
    # Query
    # ------------------------------------------------------------------

    @api.model
    def _search(self, domain, *args, **kwargs):
        """Rank only the lists that a domain asks for, in the context key ``collection_worked_by``."""
        users = self._get_users_asked(Domain(domain).optimize_full(self))
        asked = self if users is None else self.with_context(collection_worked_by=users)
        return super(ArCollectionWorklist, asked)._search(domain, *args, **kwargs)

    @api.model
    def _get_users_asked(self, domain):
        """Return ids of the users whose lists hold all rows of a domain, 0 for nobody's; None: any list.

        A list is taken whole, so that the places in it stay what they are.
        """
        users = None
        # A domain of one condition has no parts; those of an alternative limit nothing.
        parts = domain.children if getattr(domain, "OPERATOR", "") == "&" else [domain]
        for part in parts:
            name = getattr(part, "field_expr", "")
            if name not in ("user_id", "id", "case_id") or part.operator != "in":
                continue
            if not isinstance(part.value, Set):
                continue
            values = [value or 0 for value in part.value]
            asked = set(values) if name == "user_id" else self._get_users_of(values)
            users = asked if users is None else users & asked
        return None if users is None else tuple(sorted(users))

    @api.model
    def _get_users_of(self, case_ids):
        """Return the ids of who works these cases, 0 for nobody."""
        rows = self.env.execute_query(
            SQL("SELECT DISTINCT user_id FROM (%s) worked WHERE id = ANY(%s)", self._worked_sql(), case_ids)
        )
        return {user_id for (user_id,) in rows}

    @api.model
    def _worked_sql(self):
        """Return who works each open case today: ``id``, customer, company, ``user_id`` (0: nobody)."""
        self.env["ar.collection.case"].flush_model(["collector_id", "partner_id", "state"])
        self.env["ar.collection.absence"].flush_model()
        return SQL(
            """
            SELECT collection_case.id,
                   collection_case.partner_id,
                   collection_case.company_id,
                   COALESCE(absent.substitute_id, collection_case.collector_id, 0) AS user_id
              FROM ar_collection_case collection_case
         LEFT JOIN (%s) absent ON absent.user_id = collection_case.collector_id
             WHERE collection_case.state <> 'closed'
            """,
            self.env["ar.collection.absence"]._absent_sql(fields.Date.context_today(self)),
        )

    @api.model
    def _of_companies_sql(self):
        """Return the condition that a ``collection_case`` is of the companies that the user has chosen.

        Places count what the list shows. Nobody chose for the superuser, whom no record rule limits.
        """
        if self.env.su:
            return SQL("TRUE")
        return SQL("collection_case.company_id = ANY(%s)", self.env.companies.root_id.ids)

    @property
    def _table_query(self) -> SQL:
        waiting = SQL("figures.waiting IS NULL")
        users = self.env.context.get("collection_worked_by")
        if users is None:
            picked = SQL("collection_case.state <> 'closed' AND %s", self._of_companies_sql())
            return self._rows_sql(picked, None, waiting)
        worked = self.env.execute_query(
            SQL(
                "SELECT id, partner_id FROM (%s) collection_case WHERE user_id = ANY(%s) AND %s",
                self._worked_sql(),
                list(users),
                self._of_companies_sql(),
            )
        )
        return self._rows_sql(
            SQL("collection_case.id = ANY(%s)", [case_id for case_id, _partner_id in worked]),
            [partner_id for _case_id, partner_id in worked],
            waiting,
        )

    @api.model
    def _rows_sql(self, picked, partner_ids, condition):
        """Return rows of cases. Columns that nobody reads cost nothing: PostgreSQL leaves them out.

        :param SQL picked: condition of the cases, on the alias ``collection_case``; whole lists, where
            places are read
        :param partner_ids: their customers; None: unknown
        :param SQL condition: which of them are rows, on the alias ``figures``
        """
        self.env["ar.aging.report"]._switch_off_jit()
        cases = self.env["ar.collection.case"]
        companies = cases._get_companies_of_open()
        partners = None
        if partner_ids is not None and len(partner_ids) <= LOOKED_UP:
            partners = SQL("= ANY(%s)", partner_ids)
        return SQL(
            """
            SELECT figures.id,
                   figures.id AS case_id,
                   ROW_NUMBER() OVER (
                       PARTITION BY figures.user_id
                       ORDER BY figures.priority, figures.expected_value * rate.rate DESC, figures.id
                   ) AS rank,
                   collection_case.partner_id,
                   collection_case.company_id,
                   root.currency_id,
                   figures.user_id,
                   collection_case.collector_id,
                   profile.rating_id,
                   figures.phase_today AS phase,
                   figures.priority,
                   figures.expected_value,
                   figures.owed,
                   figures.overdue,
                   figures.claimable,
                   figures.disputed,
                   ROUND(figures.weighted::numeric, 2)::float8 AS weighted,
                   figures.rest_factor,
                   figures.rating_factor,
                   figures.oldest_days,
                   figures.item_count,
                   figures.last_contact_date,
                   figures.last_word_kind,
                   figures.last_word_date,
                   figures.last_word_title,
                   figures.last_word_text,
                   figures.last_word_user_id,
                   figures.unpaid_reason,
                   figures.promise_date,
                   figures.promise_amount,
                   figures.promise_currency_id,
                   figures.broken_date,
                   figures.broken_amount,
                   figures.broken_currency_id,
                   figures.next_date,
                   figures.next_summary,
                   COALESCE(NULLIF(partner.phone, ''), contact.phone) AS phone,
                   COALESCE(NULLIF(partner.email, ''), contact.email) AS email
              FROM (%(figures)s) figures
              JOIN ar_collection_case collection_case ON collection_case.id = figures.id
              JOIN ar_credit_profile profile ON profile.id = collection_case.profile_id
              JOIN res_company root ON root.id = collection_case.company_id
              JOIN (%(rates)s) rate ON rate.company_id = root.id
              JOIN res_partner partner ON partner.id = collection_case.partner_id
         LEFT JOIN LATERAL (%(contact)s) contact ON TRUE
             WHERE %(condition)s
            """,
            figures=cases._figures_sql(picked, companies, partners),
            condition=condition,
            rates=self._rates_sql(companies),
            contact=self._contact_sql(),
        )

    @api.model
    def _rates_sql(self, companies):
        """Return the rate of each company's currency to that of the user's company: for the ranking only."""
        here = self.env.company
        today = fields.Date.context_today(self)
        rows = [
            SQL(
                "(%s, %s::float8)",
                company.id,
                company.currency_id._get_conversion_rate(company.currency_id, here.currency_id, here, today),
            )
            for company in companies
        ]
        return SQL(
            "SELECT * FROM (VALUES %s) AS rate(company_id, rate)", SQL(", ").join(rows or [SQL("(0, 1.0)")])
        )

    @api.model
    def _contact_sql(self):
        """Return telephone and mail of the person to call where the customer itself has none."""
        return SQL(
            """
            SELECT child.phone, child.email
              FROM res_partner child
             WHERE child.parent_id = partner.id AND child.active AND child.phone <> ''
          ORDER BY child.type = 'invoice' DESC, child.id
             LIMIT 1
            """
        )

    # ------------------------------------------------------------------
    # Pages
    # ------------------------------------------------------------------

    @api.model
    @api.readonly
    def web_search_read(self, domain, specification, offset=0, limit=None, order=None, count_limit=None):
        """Rank once: the same statement counts the rows. What nothing is ranked by is read for the page."""
        # Record rules look at the company of each row.
        fetched = self._determine_fields_to_fetch(["company_id", *specification])
        names = [field.name for field in fetched]
        ranked = self.search_fetch(domain, [name for name in names if name not in WORDS], order=order)
        page = ranked[offset : offset + limit if limit else None]
        page._fetch_words([name for name in names if name in WORDS])
        return {
            "length": min(len(ranked), count_limit or len(ranked)),
            "records": page.web_read(specification),
        }

    def _fetch_words(self, names):
        """Read columns of these rows that nothing is ranked by; the rows were searched and allowed before."""
        if not self or not names:
            return
        picked = SQL("collection_case.id = ANY(%s)", self.ids)
        rows = self._rows_sql(picked, self.sudo().partner_id.ids, SQL("TRUE"))  # sudo: the key only
        columns = SQL(", ").join(SQL.identifier("words", name) for name in names)
        by_id = {
            row["id"]: row
            for row in self.env.execute_query_dict(SQL("SELECT id, %s FROM (%s) words", columns, rows))
        }
        for name in names:
            self._fields[name]._insert_cache(self, [by_id[row.id][name] for row in self])

    # ------------------------------------------------------------------
    # Words
    # ------------------------------------------------------------------

    @api.depends(
        "broken_amount",
        "broken_currency_id",
        "broken_date",
        "claimable",
        "currency_id",
        "expected_value",
        "last_contact_date",
        "last_word_date",
        "last_word_kind",
        "last_word_text",
        "last_word_title",
        "next_date",
        "next_summary",
        "priority",
        "promise_amount",
        "promise_currency_id",
        "promise_date",
        "rating_factor",
        "rating_id",
        "rest_factor",
        "weighted",
    )
    @api.depends_context("lang", "uid")
    def _compute_words(self):
        today = fields.Date.context_today(self)
        for row in self:
            row.last_word = row._describe_last_word()
            row.promise_text = row._describe_promise(today)
            row.next_text = row._describe_next_step()
            row.why = row._describe_why(today)

    def _format_day(self, day):
        """Return day and month as the language writes them: 'Nov 12', '11月12日'."""
        pattern = babel_locale_parse(get_lang(self.env).code).datetime_skeletons["MMMd"].pattern
        return format_date(self.env, day, date_format=pattern)

    def _describe_last_word(self):
        """Return what was said last: 'Nov 12, Wang: waiting for acceptance'."""
        self.ensure_one()
        if not self.last_word_date:
            return False
        day = self._format_day(self.last_word_date)
        text = html.unescape(self.last_word_text or "")
        title = self.last_word_title or ""
        if self.last_word_kind == "letter":
            return self.env._("%(day)s, letter: %(text)s", day=day, text=text)
        if title and text:
            text = self.env._("%(title)s: %(text)s", title=title, text=text)
        words = text or title
        return self.env._("%(day)s, %(words)s", day=day, words=words) if words else day

    def _describe_promise(self, today):
        self.ensure_one()
        if self.broken_date and self.priority == "1_broken":
            return self.env._(
                "%(amount)s broken on %(day)s",
                amount=self._format(self.broken_amount, self.broken_currency_id),
                day=self._format_day(self.broken_date),
            )
        if not self.promise_date:
            return False
        amount = self._format(self.promise_amount, self.promise_currency_id)
        if self.promise_date == today:
            return self.env._("%s today", amount)
        return self.env._(
            "%(amount)s for %(day)s",
            amount=amount,
            day=self._format_day(self.promise_date),
        )

    def _describe_next_step(self):
        self.ensure_one()
        if not self.next_date:
            return False
        day = self._format_day(self.next_date)
        if not self.next_summary:
            return day
        return self.env._("%(title)s: %(text)s", title=day, text=self.next_summary)

    def _describe_why(self, today):
        """Return why the row stands where it is: what lifts it, then how its value comes about."""
        self.ensure_one()
        said = [self._describe_priority(), self._describe_value(today)]
        said = [sentence[:1].upper() + sentence[1:] for sentence in said if sentence]
        if len(said) < 2:
            return "".join(said)
        return self.env._("%(first)s. %(second)s", first=said[0], second=said[1])

    def _describe_priority(self):
        """Return what lifts the row above those that are ranked by value, if anything does."""
        if self.priority == "5_value":
            return ""
        return dict(self._fields["priority"]._description_selection(self.env))[self.priority]

    def _describe_value(self, today):
        """Return what the value is made of; factors of 1 are not worth a word."""
        factors = self._describe_chance()
        for factor in filter(None, (self._describe_rest(today), self._describe_grade())):
            factors = self.env._("%(first)s, %(second)s", first=factors, second=factor)
        if not self.claimable:
            return factors
        return self.env._(
            "Worth %(value)s today: %(factors)s",
            value=self._format(self.expected_value, self.currency_id),
            factors=factors,
        )

    def _describe_chance(self):
        if not self.claimable:
            return self.env._("nothing to ask for")
        chance = 100 * self.weighted / self.claimable
        return self.env._("%s %% likely", formatLang(self.env, chance, digits=0))

    def _describe_rest(self, today):
        if not self.last_contact_date:
            return self.env._("never contacted")
        days = (today - fields.Datetime.context_timestamp(self, self.last_contact_date).date()).days
        if days > 1:
            text = self.env._("last contact %s days ago", days)
        else:
            text = self.env._("contacted yesterday") if days == 1 else self.env._("contacted today")
        return self._with_factor(text, self.rest_factor)

    def _describe_grade(self):
        if self.rating_factor == 1:
            return ""
        return self._with_factor(self.env._("grade %s", self.rating_id.name), self.rating_factor)

    def _with_factor(self, text, factor):
        if factor == 1:
            return text
        return f"{text} (× {formatLang(self.env, factor, digits=2)})"

    def _format(self, amount, currency):
        return format_amount(self.env, amount, currency)

    # ------------------------------------------------------------------
    # Actions
    # ------------------------------------------------------------------

    def action_open_case(self):
        """Open the case of this row; its next customer is the next of the list."""
        self.ensure_one()
        return self.case_id._get_work_action(self.rank, self.user_id)

    @api.model
    @api.readonly
    def get_strip_figures(self, domain):
        """Return what the strip above the list says of the rows of a domain.

        :return: dict with ``calls`` (number of customers), ``promises`` (due or broken), ``replies``,
            ``steps`` and ``amounts``: dicts of ``currency_id`` and ``amount``, what can be asked for
        :raise AccessError: without the right to read the worklist
        """
        self.check_access("read")
        counts, amounts = Counter(), Counter()
        groups = self._read_group(domain, ["priority", "currency_id"], ["__count", "claimable:sum"])
        for priority, currency, count, amount in groups:
            counts[priority] += count
            amounts[currency] += amount
        return {
            "calls": counts.total(),
            "promises": counts["1_broken"] + counts["2_promised"],
            "replies": counts["3_reply"],
            "steps": counts["4_planned"],
            "amounts": [
                {"currency_id": currency.id, "amount": currency.round(amount)}
                for currency, amount in amounts.items()
                if amount
            ],
        }
