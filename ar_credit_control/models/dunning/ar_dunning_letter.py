from collections import defaultdict
from datetime import timedelta
from functools import partial

from markupsafe import Markup

from odoo import api, fields, models
from odoo.exceptions import AccessError, UserError
from odoo.tools import SQL, format_amount, format_date
from odoo.tools.misc import get_lang

from ..document.ar_document_queue_mixin import QUEUE_NOW
from .ar_dunning_left_out import LEFT_OUT_REASONS

# Letters waiting from which on the statistics of their tables are brought up to date first.
ANALYZE_FROM = 100
# Items listed in the mail itself; the attached letter has all of them.
MAIL_ITEMS = 15
PENDING_STATES = ("draft", "approved", "queued")
CHANNELS = [
    ("email", "E-mail"),
    ("post", "Postal Mail"),
    ("message", "Message"),
    ("call", "Call"),
    ("visit", "Visit"),
]


class ArDunningLetter(models.Model):
    """One letter to a customer in one currency, with all items it lists; evidence once it is sent.

    ``draft`` waits for review, ``approved`` for the queue, ``queued`` for the mail server (or for the person
    who posts it), then ``sent`` or ``failed``; ``cancelled`` when dropped or when nothing was due any more.

    States change only through the methods, which check rights; nobody has the right to write.
    """

    _name = "ar.dunning.letter"
    _description = "Dunning Letter"
    _inherit = [
        "ar.collector.notes.mixin",
        "ar.customer.reply.mixin",
        "mail.thread",
        "mail.activity.mixin",
        "ar.customer.link.mixin",
        "ar.document.print.mixin",
        "ar.document.queue.mixin",
    ]
    _order = "date desc, id desc"
    _queue_state = "approved"
    _queue_cron = "ar_credit_control.ir_cron_dunning_queue"

    name = fields.Char(string="Number", readonly=True, index="trigram")
    run_id = fields.Many2one("ar.dunning.run", required=True, index=True, readonly=True, ondelete="restrict")
    company_id = fields.Many2one("res.company", required=True, readonly=True)  # first of its unique keys
    policy_id = fields.Many2one("ar.dunning.policy", required=True, readonly=True, ondelete="restrict")
    stage_id = fields.Many2one(
        "ar.dunning.stage",
        required=True,
        index=True,
        readonly=True,
        ondelete="restrict",
        help="The highest stage that an item of the letter reached.",
    )
    occurrence = fields.Integer(
        required=True,
        readonly=True,
        help="Running number of the letters of a policy to the customer in the currency. The database holds "
        "each number once: that is why no letter is written twice.",
    )
    partner_id = fields.Many2one(
        "res.partner", string="Customer", required=True, index=True, readonly=True, ondelete="restrict"
    )
    partner_name = fields.Char(string="Customer Name", readonly=True)
    recipient_id = fields.Many2one(
        "res.partner",
        readonly=True,
        ondelete="restrict",
        help="By the roles of contacts: reminders go to payables, those of sales to the first contact, those "
        "of the clearing phase to the approver, the last letter to the legal representative. Without such a "
        "contact, or if it cannot be reached: to payables, the invoice address, the customer itself; the "
        "last letter to the customer itself.",
    )
    email = fields.Char(compute="_compute_email", string="E-mail")
    channel = fields.Selection(CHANNELS, required=True, readonly=True)
    user_id = fields.Many2one(
        "res.users",
        string="Our Contact",
        readonly=True,
        help="Named in the letter; gets the answers: at stages of sales the salesperson, else the collector "
        "of the customer, else the contact of the policy, else the person who proposed.",
    )
    contact_name = fields.Char(compute="_compute_contact_name")
    deadline = fields.Date(compute="_compute_deadline", help="Day by which the letter asks for payment.")
    lang = fields.Char(string="Language", compute="_compute_lang")
    date = fields.Date(required=True, readonly=True, index=True)
    currency_id = fields.Many2one("res.currency", required=True, readonly=True)
    amount_due = fields.Monetary(string="Items Total", readonly=True, help="Open amount of all items listed.")
    amount_overdue = fields.Monetary(
        string="Overdue", readonly=True, help="Open amount of the items listed that are past due."
    )
    amount_credit = fields.Monetary(
        string="Not Allocated",
        readonly=True,
        help="Receipts and credit notes of the customer that no invoice was reduced by yet.",
    )
    amount_total = fields.Monetary(
        string="To Pay",
        readonly=True,
        help="The items listed less what is not allocated yet, with interest and fixed sums where claimed.",
    )
    amount_interest = fields.Monetary(string="Late Interest", readonly=True)
    amount_fees = fields.Monetary(
        string="Fixed Sums", readonly=True, help="Lump sums for recovery that are claimed with late interest."
    )
    days_overdue = fields.Integer(string="Oldest (days)", readonly=True, aggregator="max")
    item_count = fields.Integer(string="Number of Items", readonly=True)
    line_ids = fields.One2many("ar.dunning.letter.line", "letter_id", string="Items", readonly=True)
    state = fields.Selection(
        [
            ("draft", "To review"),
            ("approved", "Approved"),
            ("queued", "Queued"),
            ("sent", "Sent"),
            ("failed", "Failed"),
            ("cancelled", "Dropped"),
        ],
        string="Status",
        required=True,
        readonly=True,
        index=True,
    )
    requires_approval = fields.Boolean(related="stage_id.requires_approval")
    playbook = fields.Html(related="stage_id.playbook")
    phase = fields.Selection(related="stage_id.phase")
    approved_by_id = fields.Many2one("res.users", readonly=True)
    approved_date = fields.Datetime(readonly=True)
    queued_date = fields.Datetime(readonly=True)
    cancel_reason = fields.Selection(
        [("dropped", "Dropped by a person"), ("settled", "Nothing due any more"), *LEFT_OUT_REASONS],
        string="Why Dropped",
        readonly=True,
    )
    items_table = fields.Html(compute="_compute_items_table", sanitize=False)
    mail_subject = fields.Char(compute="_compute_preview", string="Subject")
    mail_body = fields.Html(compute="_compute_preview", string="Text", sanitize=False)
    pdf_preview = fields.Html(compute="_compute_preview", string="Letter", sanitize=False)
    can_approve = fields.Boolean(compute="_compute_can_approve")

    _occurrence_uniq = models.Constraint(
        "UNIQUE (company_id, partner_id, currency_id, policy_id, occurrence)",
        "This letter was written already.",
    )
    _pending_uniq = models.UniqueIndex(
        "(company_id, partner_id, currency_id) WHERE state IN ('draft', 'approved')",
        "Another letter to this customer in this currency is waiting.",
    )
    _contact_idx = models.Index("(company_id, date) WHERE state = 'sent' OR cancel_reason = 'dropped'")

    # Computes

    @api.depends("name", "partner_name")
    def _compute_display_name(self):
        for letter in self:
            letter.display_name = f"{letter.name} {letter.partner_name}"

    @api.depends("recipient_id.email")
    def _compute_email(self):
        for letter in self:
            letter.email = letter.recipient_id.email

    @api.depends("user_id", "company_id")
    def _compute_contact_name(self):
        for letter in self:
            # The name of a colleague in another company is no secret in a letter that carries it.
            letter.contact_name = letter.user_id.sudo().name or letter.company_id.name

    @api.depends("date", "stage_id.reply_days")
    def _compute_deadline(self):
        for letter in self:
            letter.deadline = letter.date + timedelta(days=letter.stage_id.reply_days)

    @api.depends("recipient_id.lang", "partner_id.lang")
    def _compute_lang(self):
        for letter in self:
            code = letter.recipient_id.lang or letter.partner_id.lang or letter.company_id.partner_id.lang
            letter.lang = get_lang(self.env, code).code

    @api.depends("state", "run_id.user_id", "stage_id.requires_approval")
    @api.depends_context("uid")
    def _compute_can_approve(self):
        is_controller = self.env.user.has_group("ar_credit_control.group_credit_controller")
        for letter in self:
            letter.can_approve = (
                is_controller and letter.state == "draft" and bool(letter._filter_approvable())
            )

    @api.depends("state", "line_ids", "stage_id", "personal_text", "recipient_id")
    def _compute_preview(self):
        for letter in self:
            if letter.mail_id:
                # The mail belongs to a letter that the user may read.
                mail = letter.mail_id.sudo()
                letter.mail_subject, letter.mail_body = mail.subject, mail.body_html
            else:
                letter.mail_subject, letter.mail_body = letter._render_mail()
            letter.pdf_preview = letter._render_html()

    @api.depends(
        "line_ids.amount",
        "amount_interest",
        "amount_fees",
        "amount_credit",
        "personal_text",
        "stage_id.payment_link",
    )
    @api.depends_context("lang")
    def _compute_items_table(self):
        for letter in self:
            letter.items_table = self.env["ir.qweb"]._render(
                "ar_credit_control.dunning_mail_parts",
                {
                    "letter": letter,
                    "lines": letter.line_ids[:MAIL_ITEMS],
                    "more": max(len(letter.line_ids) - MAIL_ITEMS, 0),
                    "more_amount": sum(letter.line_ids[MAIL_ITEMS:].mapped("amount")),
                    "personal": self._split_paragraphs(letter.personal_text),
                    "format_amount": partial(format_amount, self.env, currency=letter.currency_id),
                    "format_long": partial(format_date, self.env, date_format="long"),
                },
            )

    def _mail_get_partner_fields(self, introspect_fields=False):
        return ["recipient_id"]

    # Actions

    def action_approve(self):
        """Approve draft letters; they are sent in the background.

        :raise AccessError: for a user who is no credit controller, or who proposed a letter whose stage needs
            another person.
        """
        self._check_controller()
        drafts = self.filtered(lambda letter: letter.state == "draft")
        if drafts - drafts._filter_approvable():
            raise AccessError(
                self.env._("This stage needs the approval of someone other than the person who proposed it.")
            )
        # Nobody has the right to write letters; the rights were checked above.
        drafts.sudo().write(
            {
                "state": "approved",
                "approved_by_id": self.env.uid,
                "approved_date": fields.Datetime.now(),
            }
        )
        self._trigger_queue()
        return True

    def action_send(self):
        """Approve the letters if needed and give them to the mail queue; many at once in the background."""
        self.action_approve()
        if len(self) <= QUEUE_NOW:
            # Nobody has the right to write letters; the rights were checked by the approval.
            self.filtered(lambda letter: letter.state == "approved").sudo()._queue()
        return True

    def action_drop(self):
        """Drop letters that were not sent; the customer gets none during the days between contacts.

        :raise AccessError: for a user who is no collector.
        """
        self._check_collector()
        if self.filtered(lambda letter: letter.state not in ("draft", "approved", "failed")):
            raise UserError(self.env._("Only letters that were not sent yet can be dropped."))
        # Nobody has the right to write letters; the rights were checked above.
        letters = self.sudo()
        letters.write({"state": "cancelled", "cancel_reason": "dropped", "date": self._today()})
        note = self.env._("Dropped by %s.", self.env.user.name)
        letters._message_log_batch({letter.id: note for letter in letters})
        letters.activity_ids.unlink()
        return True

    def action_retry(self):
        """Try failed letters again: the same mail if there is one, so that it cannot arrive twice as two."""
        self._check_controller()
        failed = self.sudo().filtered(lambda letter: letter.state == "failed")  # rights were checked above
        for letter in failed:
            if self.search_count(
                [
                    ("company_id", "=", letter.company_id.id),
                    ("partner_id", "=", letter.partner_id.id),
                    ("currency_id", "=", letter.currency_id.id),
                    ("state", "in", PENDING_STATES),
                ],
                limit=1,
            ):
                raise UserError(
                    self.env._("A newer letter to %s is waiting; drop one of them.", letter.partner_name)
                )
        failed.activity_ids.unlink()
        mailed = failed.filtered(lambda letter: letter.mail_id and letter.mail_id.state != "sent")
        mailed.mail_id.mark_outgoing()
        (failed - mailed).write({"state": "approved", "failure_reason": False, "mail_id": False})
        self._trigger_queue()
        return True

    def action_open_items(self):
        """Show everything the customer owes, as of today."""
        self.ensure_one()
        return {
            "type": "ir.actions.act_window",
            "name": self.env._("Open Items of %s", self.partner_name),
            "res_model": "ar.aging.report",
            "view_mode": "list",
            "domain": [("partner_id", "=", self.partner_id.commercial_partner_id.id)],
        }

    # Rights

    def _check_controller(self):
        self.check_access("read")
        if not self.env.user.has_group("ar_credit_control.group_credit_controller"):
            raise AccessError(self.env._("Only credit controllers send letters."))

    def _check_collector(self):
        self.check_access("read")
        if not self.env.user.has_group("ar_credit_control.group_collector"):
            raise AccessError(self.env._("Only collectors review letters."))

    def _filter_approvable(self):
        """Return the letters the user may approve: not what needs another person than the proposer."""
        return self.filtered(
            lambda letter: not letter.stage_id.requires_approval or letter.run_id.user_id.id != self.env.uid
        )

    # Rendering

    def _render_mail(self):
        """Return subject and body of the mail in the recipient's language."""
        self.ensure_one()
        # The text is the company's, whatever the reader may see of partners and users in it.
        letter = self.sudo()
        values = letter.stage_id.template_id._generate_template(letter.ids, ("subject", "body_html"))
        return values[letter.id]["subject"], values[letter.id]["body_html"]

    # Queue

    @api.model
    def _cron_queue_approved(self):
        """Give every approved letter to the mail queue; return the number of letters dealt with."""
        return self._cron_queue()

    @api.model
    def _prepare_queue(self, count):
        if count >= ANALYZE_FROM:
            # PostgreSQL takes tables that a proposal filled a moment ago for empty, and compares each letter
            # with each: minutes for a batch, until its own schedule has looked at them.
            self.env.cr.execute("ANALYZE ar_dunning_letter, ar_dunning_letter_line")

    def _queue_locked(self):
        """Check approved letters again and give those still due to the mail queue.

        What was paid, blocked or covered meanwhile is taken off; a letter with nothing left is cancelled,
        with the reason. What was approved by a rule that is no rule any more waits for a person.
        """
        approved = self - self._send_back()
        due = self.browse().union(
            *(
                batch._recheck(policy)
                for policy, batch in approved.grouped(lambda each: each.policy_id).items()
            )
        )
        due.write(
            {
                "state": "queued",
                "queued_date": fields.Datetime.now(),
                "printed_on": False,
                "failure_reason": False,
            }
        )
        due._claim_interest()
        due._enclose()
        due.filtered(lambda letter: letter.channel not in ("call", "visit"))._keep_documents()
        mailed = due.filtered(lambda letter: letter.channel == "email")
        for template, batch in mailed.grouped(lambda letter: letter.stage_id.template_id).items():
            batch._create_mails(template)
        due._schedule_tasks()
        due._log_on_customers()

    def _send_back(self):
        """Return the letters that a person has to approve, since the policy was changed after the proposal.

        The schedule approved them, and its policy is switched off or sends nothing by itself any more; or
        their stage needs approval now, and nobody but who wrote them has given it.
        """
        back = self.browse()
        for letter in self:
            approver, policy = letter.approved_by_id, letter.policy_id
            is_off = not approver and not (policy.active and policy.automatic)
            asked = letter.run_id.user_id | letter.edited_by_ids
            if is_off or letter.stage_id.requires_approval and approver <= asked:
                back += letter
        back.write({"state": "draft", "approved_by_id": False, "approved_date": False})
        body = self.env._("Not sent: the policy was changed, to be approved again.")
        back._message_log_batch({letter.id: body for letter in back})
        return back

    def _recheck(self, policy):
        """Bring letters of one policy up to what is open now, cancel the settled, return the rest."""
        today = policy._get_today()
        due = self.browse()
        for letter, (row, items, reason) in self._get_open_claims(policy, today).items():
            if reason:
                letter._cancel_unsent(reason)
                continue
            letter._update_lines(items)
            letter.write(letter._prepare_recheck_values(row, today))
            due += letter
        return due

    def _get_open_claims(self, policy, today):
        """Return what letters of one policy would claim now: ``{letter: (row, rows of its items, reason)}``.

        Rows are those of ``dunning_letter`` and ``dunning_item`` of the selection, for what the letters list;
        the reason says why nothing is claimed.
        """
        self.env.flush_all()
        selection = self.env["ar.dunning.selection"]
        common = selection._with_sql(policy, today, self.partner_id.commercial_partner_id.ids, self.ids)
        fresh = {
            (row["partner_id"], row["currency_id"]): row
            for row in self.env.execute_query_dict(SQL("WITH %s SELECT * FROM dunning_letter", common))
        }
        items = defaultdict(list)
        reasons = {}
        for item in self.env.execute_query_dict(
            SQL(
                "WITH %s SELECT item.* FROM dunning_item item WHERE %s ORDER BY item.amount DESC, item.id",
                common,
                selection._listed_in_sql(self.ids),
            )
        ):
            key = (item["partner_id"], item["currency_id"])
            if not item["reason"]:
                items[key].append(item)
            elif item["stage_id"]:
                reasons.setdefault(key, item["reason"])
        claims = {}
        for letter in self:
            key = (letter.partner_id.commercial_partner_id.id, letter.currency_id.id)
            row = fresh.get(key)
            reason = row["reason"] if row else reasons.get(key, "settled")
            claims[letter] = row, items[key], reason
        return claims

    def _prepare_recheck_values(self, row, today):
        values = {
            "date": today,
            "stage_id": row["stage_id"],
            "item_count": row["item_count"],
            "amount_due": row["amount_due"],
            "amount_overdue": row["amount_overdue"],
            "amount_credit": row["amount_credit"],
            "amount_interest": 0.0,
            "amount_fees": 0.0,
            "amount_total": row["amount_due"] - row["amount_credit"],
            "days_overdue": row["days_overdue"],
            "user_id": row["contact_user_id"] or self.run_id._get_contact().id,
        }
        if not self.own_recipient:
            values["recipient_id"] = row["recipient_id"]
        if not self.own_channel:
            values["channel"] = row["channel"]
        return values

    def _update_lines(self, items):
        """Take off lines that are no longer claimed and set the others to what is open, with a note."""
        by_line = {item["id"]: item for item in items}
        by_instalment = {(item["move_id"], item["date_maturity"]): item for item in items}
        gone = self.line_ids.browse()
        changed = self.line_ids.browse()
        for line in self.line_ids:
            item = by_line.get(line.move_line_id.id) or (
                not line.move_line_id and by_instalment.get((line.move_id.id, line.date_maturity))
            )
            if not item:
                gone += line
                continue
            if line.currency_id.compare_amounts(line.amount, item["amount_currency"]):
                changed += line
            line.write(
                {
                    "move_line_id": item["id"],
                    "amount": item["amount_currency"],
                    "amount_open": item["amount_open"],
                    "days_overdue": item["days_overdue"],
                }
            )
        if gone or changed:
            self._log_changes(gone, changed)
        gone.unlink()

    def _log_changes(self, gone, changed):
        notes = [self.env._("%s was taken off: nothing to claim any more.", line.name) for line in gone]
        notes += [
            self.env._(
                "%(number)s is now %(amount)s.",
                number=line.name,
                amount=format_amount(self.env, line.amount, line.currency_id),
            )
            for line in changed
        ]
        self._message_log(body=self._join_notes(notes))

    @staticmethod
    def _join_notes(notes):
        return Markup("<br/>").join(notes)

    def _cancel_unsent(self, reason):
        self.write({"state": "cancelled", "cancel_reason": reason})
        reasons = dict(self._fields["cancel_reason"]._description_selection(self.env))
        body = self.env._("Not sent: %s.", reasons[reason])
        self._message_log_batch({letter.id: body for letter in self})

    def _get_message_id(self):
        """Return the Message-ID of the letter's mail, always the same: a repeated mail shows as one."""
        database = (
            self.env["ir.config_parameter"].sudo().get_param("database.uuid")
        )  # no other way to read it
        return f"<ar-dunning-{self.id}-{self.occurrence}@{database}>"

    def _prepare_mail_values(self, rendered):
        return super()._prepare_mail_values(rendered) | {"message_id": self._get_message_id()}

    def _get_mail_attachments(self):
        return super()._get_mail_attachments() | self.enclosure_ids

    def _log_on_customers(self):
        """Note each letter in the chatter of its customer, in one batch."""
        bodies = {}
        for letter in self:
            note = self.env._(
                "%(stage)s: letter %(letter)s over %(amount)s to %(recipient)s.",
                stage=letter.stage_id.name,
                letter=letter._get_html_link(title=letter.name),
                amount=format_amount(self.env, letter.amount_total, letter.currency_id),
                recipient=letter.email if letter.channel == "email" else letter.recipient_id.display_name,
            )
            bodies.setdefault(letter.partner_id.id, []).append(note)
        self.partner_id._message_log_batch(
            {partner_id: Markup("<br/>").join(notes) for partner_id, notes in bodies.items()}
        )

    # Outcome

    def _mark_queued(self):
        self.write({"state": "queued", "failure_reason": False})

    def _mark_failed(self, reason):
        """Note why a letter did not reach the customer and ask a person to take over."""
        result = super()._mark_failed(reason)
        for letter in self:
            letter._schedule_activity(
                lambda env: env._("Letter not delivered: mend the address or post it"), reason
            )
        return result

    def _message_receive_bounce(self, email, partner):
        result = super()._message_receive_bounce(email, partner)
        bounced = self.filtered(
            lambda letter: letter.state in ("sent", "queued") and letter.channel == "email"
        )
        for lang, letters in bounced.grouped(lambda letter: letter.user_id.lang or self.env.lang).items():
            # In the language of who reads it: the schedule that fetches mail has none.
            letters = letters.with_context(lang=lang)
            reason = letters.env._("The mail to %s bounced.", email)
            letters._switch_to_post(reason)._mark_failed(reason)
        return result

    @api.model
    def _merge_partners(self, partners, destination):
        """Prepare the letters of partners that are merged into another one.

        Letters that were not sent are cancelled: the next proposal writes one for both. The others are
        numbered on after those of the destination.
        """
        letters = self.sudo().search([("partner_id", "in", partners.ids)])  # evidence of every company
        letters.filtered(lambda letter: letter.state in ("draft", "approved"))._cancel_unsent("waiting")
        self.env.flush_all()
        self.env.cr.execute(
            SQL(
                """
                UPDATE ar_dunning_letter letter
                   SET occurrence = numbered.occurrence
                  FROM (SELECT moved.id,
                               ROW_NUMBER() OVER (
                                   PARTITION BY moved.company_id, moved.currency_id, moved.policy_id
                                   ORDER BY moved.date, moved.id)
                               + (SELECT COALESCE(MAX(other.occurrence), 0)
                                    FROM ar_dunning_letter other
                                   WHERE other.company_id = moved.company_id
                                     AND other.currency_id = moved.currency_id
                                     AND other.policy_id = moved.policy_id
                                     AND other.partner_id IN %(all)s) AS occurrence
                          FROM ar_dunning_letter moved
                         WHERE moved.partner_id IN %(moved)s) numbered
                 WHERE numbered.id = letter.id
                """,
                all=(*partners.ids, destination.id),
                moved=tuple(partners.ids),
            )
        )
        self.env.invalidate_all()

    def _get_responsible_users(self):
        return self.user_id | self.policy_id.user_id | self.approved_by_id | self.run_id.user_id

    def _today(self):
        return self.policy_id[:1]._get_today() if self.policy_id else fields.Date.context_today(self)

    @api.ondelete(at_uninstall=False)
    def _unlink_never(self):
        raise UserError(self.env._("Letters are evidence and cannot be deleted; drop them instead."))
