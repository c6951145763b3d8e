import html
from datetime import timedelta

from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.tools import SQL, format_amount, format_date

# Events of the timeline shown at once.
EVENTS = 60
# Items named in a text to copy.
ITEMS_IN_TEXT = 10


class ArCollectionCase(models.Model):
    """What a collector does with a case all day: read it, snooze it, go to the next customer."""

    _inherit = "ar.collection.case"

    overview = fields.Json(compute="_compute_overview")
    timeline = fields.Json(
        compute="_compute_timeline", help="Contacts, letters, payments, promises and notes, the latest first."
    )
    item_ids = fields.Many2many("ar.aging.report", string="Open Items", compute="_compute_item_ids")
    letter_ids = fields.Many2many("ar.dunning.letter", string="Letters", compute="_compute_letter_ids")
    hold_ids = fields.Many2many(
        "ar.credit.hold",
        string="Held Orders",
        compute="_compute_hold_ids",
        help="Orders that wait for money.",
    )
    credit_figures = fields.Json(compute="_compute_credit_figures", help="The exposure against the limit.")

    # ------------------------------------------------------------------
    # Computes
    # ------------------------------------------------------------------

    @api.depends("partner_id", "company_id")
    def _compute_credit_figures(self):
        for company, cases in self.grouped("company_id").items():
            partners = cases.partner_id.with_company(company._credit_working_company())
            by_partner = {partner.id: partner.credit_figures for partner in partners}
            for case in cases:
                case.credit_figures = by_partner.get(case.partner_id.id)

    @api.depends("partner_id", "company_id")
    def _compute_item_ids(self):
        items = self.env["ar.aging.report"].search(
            [
                ("partner_id", "in", self.partner_id.ids),
                ("root_company_id", "in", self.company_id.ids),
                ("account_id.non_trade", "=", False),
            ]
        )
        by_case = items.grouped(lambda item: (item.partner_id.id, item.root_company_id.id))
        for case in self:
            case.item_ids = by_case.get((case.partner_id.id, case.company_id.id))

    @api.depends("partner_id", "company_id")
    def _compute_letter_ids(self):
        letters = self.env["ar.dunning.letter"].search(
            [
                ("partner_id.commercial_partner_id", "in", self._get_customer_ids()),
                ("company_id", "in", self.company_id.ids),
            ]
        )
        by_case = letters.grouped(self._get_customer_key)
        for case in self:
            case.letter_ids = by_case.get(self._get_customer_key(case))

    def _get_customer_ids(self):
        """Return the ids of who the customers of these cases belong to now: companies get parents."""
        return self.sudo().partner_id.commercial_partner_id.ids  # sudo: the key only

    @api.model
    def _get_customer_key(self, record):
        """Return what ties a record to the cases of its customer."""
        record = record.sudo()  # sudo: the key only
        return record.partner_id.commercial_partner_id, record.company_id

    @api.depends("partner_id", "company_id")
    def _compute_hold_ids(self):
        holds = self.env["ar.credit.hold"].search(
            [
                ("partner_id", "in", self.partner_id.ids),
                ("company_id", "child_of", self.company_id.ids),
                ("state", "=", "held"),
            ]
        )
        by_case = holds.grouped(lambda hold: (hold.partner_id.id, hold.company_id.root_id.id))
        for case in self:
            case.hold_ids = by_case.get((case.partner_id.id, case.company_id.id))

    @api.depends("state", "profile_id", "snooze_until", "activity_ids.date_deadline", "activity_ids.active")
    @api.depends_context("uid", "lang")
    def _compute_overview(self):
        figures = self._get_case_figures()
        details = self._get_case_details()
        for case in self:
            of_case = figures.get(case._origin.id)
            case.overview = of_case and case._prepare_overview(of_case, details.get(case._origin.id, {}))

    @api.depends("partner_id", "company_id")
    @api.depends_context("uid", "lang")
    def _compute_timeline(self):
        events = self._get_events()
        for case in self:
            case.timeline = events.get(case.id, [])

    # ------------------------------------------------------------------
    # The overview
    # ------------------------------------------------------------------

    def _get_case_details(self):
        """Return what only the form shows: amounts by bucket and by currency, and held orders, by case id."""
        if not self.ids:
            return {}
        today = fields.Date.context_today(self)
        partners = SQL("= ANY(%s)", self.sudo().partner_id.ids)  # sudo: the key only
        rows = self.env.execute_query_dict(
            SQL(
                """
                WITH picked AS MATERIALIZED (%(picked)s),
                     item AS MATERIALIZED (
                          SELECT picked.id AS case_id,
                                 open_item.currency_id,
                                 open_item.amount,
                                 open_item.amount_currency,
                                 %(days)s AS days,
                                 bucket.ids[GREATEST(width_bucket(%(days)s, bucket.first_days), 1)]
                                     AS bucket_id
                            FROM (%(open_items)s) open_item
                            JOIN picked
                              ON picked.partner_id = open_item.partner_id
                             AND picked.company_id = open_item.root_company_id
                       LEFT JOIN (%(buckets)s) bucket ON bucket.company_id = picked.company_id
                           WHERE NOT open_item.non_trade AND open_item.partner_id %(partners)s
                     )
                SELECT picked.id,
                       (SELECT jsonb_agg(jsonb_build_array(part.bucket_id, part.amount))
                          FROM (SELECT bucket_id, SUM(amount) AS amount
                                  FROM item
                                 WHERE item.case_id = picked.id AND item.amount > 0
                              GROUP BY bucket_id) part) AS buckets,
                       (SELECT jsonb_agg(jsonb_build_array(part.currency_id, part.owed, part.overdue)
                                         ORDER BY part.base DESC)
                          FROM (SELECT currency_id,
                                       SUM(amount_currency) AS owed,
                                       SUM(amount) AS base,
                                       SUM(amount_currency) FILTER (WHERE amount > 0 AND days > 0) AS overdue
                                  FROM item
                                 WHERE item.case_id = picked.id
                              GROUP BY currency_id) part) AS currencies,
                       (SELECT jsonb_build_array(COUNT(*), SUM(hold.order_amount))
                          FROM ar_credit_hold hold
                          JOIN res_company branch ON branch.id = hold.company_id
                         WHERE hold.partner_id = picked.partner_id
                           AND split_part(branch.parent_path, '/', 1)::int = picked.company_id
                           AND hold.state = 'held') AS held
                  FROM picked
                """,
                picked=self._picked_sql(SQL("collection_case.id = ANY(%s)", self.ids), today),
                days=self.env["ar.aging.report"]._days_overdue_sql(today, SQL("open_item.date_maturity")),
                open_items=self.env["ar.aging.report"]._open_items_sql(as_of=None),
                buckets=self.env["ar.aging.bucket"]._bucket_sql(),
                partners=partners,
            )
        )
        return {row["id"]: row for row in rows}

    def _prepare_overview(self, figures, details):
        """Return what the top of the form answers; texts are ready to show, amounts are numbers.

        Keys are public to those who extend the overview: ``facts`` is a list of dicts of ``name``, ``label``,
        ``text``, ``note`` and ``tone`` (``danger``, ``warning``, ``success``, ``muted`` or empty).
        """
        self.ensure_one()
        credit = self.credit_figures or {}
        return {
            "currency_id": self.currency_id.id,
            "owed": figures["owed"],
            "overdue": figures["overdue"],
            "unapplied": figures["unapplied"],
            "oldest_days": figures["oldest_days"],
            "item_count": figures["item_count"],
            "phase": figures["phase_today"],
            "buckets": self._prepare_buckets(details.get("buckets") or []),
            "currencies": [
                {"currency_id": currency_id, "owed": owed, "overdue": overdue or 0.0}
                for currency_id, owed, overdue in details.get("currencies") or []
            ],
            "facts": [
                fact
                for fact in (
                    self._prepare_word_fact(figures),
                    self._prepare_promise_fact(figures),
                    self._prepare_dispute_fact(figures),
                    self._prepare_limit_fact(credit, details.get("held") or [0, 0]),
                    self._prepare_next_fact(figures),
                )
                if fact
            ],
            "people": self._prepare_people(),
        }

    def _prepare_buckets(self, amounts):
        """Return the buckets of the company in order, with the open amount of each."""
        by_bucket = dict(amounts)
        buckets = self.env["ar.aging.bucket"].search(
            [("company_id", "=", self.company_id.id)], order="day_from"
        )
        return [
            {
                "id": bucket.id,
                "name": bucket.name,
                "day_from": bucket.day_from,
                "amount": by_bucket[bucket.id],
            }
            for bucket in buckets
            if by_bucket.get(bucket.id)
        ]

    def _prepare_word_fact(self, figures):
        fact = {"name": "word", "label": self.env._("Said last"), "tone": "", "note": ""}
        if not figures["last_word_date"]:
            return {**fact, "text": self.env._("Never contacted"), "tone": "muted"}
        text = html.unescape(figures["last_word_text"] or "")
        if figures["last_word_kind"] == "letter":
            text = self.env._("Letter: %s", text)
        elif figures["last_word_title"]:
            title = figures["last_word_title"]
            text = self.env._("%(title)s: %(text)s", title=title, text=text) if text else title
        return {
            **fact,
            "text": text,
            "note": " · ".join(
                filter(None, (self._format_day(figures["last_word_date"]), figures["unpaid_reason"]))
            ),
        }

    def _prepare_promise_fact(self, figures):
        fact = {"name": "promise", "label": self.env._("Promised"), "note": ""}
        today = fields.Date.context_today(self)
        if figures["broken_date"] and figures["priority"] == "1_broken":
            return {
                **fact,
                "text": self._format_amount(figures["broken_amount"], figures["broken_currency_id"]),
                "note": self.env._("broken on %s", self._format_day(figures["broken_date"])),
                "tone": "danger",
            }
        if not figures["promise_date"]:
            return {**fact, "text": self.env._("Nothing"), "tone": "muted"}
        return {
            **fact,
            "text": self._format_amount(figures["promise_amount"], figures["promise_currency_id"]),
            "note": self.env._("for %s", self._format_day(figures["promise_date"])),
            "tone": "warning" if figures["promise_date"] <= today else "success",
        }

    def _prepare_dispute_fact(self, figures):
        fact = {"name": "dispute", "label": self.env._("Disputed"), "note": ""}
        if not figures["disputed"]:
            return {**fact, "text": self.env._("Nothing"), "tone": "muted"}
        return {
            **fact,
            "text": self._format_amount(figures["disputed"]),
            "note": self.env._("not asked for"),
            "tone": "warning",
        }

    def _prepare_limit_fact(self, credit, held):
        fact = {"name": "limit", "label": self.env._("Limit left"), "tone": "", "note": ""}
        count, amount = held
        if count:
            fact["note"] = self.env._(
                "%(count)s held: %(amount)s", count=count, amount=self._format_amount(amount or 0.0)
            )
        if not credit.get("limit_set") and credit.get("available") is None:
            return {
                **fact,
                "text": self.env._("No limit decided"),
                "tone": "muted" if not count else "warning",
            }
        available = credit.get("available") or 0.0
        if available < 0:
            return {
                **fact,
                "label": self.env._("Over the limit by"),
                "text": self._format_amount(-available),
                "tone": "danger",
            }
        return {**fact, "text": self._format_amount(available), "tone": "warning" if count else ""}

    def _prepare_next_fact(self, figures):
        fact = {"name": "next", "label": self.env._("Comes next"), "note": ""}
        today = fields.Date.context_today(self)
        if figures["waiting"] == "snoozed":
            return {
                **fact,
                "text": self.env._("Snoozed until %s", self._format_day(self.snooze_until)),
                "note": self.snooze_reason or "",
                "tone": "muted",
            }
        urgent = {
            "1_broken": self.env._("Ask about the broken promise"),
            "2_promised": self.env._("See whether the promise is kept"),
            "3_reply": self.env._("Answer their reply"),
        }
        if figures["priority"] in urgent and not figures["waiting"]:
            return {**fact, "text": urgent[figures["priority"]], "tone": "warning"}
        if figures["next_date"]:
            return {
                **fact,
                "text": figures["next_summary"] or self.env._("Next step"),
                "note": self._format_day(figures["next_date"]),
                "tone": "warning" if figures["next_date"] <= today else "",
            }
        if figures["waiting"] == "contacted":
            contacted = fields.Datetime.context_timestamp(self, figures["last_contact_date"]).date()
            back = contacted + timedelta(days=figures["contact_days"])
            return {
                **fact,
                "text": self.env._("Wait for an answer"),
                "note": self.env._("on the worklist again on %s", self._format_day(back)),
                "tone": "muted",
            }
        if figures["waiting"]:
            text = dict(self._fields["waiting"]._description_selection(self.env))[figures["waiting"]]
            return {**fact, "text": text, "tone": "muted"}
        return {**fact, "text": self.env._("Contact them today"), "tone": "warning"}

    def _prepare_people(self):
        """Return whom to call: the customer itself and its contacts with a telephone or mail."""
        partner = self.partner_id
        contacts = partner | partner.child_ids.filtered(lambda child: child.type in ("contact", "invoice"))
        people = [
            {
                "id": contact.id,
                "name": contact.name or contact.display_name,
                "role": contact.function or "",
                "phone": contact.phone or "",
                "email": contact.email or "",
            }
            for contact in contacts.sorted(lambda contact: (contact.type != "invoice", contact.id))
            if contact.phone or contact.email
        ]
        return people[:4]

    def _format_amount(self, amount, currency_id=None):
        currency = self.env["res.currency"].browse(currency_id) if currency_id else self.currency_id
        return format_amount(self.env, amount or 0.0, currency)

    def _format_day(self, day):
        return format_date(self.env, day, date_format="medium") if day else ""

    # ------------------------------------------------------------------
    # The timeline
    # ------------------------------------------------------------------

    def _get_events(self):
        """Return the latest events of cases by case id, one statement for any number.

        What happened with the customer before the case was opened is part of it.
        """
        if not self.ids:
            return {}
        self.env.flush_all()
        partner_ids = self._get_customer_ids()
        source = self.env["ar.collection.source"]
        rows = self.env.execute_query_dict(
            SQL(
                """
                SELECT ranked.*
                  FROM (
                        SELECT event.*, collection_case.id AS case_id,
                               ROW_NUMBER() OVER (
                                   PARTITION BY collection_case.id
                                   ORDER BY event.date DESC, event.res_model, event.res_id DESC
                               ) AS place
                          FROM (SELECT partner_id, company_id, date, kind, user_id, title,
                                       CONCAT_WS(' · ', NULLIF(reason, ''), NULLIF(text, '')) AS text,
                                       NULL::numeric AS amount, NULL::int AS currency_id, res_model, res_id
                                  FROM (%(contacts)s) contact
                             UNION ALL
                                SELECT partner_id, company_id, date, kind, user_id, title, text, amount,
                                       currency_id, res_model, res_id
                                  FROM (%(events)s) event
                               ) event
                          JOIN res_partner customer ON customer.commercial_partner_id = event.partner_id
                          JOIN ar_collection_case collection_case
                            ON collection_case.partner_id = customer.id
                           AND collection_case.company_id = event.company_id
                         WHERE event.partner_id = ANY(%(partner_ids)s)
                           AND collection_case.id = ANY(%(case_ids)s)
                       ) ranked
                 WHERE ranked.place <= %(limit)s
              ORDER BY ranked.case_id, ranked.place
                """,
                contacts=source._contacts_sql(),
                events=source._events_sql(),
                partner_ids=partner_ids,
                case_ids=self.ids,
                limit=EVENTS,
            )
        )
        users = self.env["res.users"].sudo().browse({row["user_id"] for row in rows if row["user_id"]})
        names = {user.id: user.name for user in users}  # sudo: names of colleagues of other companies
        by_case = {}
        for row in rows:
            by_case.setdefault(row["case_id"], []).append(self._prepare_event(row, names))
        return by_case

    @api.model
    def _prepare_event(self, row, names):
        """Return what the timeline shows of an event."""
        labels = self._get_event_labels()
        icon, label = labels.get(row["kind"], ("fa-circle-o", row["kind"]))
        return {
            "key": f"{row['res_model']},{row['res_id']},{row['kind']},{row['place']}",
            "kind": row["kind"],
            "icon": icon,
            "label": label,
            "date": fields.Datetime.to_string(row["date"]),
            # An entry has a day; contacts and messages have a time of day too.
            "timed": row["kind"] not in ("payment", "credit_note", "entry", "writeoff"),
            "user": names.get(row["user_id"], ""),
            "title": row["title"] or "",
            "text": html.unescape(row["text"] or ""),
            "amount": float(row["amount"]) if row["amount"] is not None else None,
            "currency_id": row["currency_id"],
            "res_model": row["res_model"] if row["res_model"] != self._name else "",
            "res_id": row["res_id"],
        }

    @api.model
    def _get_event_labels(self):
        """Return icon and name of each kind of event."""
        return {
            "call": ("fa-phone", self.env._("Call")),
            "visit": ("fa-map-marker", self.env._("Visit")),
            "email": ("fa-envelope-o", self.env._("E-mail")),
            "letter": ("fa-file-text-o", self.env._("Letter")),
            "message": ("fa-comment-o", self.env._("Message")),
            "meeting": ("fa-users", self.env._("Meeting")),
            "reply": ("fa-reply", self.env._("Reply")),
            "note": ("fa-pencil", self.env._("Note")),
            "case": ("fa-folder-open-o", self.env._("Case")),
            "payment": ("fa-money", self.env._("Payment")),
            "credit_note": ("fa-undo", self.env._("Credit note")),
            "entry": ("fa-book", self.env._("Credit entry")),
            "promise": ("fa-handshake-o", self.env._("Promise")),
            "plan": ("fa-calendar", self.env._("Plan")),
            "deferral": ("fa-calendar-plus-o", self.env._("Deferral")),
            "dispute": ("fa-gavel", self.env._("Dispute")),
            "placement": ("fa-balance-scale", self.env._("Placement")),
        }

    # ------------------------------------------------------------------
    # Actions
    # ------------------------------------------------------------------

    def _get_work_action(self, rank, user):
        """Return the action that opens the case from the worklist of a user.

        The rank tells where to go on: the list closes up behind what was dealt with.
        """
        self.ensure_one()
        return {
            "type": "ir.actions.act_window",
            "name": self.display_name,
            "res_model": "ar.collection.case",
            "res_id": self.id,
            "views": [(False, "form")],
            "context": {"worklist_rank": rank, "worklist_user_id": user.id},
        }

    @api.readonly
    def get_next_action(self):
        """Return the action that opens the next customer of the worklist, or False at its end.

        The context keys ``worklist_rank`` and ``worklist_user_id`` say which list is worked and where.
        Without them it is the user's own, from the top.
        """
        self.ensure_one()
        self.check_access("read")
        user_id = self.env.context.get("worklist_user_id", self.env.uid)
        rank = self.env.context.get("worklist_rank") or 0
        worklist = self.env["ar.collection.worklist"]
        following = [("user_id", "=", user_id), ("case_id", "!=", self.id)]
        row = worklist.search_fetch(
            [*following, ("rank", ">=", rank)], ["case_id", "rank", "user_id"], limit=1
        )
        return row.case_id._get_work_action(row.rank, row.user_id) if row else False

    def action_snooze(self):
        """Open the dialog that keeps these cases off the worklist for some days."""
        self._check_works()
        return {
            "type": "ir.actions.act_window",
            "name": self.env._("Snooze"),
            "res_model": "ar.collection.snooze",
            "views": [(False, "form")],
            "target": "new",
            "context": {"default_case_ids": self.ids},
        }

    def action_wake(self):
        """Put snoozed cases back on the worklist."""
        self._check_works()
        self.sudo().write(  # sudo: nobody has the right to write cases
            {"snooze_until": False, "snooze_date": False, "snooze_reason": False}
        )

    def _snooze(self, until, reason):
        """Keep open cases off the worklist before a day.

        :raise AccessError: for who is no collector
        :raise UserError: for a day that is not to come, and for a case that is not open
        """
        self._check_works()
        for company, cases in self.grouped("company_id").items():
            today = company._credit_today()
            if until <= today:
                raise UserError(self.env._("Choose a day to come."))
            if any(case.state == "closed" for case in cases):
                raise UserError(self.env._("A closed case is on no worklist."))
            cases.sudo().write(  # sudo: nobody has the right to write cases
                {"snooze_until": until, "snooze_date": today, "snooze_reason": reason}
            )

    def action_thank(self):
        """Open a mail that thanks the customer of whom nothing is overdue any more.

        :raise AccessError: for whoever does not collect
        :raise UserError: while something is overdue
        """
        self.ensure_one()
        self._check_works()
        if not self.settled_date:
            raise UserError(self.env._("Something of %s is overdue.", self.partner_id.display_name))
        template = self.env.ref("ar_credit_control.mail_template_case_thanks")
        return self._get_mail_action(template_id=template.id)

    def _get_recipient(self):
        """Return whom the customer wants mails about its account to go to, see ``ar.document.recipient``."""
        self.ensure_one()
        self.env.flush_all()
        rows = self.env.execute_query(
            SQL(
                """
                SELECT recipient.id
                  FROM res_partner partner
            CROSS JOIN LATERAL (%s) recipient
                 WHERE partner.id = %s
                """,
                self.env["ar.document.recipient"]._statement_sql(SQL("partner")),
                self.partner_id.commercial_partner_id.id,
            )
        )
        return self.partner_id.browse(rows[0])

    @api.readonly
    def get_copy_text(self):
        """Return a message to the customer about what can be asked for, in its language, ready to copy.

        :raise AccessError: without the right to read the case
        """
        self.ensure_one()
        self.check_access("read")
        case = self.with_context(lang=self.partner_id.lang or self.env.lang)
        return case._prepare_copy_text()

    def _prepare_copy_text(self):
        due = self.item_ids.filtered(lambda item: item.days_overdue > 0 and item.amount > 0)
        paused = self.env["ar.item.pause"]._get_paused(due, self.company_id, self.company_id._credit_today())
        claimed = {
            item: item.currency_id.round(max(item.amount_currency - paused.get(item.id, 0.0), 0.0))
            for item in due
        }
        items = due.filtered(claimed.get)
        lines = [
            self.env._(
                "%(number)s, due %(day)s: %(amount)s",
                number=item.move_name,
                day=format_date(self.env, item.date_maturity),
                amount=format_amount(self.env, claimed[item], item.currency_id),
            )
            for item in items[:ITEMS_IN_TEXT]
        ]
        if not items:
            return self.env._("Thank you: nothing is overdue on your account with us.")
        if len(items) > ITEMS_IN_TEXT:
            lines.append(self.env._("and %s more", len(items) - ITEMS_IN_TEXT))
        credit = {
            currency: -sum(batch.mapped("amount_currency"))
            for currency, batch in self.item_ids.filtered(lambda item: item.amount < 0)
            .grouped("currency_id")
            .items()
        }
        totals = []
        for currency, batch in items.grouped("currency_id").items():
            left = sum(claimed[item] for item in batch) - credit.get(currency, 0.0)
            if currency.compare_amounts(left, 0) > 0:
                totals.append(format_amount(self.env, left, currency))
            if currency in credit:
                name = self.env._("Payments and credit notes not yet allocated")
                lines.append(f"{name}: {format_amount(self.env, -credit[currency], currency)}")
        if not totals:
            return self.env._(
                "Good day,\n\nwe have received payments or credited %(credit)s that are not allocated yet. "
                "Which invoices are they for?\n\n%(name)s, %(company)s",
                credit=" + ".join(
                    format_amount(self.env, amount, currency) for currency, amount in credit.items()
                ),
                name=self.env.user.name,
                company=self.company_id.name,
            )
        return self.env._(
            "Good day,\n\n%(total)s is past due:\n%(lines)s\n\n"
            "When can we expect payment? If you have paid meanwhile, please send us the slip.\n\n"
            "%(name)s, %(company)s",
            total=" + ".join(totals),
            lines="\n".join(lines),
            name=self.env.user.name,
            company=self.company_id.name,
        )
