from odoo import api, fields, models
from odoo.tools import SQL

# Why an open case is not on today's worklist.
WAITING = [
    ("placed", "With an agency or lawyer"),
    ("snoozed", "Snoozed"),
    ("planned", "Next step planned"),
    ("contacted", "Contacted lately"),
    ("covered", "Receipts to be applied first"),
    ("nothing", "Nothing to ask for"),
]
# What puts a case on the worklist, strongest first.
PRIORITIES = [
    ("1_broken", "Broken promise"),
    ("2_promised", "Promise due"),
    ("3_reply", "Reply to answer"),
    ("4_planned", "Next step due"),
    ("5_value", "Expected value"),
]
# So many cases are looked up by index; more are read in one pass over the ledger.
LOOKED_UP = 2000
FIGURES = (
    "owed",
    "overdue",
    "not_due",
    "unapplied",
    "claim",
    "claimable",
    "disputed",
    "promised",
    "oldest_days",
    "item_count",
    "last_contact_date",
    "last_word_kind",
    "last_word_date",
    "last_word_title",
    "last_word_text",
    "last_word_user_id",
    "unpaid_reason",
    "promise_date",
    "promise_amount",
    "promise_currency_id",
    "broken_date",
    "broken_amount",
    "broken_currency_id",
    "next_date",
    "next_summary",
    "phase_today",
    "weighted",
    "rest_factor",
    "rating_factor",
    "expected_value",
    "priority",
    "waiting",
)


