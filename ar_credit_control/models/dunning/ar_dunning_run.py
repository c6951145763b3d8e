from odoo import api, fields, models
from odoo.exceptions import AccessError, UserError
from odoo.tools import SQL, format_amount

# Attempts of the schedule at one policy when another process works on it at the same moment.
CONCURRENCY_TRIES = 5
# Why a letter is left out, and what someone is asked to do about it.
LEFT_OUT_ACTIVITIES = {
    "unapplied": "ar_credit_control.mail_activity_dunning_reconcile",
    "no_address": "ar_credit_control.mail_activity_dunning_address",
    "hand_over": "ar_credit_control.mail_activity_dunning_hand_over",
}
# Columns that the steps of a selection are joined on: PostgreSQL looks at no others.
JOINED_COLUMNS = {
    "dunning_open": ("id", "move_id", "partner_id", "is_claim"),
    "dunning_customer": ("id",),
    "dunning_item": ("id", "partner_id", "currency_id", "stage_id", "reason", "days_overdue"),
    "dunning_letter": ("partner_id", "currency_id", "stage_id", "reason"),
}
# Open activities of a kind; more would be a wall, not a list of things to do.
LEFT_OUT_ACTIVITY_LIMIT = 100


class ArDunningRun(models.Model):
    """One proposal of a policy at a date: its letters, what was left out and why, and how far sending is.

    Runs are made by :meth:`_create_proposal` (a person) or :meth:`_cron_run_policies` (the schedule), never
    by plain ``create``: who proposed is evidence, for that person may not approve what needs approval.
    """

    _name = "ar.dunning.run"
    _description = "Dunning Run"
    _inherit = ["mail.thread", "ar.dunning.filter"]
    _order = "date desc, id desc"

    name = fields.Char(compute="_compute_name")
    company_id = fields.Many2one("res.company", required=True, index=True, readonly=True)
    policy_id = fields.Many2one(
        "ar.dunning.policy", required=True, index=True, readonly=True, ondelete="restrict"
    )
    date = fields.Date(required=True, readonly=True, help="The day on which the stages were judged.")
    automatic = fields.Boolean(string="By Schedule", readonly=True)
    user_id = fields.Many2one(
        "res.users", string="Proposed By", readonly=True, help="Empty: proposed by the schedule."
    )
    letter_ids = fields.One2many("ar.dunning.letter", "run_id", string="Letters", readonly=True)
    left_out_ids = fields.One2many("ar.dunning.left.out", "run_id", readonly=True)
    company_currency_id = fields.Many2one(related="company_id.currency_id")
    letter_count = fields.Integer(string="Letters Proposed", compute="_compute_progress")
    draft_count = fields.Integer(string="To Review", compute="_compute_progress")
    approval_count = fields.Integer(
        string="Need Approval", compute="_compute_progress", help="Letters whose stage a controller approves."
    )
    queued_count = fields.Integer(string="Being Sent", compute="_compute_progress")
    sent_count = fields.Integer(string="Sent", compute="_compute_progress")
    failed_count = fields.Integer(string="Failed", compute="_compute_progress")
    cancelled_count = fields.Integer(string="Dropped", compute="_compute_progress")
    task_count = fields.Integer(
        string="To Be Done by Hand",
        compute="_compute_progress",
        help="Letters to post, messages to send, calls and visits that somebody still has to do.",
    )
    post_count = fields.Integer(string="To Be Posted", compute="_compute_progress")
    left_out_count = fields.Integer(string="Customers Left Out", compute="_compute_left_out_count")
    stage_summary = fields.Html(compute="_compute_stage_summary", sanitize=False)
    progress = fields.Float(compute="_compute_progress", help="Share of the letters that are dealt with.")
    state = fields.Selection(
        [
            ("review", "To review"),
            ("sending", "Sending"),
            ("attention", "Needs attention"),
            ("done", "Done"),
        ],
        string="Status",
        compute="_compute_progress",
        help="Needs attention: letters failed. Done: every letter was sent or dropped.",
    )

    _policy_date_uniq = models.UniqueIndex(
        "(policy_id, date) WHERE automatic", "The schedule makes one run of a policy a day."
    )

    @api.depends("policy_id.name", "date")
    def _compute_name(self):
        for run in self:
            run.name = f"{run.policy_id.name} {fields.Date.to_string(run.date)}" if run.date else False

    @api.depends("letter_ids.state")
    def _compute_progress(self):
        counts = {run.id: {} for run in self}
        approvals = dict(
            self.env["ar.dunning.letter"]._read_group(
                [
                    ("run_id", "in", self.ids),
                    ("state", "=", "draft"),
                    ("stage_id.requires_approval", "=", True),
                ],
                ["run_id"],
                ["__count"],
            )
        )
        by_hand = {run.id: {} for run in self}
        for run, state, channel, count in self.env["ar.dunning.letter"]._read_group(
            [("run_id", "in", self.ids)], ["run_id", "state", "channel"], ["__count"]
        ):
            counts[run.id][state] = counts[run.id].get(state, 0) + count
            if state == "queued" and channel in self.env["ar.dunning.letter"]._by_hand:
                by_hand[run.id][channel] = count
        for run in self:
            by_state = counts.get(run.id, {})
            total = sum(by_state.values())
            finished = sum(by_state.get(state, 0) for state in ("sent", "failed", "cancelled"))
            run.letter_count = total
            run.draft_count = by_state.get("draft", 0)
            run.approval_count = approvals.get(run, 0)
            run.queued_count = by_state.get("approved", 0) + by_state.get("queued", 0)
            run.task_count = sum(by_hand.get(run.id, {}).values())
            run.post_count = by_hand.get(run.id, {}).get("post", 0)
            run.sent_count = by_state.get("sent", 0)
            run.failed_count = by_state.get("failed", 0)
            run.cancelled_count = by_state.get("cancelled", 0)
            run.progress = 100.0 * finished / total if total else 100.0
            if run.draft_count:
                run.state = "review"
            elif run.queued_count:
                run.state = "sending"
            else:
                run.state = "attention" if run.failed_count else "done"

    @api.depends("letter_ids.state")
    @api.depends_context("lang")
    def _compute_stage_summary(self):
        rows = {run.id: [] for run in self}
        for run, stage, currency, count, items, amount in self.env["ar.dunning.letter"]._read_group(
            [("run_id", "in", self.ids), ("state", "!=", "cancelled")],
            ["run_id", "stage_id", "currency_id"],
            ["__count", "item_count:sum", "amount_total:sum"],
        ):
            rows[run.id].append((stage, count, items, format_amount(self.env, amount, currency)))
        for run in self:
            run.stage_summary = self.env["ir.qweb"]._render(
                "ar_credit_control.dunning_stage_summary",
                {"rows": sorted(rows.get(run.id, []), key=lambda row: row[0].day_offset)},
            )

    @api.depends("left_out_ids")
    def _compute_left_out_count(self):
        counts = dict(
            self.env["ar.dunning.left.out"]._read_group(
                [("run_id", "in", self.ids)], ["run_id"], ["partner_id:count_distinct"]
            )
        )
        for run in self:
            run.left_out_count = counts.get(run, 0)

    # Actions

    def action_approve_all(self):
        """Approve every draft letter of the run that the user may approve, and start sending.

        Letters whose stage needs another person's approval stay drafts when the user proposed them.
        """
        self.letter_ids._check_controller()
        drafts = self.letter_ids.filtered(lambda letter: letter.state == "draft")
        allowed = drafts._filter_approvable()
        if drafts and not allowed:
            raise UserError(
                self.env._("These letters need the approval of someone other than you, who proposed them.")
            )
        allowed.action_approve()
        if len(allowed) < len(drafts):
            return {
                "type": "ir.actions.client",
                "tag": "display_notification",
                "params": {
                    "type": "warning",
                    "message": self.env._(
                        "Letters that wait for the approval of someone other than you: %(count)s",
                        count=len(drafts) - len(allowed),
                    ),
                    "next": {"type": "ir.actions.client", "tag": "soft_reload"},
                },
            }
        return True

    def action_drop_all(self):
        """Drop every letter of the run that is not in the mail queue yet."""
        return self.letter_ids.filtered(lambda letter: letter.state in ("draft", "approved")).action_drop()

    def _get_letters_to_post(self):
        return self.env["ar.dunning.letter"].search(
            [("run_id", "in", self.ids), ("state", "=", "queued"), ("channel", "=", "post")],
            order="partner_name, id",
        )

    def action_print_post(self):
        """Print the letters of these proposals that go by post, as one PDF, by customer."""
        letters = self._get_letters_to_post()
        if not letters:
            raise UserError(self.env._("No letter waits to be posted: approve the letters first."))
        return letters.action_print()

    def action_mark_posted(self):
        """Open the dialog that says how the printed letters of these proposals were posted."""
        return self._get_letters_to_post().action_mark_posted()

    def action_view_letters(self):
        self.ensure_one()
        action = self.env["ir.actions.act_window"]._for_xml_id("ar_credit_control.action_dunning_letter")
        state = self.env.context.get("letter_state")
        action["domain"] = [("run_id", "=", self.id)]
        action["context"] = {f"search_default_{state}": 1} if state else {}
        return action

    def action_view_left_out(self):
        self.ensure_one()
        action = self.env["ir.actions.act_window"]._for_xml_id("ar_credit_control.action_dunning_left_out")
        action["domain"] = [("run_id", "=", self.id)]
        return action

    # Proposal

    @api.model
    def _create_proposal(self, policy, date, filters=None):
        """Create the run of a person for ``policy`` at ``date``, with draft letters for review.

        :param filters: values of the filters (``ar.dunning.filter``); None: everything that is due
        :raise AccessError: for a user who is no collector.
        """
        if not self.env.user.has_group("ar_credit_control.group_collector"):
            raise AccessError(self.env._("Only collectors propose letters."))
        policy.check_access("read")
        # Runs have no create right, so that nobody writes another proposer into them.
        run = self.sudo().create(
            {
                "policy_id": policy.id,
                "company_id": policy.company_id.id,
                "date": date,
                "user_id": self.env.uid,
                **(filters or {}),
            }
        )
        run._propose()
        return run.with_env(self.env)

    def _propose(self):
        """Write the letters that are due and what is left out, in a few statements for all customers.

        Letters that exist already, or that another process writes at the same moment, are not written
        again: unique keys of the database hold that. Returns the number of new letters.
        """
        self.ensure_one()
        self.env.flush_all()
        self.env.cr.execute(SQL("DELETE FROM ar_dunning_left_out WHERE run_id = %s", self.id))
        self._select_into_tables()
        [(count,)] = self.env.execute_query(self._proposal_sql())
        self.env.invalidate_all()
        if self.policy_id.stage_ids.filtered("claims_interest"):
            self.letter_ids.search(
                [
                    ("run_id", "=", self.id),
                    ("stage_id.claims_interest", "=", True),
                    ("state", "in", ("draft", "approved")),
                ]
            )._claim_interest()
        self._schedule_left_out_activities()
        return count

    def _select_into_tables(self):
        """Keep the selection in temporary tables of the same names until the end of the transaction.

        With their statistics PostgreSQL joins items and letters in seconds; from the bare expressions it
        expects one row of each and compares every item with every letter. Each step reads the tables of
        those before it, so that nothing is selected twice.
        """
        steps = self.env["ar.dunning.selection"]._steps_sql(
            self.policy_id, self.date, self._get_filter_partner_ids()
        )
        for name, _step in steps:
            self.env.cr.execute(SQL("DROP TABLE IF EXISTS pg_temp.%s", SQL.identifier(name)))
        for name, step in steps:
            table = SQL.identifier(name)
            self.env.cr.execute(
                SQL(
                    """CREATE TEMPORARY TABLE %(table)s ON COMMIT DROP AS
                       WITH %(step)s SELECT * FROM %(table)s""",
                    table=table,
                    step=step,
                )
            )
            columns = SQL(", ").join(map(SQL.identifier, JOINED_COLUMNS[name]))
            self.env.cr.execute(SQL("ANALYZE %s (%s)", table, columns))
        fitting = self._filter_letters_sql()
        if fitting:
            self.env.cr.execute(SQL("DELETE FROM dunning_letter WHERE (%s) IS NOT TRUE", fitting))

    def _proposal_sql(self):
        """Return the statement that writes letters, their lines and what is left out."""
        selection = self.env["ar.dunning.selection"]
        policy = self.policy_id
        return SQL(
            """
            WITH new_letter AS (
                INSERT INTO ar_dunning_letter (
                    id, name, run_id, company_id, policy_id, partner_id, partner_name, recipient_id,
                    currency_id, stage_id, occurrence, date, channel, state, user_id, item_count,
                    amount_due, amount_overdue, amount_credit, amount_total, amount_interest, amount_fees,
                    days_overdue,
                    create_uid, create_date, write_uid, write_date)
                SELECT numbered.id,
                       'DUN/' || to_char(%(date)s::date, 'YYYY') || '/' || lpad(numbered.id::text, 5, '0'),
                       %(run)s, %(company)s, %(policy)s, numbered.partner_id, partner.name,
                       numbered.recipient_id, numbered.currency_id, numbered.stage_id,
                       COALESCE(earlier.occurrence, 0) + 1,
                       %(date)s, numbered.channel,
                       CASE WHEN %(automatic)s AND stage.requires_approval IS NOT TRUE
                            THEN 'approved' ELSE 'draft' END,
                       COALESCE(numbered.contact_user_id, %(contact)s),
                       numbered.item_count, numbered.amount_due, numbered.amount_overdue,
                       numbered.amount_credit, numbered.amount_due - numbered.amount_credit, 0, 0,
                       numbered.days_overdue, %(uid)s, %(now)s, %(uid)s, %(now)s
                  FROM (SELECT nextval('ar_dunning_letter_id_seq') AS id, due.*
                          FROM (SELECT * FROM dunning_letter WHERE reason IS NULL
                                 ORDER BY partner_id, currency_id) due) numbered
                  JOIN res_partner partner ON partner.id = numbered.partner_id
                  JOIN ar_dunning_stage stage ON stage.id = numbered.stage_id
             LEFT JOIN (
                       -- Counted once, before the first is written: looked up for each, PostgreSQL reads
                       -- all that were written so far where it remembers an empty table.
                       SELECT partner_id, currency_id, MAX(occurrence) AS occurrence
                         FROM ar_dunning_letter
                        WHERE company_id = %(company)s AND policy_id = %(policy)s
                          AND partner_id IN (SELECT partner_id FROM dunning_letter WHERE reason IS NULL)
                     GROUP BY partner_id, currency_id
                       ) earlier
                    ON earlier.partner_id = numbered.partner_id
                   AND earlier.currency_id = numbered.currency_id
           ON CONFLICT DO NOTHING
             RETURNING id, partner_id, currency_id
            ),
            new_line AS (
                INSERT INTO ar_dunning_letter_line (
                    letter_id, move_line_id, move_id, stage_id, is_due, name, ref, invoice_date,
                    date_maturity, days_overdue, amount_original, amount, amount_open, interest, fee)
                SELECT new_letter.id, item.id, item.move_id, COALESCE(item.stage_id, item.last_stage_id),
                       item.stage_id IS NOT NULL, open_item.name, open_item.ref, open_item.invoice_date,
                       item.date_maturity, item.days_overdue, open_item.amount_original,
                       item.amount_currency, item.amount_open, 0, 0
                  FROM dunning_item item
                  JOIN new_letter
                    ON new_letter.partner_id = item.partner_id AND new_letter.currency_id = item.currency_id
                  JOIN dunning_open open_item ON open_item.id = item.id
                 WHERE %(listed)s
            ),
            new_left_out AS (
                INSERT INTO ar_dunning_left_out (
                    run_id, company_id, partner_id, currency_id, reason, item_count, amount, amount_cover,
                    date_maturity, days_overdue, contact_date, create_uid, create_date)
                SELECT %(run)s, %(company)s, left_out.partner_id, left_out.currency_id, left_out.reason,
                       left_out.item_count, left_out.amount, left_out.amount_cover,
                       left_out.date_maturity, left_out.days_overdue, left_out.contact_date, %(uid)s, %(now)s
                  FROM (%(left_out)s) left_out
            )
            SELECT COUNT(*) FROM new_letter
            """,
            listed=selection._line_sql(),
            left_out=selection._left_out_sql(),
            run=self.id,
            company=self.company_id.id,
            policy=policy.id,
            date=self.date,
            automatic=self.automatic,
            contact=self._get_contact().id or None,
            uid=self.env.uid,
            now=self.env.cr.now(),
        )

    def _get_contact(self):
        """Return who is named when no collector or salesperson is: nobody for the schedule alone."""
        return self.policy_id.user_id.filtered("active") or self.user_id.filtered("active")

    def _schedule_left_out_activities(self):
        """Ask someone to reconcile, or to find an address, where that is why no letter goes out.

        One open activity of a kind a customer, largest amounts first, on the credit profile of the customer.
        No more than can be worked off: the list of what is left out shows the others.
        """
        self.ensure_one()
        for reason, xmlid in LEFT_OUT_ACTIVITIES.items():
            activity_type = self.env.ref(xmlid)
            pending = self.env["mail.activity"].search(
                [("activity_type_id", "=", activity_type.id), ("res_model", "=", "ar.credit.profile")]
            )
            left_out = self.left_out_ids.search(
                [("run_id", "=", self.id), ("reason", "=", reason)], limit=LEFT_OUT_ACTIVITY_LIMIT
            )
            if not left_out or len(pending) >= LEFT_OUT_ACTIVITY_LIMIT:
                continue
            profiles = self.env["ar.credit.profile"]._get_or_create(left_out.partner_id, self.company_id)
            profiles -= profiles.browse(pending.mapped("res_id"))
            # Quick update: no mail to the assignee for each of them.
            self.env["mail.activity"].with_context(mail_activity_quick_update=True).create(
                [
                    vals
                    for profile in profiles
                    if (vals := self._prepare_left_out_activity(profile, activity_type))["user_id"]
                ]
            )

    def _prepare_left_out_activity(self, profile, activity_type):
        user = profile.collector_id.filtered("active") or self._get_contact()
        return {
            "res_model_id": self.env["ir.model"]._get_id("ar.credit.profile"),
            "res_id": profile.id,
            "activity_type_id": activity_type.id,
            "summary": activity_type.with_context(lang=user.lang).summary,
            "user_id": user.id,
            "date_deadline": self.date,
        }

    # Schedule

    @api.model
    def _cron_run_policies(self):
        """Propose and send for every active automatic policy of every company.

        May be killed anywhere and run again, also by several workers at once: the day's run of a policy is
        one row, letters have unique keys, and each letter gets its mail in the commit that queues it.
        """
        policies = (
            self.env["ar.dunning.policy"]
            .sudo()
            .search(  # the schedule serves every company
                [("active", "=", True), ("automatic", "=", True)]
            )
        )
        self.env["ar.dunning.letter"]._cron_bring_up_to_date()
        for policy in policies:
            self._cron_run_policy(policy)
        return self.env["ar.dunning.letter"]._cron_queue_approved()

    @api.model
    def _cron_run_policy(self, policy):
        """Propose the day's letters of one policy and commit; other processes' conflicts are tried again."""
        self.env["ar.schedule"]._handle_one(
            policy, self._propose_automatic, self._report_unproposed, tries=CONCURRENCY_TRIES
        )

    @api.model
    def _propose_automatic(self, policy):
        self._get_automatic_run(policy, policy._get_today())._propose()

    @api.model
    def _report_unproposed(self, policy, error):
        policy._message_log(body=self.env._("The schedule could not propose letters: %s", error))

    @api.model
    def _get_automatic_run(self, policy, date):
        """Return the schedule's run of the day, locked until the end of the transaction."""
        [(run_id,)] = self.env.execute_query(
            SQL(
                """
                INSERT INTO ar_dunning_run (
                    policy_id, company_id, date, automatic, create_uid, create_date, write_uid, write_date)
                VALUES (%(policy)s, %(company)s, %(date)s, TRUE, %(uid)s, %(now)s, %(uid)s, %(now)s)
                ON CONFLICT (policy_id, date) WHERE automatic DO UPDATE SET write_date = EXCLUDED.write_date
                RETURNING id
                """,
                policy=policy.id,
                company=policy.company_id.id,
                date=date,
                uid=self.env.uid,
                now=self.env.cr.now(),
            )
        )
        return self.sudo().browse(run_id)  # the schedule serves every company
