import html

from odoo import api, fields, models
from odoo.tools import SQL, format_amount, format_date
from odoo.tools.misc import formatLang

from .ar_collection_case_figures import PRIORITIES


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

    @property
    def _table_query(self) -> SQL:
        self.env["ar.aging.report"]._switch_off_jit()
        cases = self.env["ar.collection.case"]
        companies = cases._get_companies_of_open()
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
             WHERE figures.waiting IS NULL
            """,
            figures=cases._figures_sql(SQL("collection_case.state = 'open'"), companies),
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
    # Words
    # ------------------------------------------------------------------

    @api.depends("case_id")
    @api.depends_context("lang", "uid")
    def _compute_words(self):
        today = fields.Date.context_today(self)
        for row in self:
            row.last_word = row._describe_last_word()
            row.promise_text = row._describe_promise(today)
            row.next_text = row._describe_next_step()
            row.why = row._describe_why(today)

    def _describe_last_word(self):
        """Return what was said last: '12 Nov, Wang: waiting for acceptance'."""
        self.ensure_one()
        if not self.last_word_date:
            return False
        day = format_date(self.env, self.last_word_date, date_format="d MMM")
        text = html.unescape(self.last_word_text or "")
        title = self.last_word_title or ""
        if self.last_word_kind == "letter":
            return self.env._("%(day)s, letter: %(text)s", day=day, text=text)
        words = ": ".join(filter(None, (title, text)))
        return f"{day}, {words}" if words else day

    def _describe_promise(self, today):
        self.ensure_one()
        if self.broken_date and self.priority == "1_broken":
            return self.env._(
                "%(amount)s broken on %(day)s",
                amount=self._format(self.broken_amount, self.broken_currency_id),
                day=format_date(self.env, self.broken_date, date_format="d MMM"),
            )
        if not self.promise_date:
            return False
        amount = self._format(self.promise_amount, self.promise_currency_id)
        if self.promise_date == today:
            return self.env._("%s today", amount)
        return self.env._(
            "%(amount)s for %(day)s",
            amount=amount,
            day=format_date(self.env, self.promise_date, date_format="d MMM"),
        )

    def _describe_next_step(self):
        self.ensure_one()
        if not self.next_date:
            return False
        day = format_date(self.env, self.next_date, date_format="d MMM")
        return f"{day}: {self.next_summary}" if self.next_summary else day

    def _describe_why(self, today):
        """Return why the row stands where it is: what lifts it, then how its value comes about."""
        self.ensure_one()
        parts = [self._describe_priority(), self._describe_value(today)]
        return ". ".join(part[:1].upper() + part[1:] for part in parts if part)

    def _describe_priority(self):
        """Return what lifts the row above those that are ranked by value, if anything does."""
        if self.priority == "5_value":
            return ""
        return dict(self._fields["priority"]._description_selection(self.env))[self.priority]

    def _describe_value(self, today):
        """Return what the value is made of; factors of 1 are not worth a word."""
        factors = [self._describe_chance(), self._describe_rest(today), self._describe_grade()]
        factors = ", ".join(filter(None, factors))
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
        counts = dict(self._read_group(domain, ["priority"], ["__count"]))
        amounts = self._read_group(domain, ["currency_id"], ["claimable:sum"])
        return {
            "calls": sum(counts.values()),
            "promises": counts.get("1_broken", 0) + counts.get("2_promised", 0),
            "replies": counts.get("3_reply", 0),
            "steps": counts.get("4_planned", 0),
            "amounts": [
                {"currency_id": currency.id, "amount": amount} for currency, amount in amounts if amount
            ],
        }