class ArCollectionCase(models.Model):
    """What a case shows of the customer today: every figure in one statement, for one case or for all."""

    _inherit = "ar.collection.case"

    user_id = fields.Many2one(
        "res.users",
        string="Worked By",
        compute="_compute_user_id",
        search="_search_user_id",
        help="The collector; while on leave, the colleague who stands in.",
    )
    owed = fields.Monetary(compute="_compute_case_figures", help="All open items, receipts taken off.")
    overdue = fields.Monetary(
        compute="_compute_case_figures", help="Open items past their due date, without receipts and credits."
    )
    claimable = fields.Monetary(
        string="To Ask For",
        compute="_compute_case_figures",
        help="Overdue, without what is disputed, promised, deferred, on a plan or placed, and less receipts "
        "and credit notes that are not applied yet.",
    )
    disputed = fields.Monetary(compute="_compute_case_figures", help="Disputed part of the overdue items.")
    oldest_days = fields.Integer(
        string="Oldest (days)", compute="_compute_case_figures", help="Age of the oldest overdue item."
    )
    phase_today = fields.Selection(
        [("credit", "Credit Period"), ("coordination", "Coordination"), ("clearing", "Clearing")],
        compute="_compute_case_figures",
    )
    last_contact_date = fields.Datetime(
        string="Last Contact", compute="_compute_case_figures", help="When we last spoke or wrote to them."
    )
    promise_date = fields.Date(string="Promised Date", compute="_compute_case_figures")
    next_action_date = fields.Date(
        string="Next Step", compute="_compute_case_figures", help="The earliest planned activity of the case."
    )
    next_action = fields.Char(string="What Next", compute="_compute_case_figures")
    expected_value = fields.Monetary(
        string="Value of a Contact",
        compute="_compute_case_figures",
        help="What a contact today is expected to bring: what can be asked for × the chance to recover it at "
        "its age × days since the last contact × the weight of the grade.",
    )
    priority = fields.Selection(
        PRIORITIES, compute="_compute_case_figures", help="What puts it on the worklist, strongest first."
    )
    waiting = fields.Selection(
        WAITING, compute="_compute_case_figures", help="Why it is not on today's worklist."
    )

    # ------------------------------------------------------------------
    # Computes and searches
    # ------------------------------------------------------------------

    @api.depends("collector_id")
    def _compute_user_id(self):
        today = fields.Date.context_today(self)
        rows = self.env.execute_query(
            self.env["ar.collection.absence"].sudo()._absent_sql(today)
        )  # sudo: who
        substitutes = dict(rows)
        for case in self:
            collector = case.collector_id
            case.user_id = substitutes.get(collector.id) or collector

    @api.model
    def _search_user_id(self, operator, value):
        if operator != "in":
            return NotImplemented
        self.env["ar.collection.absence"].flush_model()
        today = fields.Date.context_today(self)
        substitutes = dict(self.env.execute_query(self.env["ar.collection.absence"]._absent_sql(today)))
        stood_in_for = [user for user, substitute in substitutes.items() if substitute in value]
        present = [user for user in value if user not in substitutes]
        return [("collector_id", "in", present + stood_in_for)]

    @api.depends("state", "profile_id", "snooze_until", "activity_ids.date_deadline", "activity_ids.active")
    def _compute_case_figures(self):
        figures = self._get_case_figures()
        for case in self:
            of_case = figures.get(case._origin.id, {})
            case.owed = of_case.get("owed", 0.0)
            case.overdue = of_case.get("overdue", 0.0)
            case.claimable = of_case.get("claimable", 0.0)
            case.disputed = of_case.get("disputed", 0.0)
            case.oldest_days = of_case.get("oldest_days", 0)
            case.phase_today = of_case.get("phase_today", case.phase)
            case.last_contact_date = of_case.get("last_contact_date")
            case.promise_date = of_case.get("promise_date")
            case.next_action_date = of_case.get("next_date")
            case.next_action = of_case.get("next_summary")
            case.expected_value = of_case.get("expected_value", 0.0)
            case.priority = of_case.get("priority")
            case.waiting = of_case.get("waiting") if case.state != "closed" else False

    # ------------------------------------------------------------------
    # The figures
    # ------------------------------------------------------------------

    @api.model
    def _get_companies_of_open(self):
        """Return the root companies that have open cases."""
        self.flush_model(["company_id", "state"])
        rows = self.env.execute_query(
            SQL("SELECT DISTINCT company_id FROM ar_collection_case WHERE state <> 'closed' ORDER BY 1")
        )
        # sudo: their settings only; rows are limited by record rules.
        return self.env["res.company"].sudo().browse(company_id for (company_id,) in rows)

    def _get_case_figures(self):
        """Return ``{case id: {figure: value}}`` of these cases, in one statement.

        Internal: no access check. Amounts in company currency, except those of promises.
        """
        if not self.ids:
            return {}
        condition = SQL("collection_case.id = ANY(%s)", self.ids)
        partners = SQL("= ANY(%s)", self.sudo().partner_id.ids)  # sudo: the key only
        query = self._figures_sql(condition, self.sudo().company_id, partners)  # sudo: the key only
        self._flush_sources()
        self.env["ar.aging.report"]._switch_off_jit()
        return {row["id"]: row for row in self.env.execute_query_dict(query)}

    @api.model
    def _flush_sources(self):
        """Write pending changes that the figures read."""
        self.env.flush_all()

    @api.model
    def _figures_sql(self, condition, companies, partners=None):
        """Return the statement of the figures of cases: one row per case.

        Columns: ``id``, ``user_id`` (who works it today) and those of ``FIGURES``.

        :param SQL condition: picks the cases, on the alias ``collection_case``
        :param companies: their root companies
        :param SQL partners: comparison that picks their customers, to be looked up by index; None: the
            customers of the cases, in one pass over the ledger
        """
        partners = partners or SQL("IN (SELECT partner_id FROM picked)")
        today = fields.Date.context_today(self)
        return SQL(
            """
            WITH picked AS MATERIALIZED (%(picked)s),
                 chance AS MATERIALIZED (%(chances)s),
                 pause AS MATERIALIZED (%(pause)s),
                 item AS (%(items)s),
                 ledger AS (%(ledger)s),
                 contact AS (%(contacts)s),
                 word AS (%(words)s),
                 promise AS (%(promises)s),
                 next_step AS (%(next_steps)s),
                 figures AS (%(figures)s)
            SELECT figures.*, %(waiting)s AS waiting
              FROM (SELECT figures.*, %(priority)s AS priority FROM figures) figures
            """,
            picked=self._picked_sql(condition, today),
            chances=self.env["ar.collection.chance"]._table_of_chances_sql(),
            pause=self._paused_sql(companies, today),
            items=self._claim_sql(partners, today),
            ledger=self._ledger_sql(),
            contacts=self._last_contact_sql(partners, today),
            words=self._last_word_sql(partners, today),
            promises=self._next_promise_sql(partners),
            next_steps=self._next_step_sql(),
            figures=self._joined_sql(today),
            priority=self._priority_sql(today),
            waiting=self._waiting_sql(today),
        )

    @api.model
    def _picked_sql(self, condition, today):
        return SQL(
            """
            SELECT collection_case.id,
                   collection_case.profile_id,
                   collection_case.partner_id,
                   collection_case.company_id,
                   collection_case.collector_id,
                   COALESCE(absent.substitute_id, collection_case.collector_id) AS user_id,
                   collection_case.state,
                   collection_case.phase,
                   collection_case.snooze_until,
                   collection_case.snooze_date,
                   root.currency_id,
                   currency.decimal_places,
                   root.credit_coordination_days,
                   GREATEST(COALESCE(root.collection_contact_days, 0), 1) AS contact_days,
                   COALESCE(rating.collection_factor, 1)::numeric AS rating_factor
              FROM ar_collection_case collection_case
              JOIN res_company root ON root.id = collection_case.company_id
              JOIN res_currency currency ON currency.id = root.currency_id
              JOIN ar_credit_profile profile ON profile.id = collection_case.profile_id
         LEFT JOIN ar_credit_rating rating ON rating.id = profile.rating_id
         LEFT JOIN (%(absent)s) absent ON absent.user_id = collection_case.collector_id
             WHERE %(condition)s
            """,
            absent=self.env["ar.collection.absence"]._absent_sql(today),
            condition=condition,
        )

    @api.model
    def _paused_sql(self, companies, today):
        """What is not asked for at the moment, by instalment: all of it, or amounts in its currency."""
        parts = [self.env["ar.item.pause"]._pause_sql(root, today) for root in companies]
        if not parts:
            parts = [
                SQL(
                    "SELECT 0 AS move_id, 0 AS partner_id, NULL::date AS date_maturity, "
                    "0 AS amount_currency, '' AS reason WHERE FALSE"
                )
            ]
        return SQL(
            """
            SELECT move_id,
                   partner_id,
                   date_maturity,
                   BOOL_OR(amount_currency IS NULL) AS whole,
                   SUM(amount_currency) AS amount_currency,
                   BOOL_OR(amount_currency IS NULL) FILTER (WHERE reason = 'disputed') AS dispute_whole,
                   SUM(amount_currency) FILTER (WHERE reason = 'disputed') AS dispute_currency,
                   BOOL_OR(amount_currency IS NULL) FILTER (WHERE reason = 'promised') AS promise_whole,
                   SUM(amount_currency) FILTER (WHERE reason = 'promised') AS promise_currency
              FROM (%s) part
          GROUP BY move_id, partner_id, date_maturity
            """,
            SQL(" UNION ALL ").join(
                SQL(
                    "SELECT move_id, partner_id, date_maturity, amount_currency, reason FROM (%s) of_root",
                    part,
                )
                for part in parts
            ),
        )

    @api.model
    def _claim_sql(self, partners, today):
        """Open instalments of the customers, with what may be asked for of each.

        They are not joined with the cases before they are summed: their number is what a planner gets wrong.
        ``share_*`` are parts of 1: a pause is in the currency of the entry, the figures in company currency.
        """
        return SQL(
            """
            SELECT item.*,
                   %(share)s AS share_paused,
                   %(disputed)s AS share_disputed,
                   %(promised)s AS share_promised
              FROM (
                    SELECT open_item.partner_id,
                           open_item.root_company_id AS company_id,
                           open_item.move_id,
                           open_item.date_maturity,
                           open_item.currency_id,
                           %(days)s AS days,
                           SUM(open_item.amount) AS amount,
                           SUM(open_item.amount_currency) AS amount_currency
                      FROM (%(open_items)s) open_item
                     WHERE NOT open_item.non_trade AND open_item.partner_id %(partners)s
                  GROUP BY open_item.partner_id, open_item.root_company_id, open_item.move_id,
                           open_item.date_maturity, open_item.currency_id, open_item.amount > 0
                   ) item
         LEFT JOIN pause
                ON pause.move_id = item.move_id
               AND pause.partner_id = item.partner_id
               AND pause.date_maturity = item.date_maturity
            """,
            share=self._share_sql(SQL("pause.whole"), SQL("pause.amount_currency")),
            disputed=self._share_sql(SQL("pause.dispute_whole"), SQL("pause.dispute_currency")),
            promised=self._share_sql(SQL("pause.promise_whole"), SQL("pause.promise_currency")),
            days=self.env["ar.aging.report"]._days_overdue_sql(today, SQL("open_item.date_maturity")),
            open_items=self.env["ar.aging.report"]._open_items_sql(as_of=None),
            partners=partners,
        )

    @api.model
    def _share_sql(self, whole, amount):
        return SQL(
            """CASE WHEN item.amount_currency <= 0 THEN 0
                    WHEN COALESCE(%(whole)s, FALSE) THEN 1
                    ELSE LEAST(COALESCE(%(amount)s, 0) / item.amount_currency, 1)
               END""",
            whole=whole,
            amount=amount,
        )

    @api.model
    def _ledger_sql(self):
        """What a customer owes; positive items only are overdue or can be asked for."""
        overdue = SQL("item.amount > 0 AND item.days > 0")
        return SQL(
            """
            SELECT item.partner_id,
                   item.company_id,
                   SUM(item.amount) AS owed,
                   SUM(item.amount) FILTER (WHERE %(overdue)s) AS overdue,
                   SUM(item.amount) FILTER (WHERE item.amount > 0 AND item.days <= 0) AS not_due,
                   -SUM(item.amount) FILTER (WHERE item.amount < 0) AS unapplied,
                   SUM(item.amount * (1 - item.share_paused)) FILTER (WHERE %(overdue)s) AS claim,
                   SUM(item.amount * item.share_disputed) FILTER (WHERE %(overdue)s) AS disputed,
                   SUM(item.amount * item.share_promised) FILTER (WHERE item.amount > 0) AS promised,
                   SUM(item.amount * (1 - item.share_paused) * %(chance)s) FILTER (WHERE %(overdue)s)
                       AS weighted,
                   MAX(item.days) FILTER (WHERE %(overdue)s) AS oldest_days,
                   COUNT(*) FILTER (WHERE %(overdue)s) AS item_count
              FROM item
        CROSS JOIN chance
          GROUP BY item.partner_id, item.company_id
            """,
            overdue=overdue,
            chance=self.env["ar.collection.chance"]._chance_sql(SQL("item.days")),
        )

    @api.model
    def _contact_sql(self, partners, today):
        """Contacts of a year with the customers."""
        return SQL(
            """
            SELECT contact.*
              FROM (%(contacts)s) contact
             WHERE contact.partner_id %(partners)s
               AND contact.date >= %(today)s::date - 365
            """,
            contacts=self.env["ar.collection.source"]._contacts_sql(),
            partners=partners,
            today=today,
        )

    @api.model
    def _last_contact_sql(self, partners, today):
        """When we last spoke or wrote, and when they last answered."""
        return SQL(
            """
            SELECT contact.partner_id,
                   contact.company_id,
                   MAX(contact.date) FILTER (WHERE contact.kind <> 'reply') AS last_contact_date,
                   MAX(contact.date) FILTER (WHERE contact.kind = 'reply') AS last_reply_date,
                   MAX(contact.date) FILTER (WHERE contact.personal AND contact.kind <> 'reply')
                       AS last_spoken_date
              FROM (%s) contact
          GROUP BY contact.partner_id, contact.company_id
            """,
            self._contact_sql(partners, today),
        )

    @api.model
    def _last_word_sql(self, partners, today):
        """The last word of a person, else the last letter, and why they have not paid.

        Apart from the dates, which rank: PostgreSQL leaves it out where nobody reads the words.
        """
        return SQL(
            """
            SELECT DISTINCT ON (contact.partner_id, contact.company_id)
                   contact.partner_id,
                   contact.company_id,
                   contact.kind AS last_word_kind,
                   contact.date AS last_word_date,
                   contact.title AS last_word_title,
                   contact.text AS last_word_text,
                   contact.user_id AS last_word_user_id,
                   FIRST_VALUE(contact.reason) OVER (
                       PARTITION BY contact.partner_id, contact.company_id
                           ORDER BY contact.reason IS NULL, contact.date DESC
                   ) AS unpaid_reason
              FROM (%s) contact
          ORDER BY contact.partner_id, contact.company_id,
                   contact.personal DESC, contact.date DESC, contact.res_id DESC
            """,
            self._contact_sql(partners, today),
        )

    @api.model
    def _next_promise_sql(self, partners):
        """The next open promise of a customer, and the last one that was broken."""
        return SQL(
            """
            SELECT promise.partner_id,
                   promise.company_id,
                   MIN(promise.date) FILTER (WHERE promise.state = 'open') AS promise_date,
                   (ARRAY_AGG(promise.amount ORDER BY promise.date, promise.res_id)
                       FILTER (WHERE promise.state = 'open'))[1] AS promise_amount,
                   (ARRAY_AGG(promise.currency_id ORDER BY promise.date, promise.res_id)
                       FILTER (WHERE promise.state = 'open'))[1] AS promise_currency_id,
                   MAX(promise.broken_date) FILTER (WHERE promise.state = 'broken') AS broken_date,
                   (ARRAY_AGG(promise.amount ORDER BY promise.broken_date DESC, promise.res_id DESC)
                       FILTER (WHERE promise.state = 'broken'))[1] AS broken_amount,
                   (ARRAY_AGG(promise.currency_id ORDER BY promise.broken_date DESC, promise.res_id DESC)
                       FILTER (WHERE promise.state = 'broken'))[1] AS broken_currency_id
              FROM (%(promises)s) promise
             WHERE promise.partner_id %(partners)s
          GROUP BY promise.partner_id, promise.company_id
            """,
            promises=self.env["ar.collection.source"]._promises_sql(),
            partners=partners,
        )

    @api.model
    def _next_step_sql(self):
        """The earliest planned activity of a case."""
        return SQL(
            """
            SELECT DISTINCT ON (picked.id)
                   picked.id AS case_id,
                   activity.date_deadline AS next_date,
                   COALESCE(NULLIF(activity.summary, ''),
                            activity_type.name ->> %(lang)s, activity_type.name ->> 'en_US') AS next_summary
              FROM picked
              JOIN mail_activity activity
                ON activity.res_model = 'ar.collection.case'
               AND activity.res_id = picked.id
               AND activity.active
         LEFT JOIN mail_activity_type activity_type ON activity_type.id = activity.activity_type_id
          ORDER BY picked.id, activity.date_deadline, activity.id
            """,
            lang=self.env.lang or "en_US",
        )

    @api.model
    def _joined_sql(self, today):
        """All figures of a case; contacts of the last days let a claim rest, see ``docs/worklist.md``."""
        rest = SQL(
            """CASE WHEN contact.last_contact_date IS NULL THEN 1.0
                    ELSE LEAST(GREATEST(%s::date - %s, 1), picked.contact_days)
                         / picked.contact_days::numeric
               END""",
            today,
            self._day_sql(SQL("contact.last_contact_date")),
        )
        return SQL(
            """
            SELECT picked.id,
                   picked.user_id,
                   picked.state,
                   picked.snooze_until,
                   picked.snooze_date,
                   picked.contact_days,
                   COALESCE(ledger.owed, 0)::float8 AS owed,
                   COALESCE(ledger.overdue, 0)::float8 AS overdue,
                   COALESCE(ledger.not_due, 0)::float8 AS not_due,
                   COALESCE(ledger.unapplied, 0)::float8 AS unapplied,
                   ROUND(COALESCE(ledger.claim, 0), picked.decimal_places)::float8 AS claim,
                   ROUND(COALESCE(ledger.claim, 0) * covered.rest, picked.decimal_places)::float8
                       AS claimable,
                   ROUND(COALESCE(ledger.disputed, 0), picked.decimal_places)::float8 AS disputed,
                   ROUND(COALESCE(ledger.promised, 0), picked.decimal_places)::float8 AS promised,
                   COALESCE(ledger.oldest_days, 0) AS oldest_days,
                   COALESCE(ledger.item_count, 0) AS item_count,
                   contact.last_contact_date,
                   contact.last_reply_date,
                   contact.last_spoken_date,
                   word.last_word_kind,
                   word.last_word_date,
                   word.last_word_title,
                   word.last_word_text,
                   word.last_word_user_id,
                   word.unpaid_reason,
                   promise.promise_date,
                   promise.promise_amount::float8 AS promise_amount,
                   promise.promise_currency_id,
                   promise.broken_date,
                   promise.broken_amount::float8 AS broken_amount,
                   promise.broken_currency_id,
                   next_step.next_date,
                   next_step.next_summary,
                   %(phase)s AS phase_today,
                   (COALESCE(ledger.weighted, 0) * covered.rest)::float8 AS weighted,
                   (%(rest)s)::float8 AS rest_factor,
                   picked.rating_factor::float8 AS rating_factor,
                   ROUND(COALESCE(ledger.weighted, 0) * covered.rest * %(rest)s * picked.rating_factor,
                         picked.decimal_places)::float8 AS expected_value
              FROM picked
         LEFT JOIN ledger ON ledger.partner_id = picked.partner_id AND ledger.company_id = picked.company_id
        CROSS JOIN LATERAL (
                   SELECT CASE WHEN COALESCE(ledger.claim, 0) > 0
                               THEN GREATEST(1 - COALESCE(ledger.unapplied, 0) / ledger.claim, 0)
                               ELSE 0
                          END AS rest
                   ) covered
         LEFT JOIN contact
                ON contact.partner_id = picked.partner_id AND contact.company_id = picked.company_id
         LEFT JOIN word ON word.partner_id = picked.partner_id AND word.company_id = picked.company_id
         LEFT JOIN promise
                ON promise.partner_id = picked.partner_id AND promise.company_id = picked.company_id
         LEFT JOIN next_step ON next_step.case_id = picked.id
            """,
            rest=rest,
            phase=self._case_phase_sql(),
        )

    @api.model
    def _case_phase_sql(self):
        """Return the phase of a case: that of its oldest overdue item, as the ageing defines phases."""
        return self.env["ar.aging.report"]._phase_sql(
            SQL("COALESCE(ledger.oldest_days, 0)"), SQL.identifier("picked")
        )

    @api.model
    def _priority_sql(self, today):
        """Return what puts a case on the worklist, strongest first: a key of ``PRIORITIES``.

        A broken promise, a due one and a reply count until somebody spoke with the customer about it. A
        broken one counts only while something can be asked for.
        """
        return SQL(
            """
            CASE WHEN figures.broken_date IS NOT NULL
                      AND (figures.last_spoken_date IS NULL OR %(spoken)s < figures.broken_date)
                      AND figures.claimable > 0
                     THEN '1_broken'
                 WHEN figures.promise_date <= %(today)s
                      AND (figures.last_spoken_date IS NULL OR %(spoken)s < %(today)s)
                     THEN '2_promised'
                 WHEN figures.last_reply_date IS NOT NULL
                      AND (figures.last_spoken_date IS NULL
                           OR figures.last_spoken_date < figures.last_reply_date)
                     THEN '3_reply'
                 WHEN figures.next_date <= %(today)s THEN '4_planned'
                 ELSE '5_value'
            END
            """,
            today=today,
            spoken=self._day_sql(SQL("figures.last_spoken_date")),
        )

    @api.model
    def _waiting_sql(self, today):
        """Return why a case is not on today's worklist, a key of ``WAITING``; NULL: it is on it.

        What is placed is asked for by the agent; what else the customer owes is asked for by us. What the
        customer does after the snooze began ends it: a promise broken, a reply.
        """
        return SQL(
            """
            CASE WHEN figures.state = 'closed'
                      OR (figures.state <> 'open' AND figures.claimable <= 0) THEN 'placed'
                 WHEN figures.snooze_until > %(today)s
                      AND NOT (figures.priority = '1_broken' AND figures.broken_date > figures.snooze_date)
                      AND NOT (figures.priority = '3_reply'
                               AND %(replied)s >= figures.snooze_date)
                     THEN 'snoozed'
                 WHEN figures.priority <> '5_value' THEN NULL
                 WHEN figures.next_date > %(today)s THEN 'planned'
                 WHEN figures.claimable <= 0 AND figures.claim > 0 THEN 'covered'
                 WHEN figures.claimable <= 0 THEN 'nothing'
                 WHEN %(contacted)s > %(today)s::date - figures.contact_days
                     THEN 'contacted'
            END
            """,
            today=today,
            replied=self._day_sql(SQL("figures.last_reply_date")),
            contacted=self._day_sql(SQL("figures.last_contact_date")),
        )

    @api.model
    def _day_sql(self, moment):
        """Return the day of a timestamp in UTC, in the time zone in which the user has today."""
        return SQL("(%s AT TIME ZONE 'UTC' AT TIME ZONE %s)::date", moment, self.env.tz.zone)
