from collections import defaultdict

from markupsafe import Markup

from odoo import api, fields, models
from odoo.exceptions import AccessError
from odoo.tools import SQL, format_amount, format_date, format_list, str2bool

from odoo.addons.base.models.ir_actions_report import _wkhtml
from odoo.addons.payment import utils as payment_utils

# Bytes of invoices that go with a mail; mail servers refuse more than about twice that.
ENCLOSED_BYTES = 10_000_000
# Items that a message to copy names one by one.
MESSAGE_ITEMS = 5
# Channels where a person does something and says so.
BY_HAND = ("post", "message", "call", "visit")
TASKS = {
    "post": "ar_credit_control.mail_activity_dunning_post",
    "message": "ar_credit_control.mail_activity_dunning_message",
    "call": "ar_credit_control.mail_activity_dunning_call",
    "visit": "ar_credit_control.mail_activity_dunning_visit",
}


class ArDunningLetter(models.Model):
    """Besides the mail itself: tasks of people, enclosures, the link to pay, answers."""

    _inherit = "ar.dunning.letter"
    _by_hand = BY_HAND

    enclosure_ids = fields.Many2many(
        "ir.attachment",
        string="Enclosures",
        readonly=True,
        help="What goes with the letter: invoices, statement.",
    )
    task_user_id = fields.Many2one(
        "res.users",
        string="Done By",
        readonly=True,
        help="Who posts, calls, visits or sends the message, and says when it is done.",
    )
    bounced = fields.Boolean(
        readonly=True, help="The mail came back or had no valid address; another channel took over."
    )
    payment_url = fields.Char(compute="_compute_payment_url", string="Link to Pay")
    message_text = fields.Text(compute="_compute_message_text", help="Short text to copy into a messenger.")
    can_mark_contacted = fields.Boolean(compute="_compute_can_mark_contacted")

    # Link to pay

    @api.depends("stage_id.payment_link", "company_id", "currency_id", "partner_id")
    def _compute_payment_url(self):
        self.payment_url = False
        wanted = self.filtered(lambda letter: letter.stage_id.payment_link and letter.id)
        # Whether customers can pay online is no secret; links are made by the company.
        parameters = self.env["ir.config_parameter"].sudo()
        if not wanted or not str2bool(parameters.get_param("account_payment.enable_portal_payment"), False):
            return
        for company, letters in wanted.grouped("company_id").items():
            if company._dunning_takes_online_payments():
                base_url = letters[0].get_base_url()
                for letter in letters:
                    letter.payment_url = f"{base_url}/dunning/pay/{letter.id}/{letter._get_payment_token()}"

    def _get_payment_token(self):
        """Return what proves that the visitor holds the letter; it opens its payment and no more.

        The link outlives a merge of the customer with another.
        """
        self.ensure_one()
        return payment_utils.generate_access_token("dunning", self.id, env=self.env)

    def _get_amount_to_pay(self):
        """Return what is still to pay of the letter now, in its currency: never more than it asked for.

        What was paid online a moment ago and is not in the books yet is off it.
        """
        self.ensure_one()
        residual = sum(self._get_open_lines().mapped("amount_residual_currency"))
        amount = min(self.amount_due - self.amount_credit, residual - self._get_amount_on_its_way())
        return max(self.currency_id.round(amount), 0.0)

    def _get_amount_on_its_way(self):
        """Return what providers confirmed for the open invoices of the letter and is not booked yet."""
        payments = self._get_open_moves().transaction_ids.filtered(
            lambda payment: (
                payment.state in ("authorized", "done")
                and not payment.payment_id
                and payment.currency_id == self.currency_id
            )
        )
        return sum(payments.mapped("amount"))

    def _note_online_payments(self, payments):
        """Note what the customer paid by the link, on the letter and the open case."""
        self.ensure_one()
        case = self.env["ar.collection.case"].search(
            [
                ("partner_id", "=", self.partner_id.id),
                ("company_id", "=", self.company_id.id),
                ("state", "!=", "closed"),
            ]
        )
        for payment in payments:
            values = {
                "amount": payment.currency_id.format(payment.amount),
                "provider": payment.provider_id.name,
                "letter": self._get_html_link(title=self.name),
                "reference": payment.reference,
            }
            self._message_log(
                body=self.env._("Paid online by the link: %(amount)s, %(provider)s %(reference)s.", **values)
            )
            case._log(
                "payment",
                self.env._(
                    "Paid online by the link of %(letter)s: %(amount)s, %(provider)s %(reference)s.", **values
                ),
            )

    def _get_open_lines(self):
        return self.line_ids.move_line_id.filtered(
            lambda line: line.parent_state == "posted" and line.amount_residual_currency > 0
        )

    def _get_open_moves(self):
        """Return the invoices of the letter that a payment may settle, as Odoo matches it with them."""
        return self._get_open_lines().move_id.filtered(lambda move: move.is_sale_document())

    def _describe_interest_apart(self):
        """Say that the link does not take late interest which no debit note holds yet; empty without any."""
        self.ensure_one()
        amount = self._get_interest_apart()
        if self.currency_id.compare_amounts(amount, 0.0) <= 0:
            return ""
        amount = format_amount(self.env, amount, self.currency_id)
        if self.amount_fees:
            return self.env._("Late interest and fixed sums of %s will be invoiced separately.", amount)
        return self.env._("Late interest of %s will be invoiced separately.", amount)

    def _get_interest_apart(self):
        """Return what the letter claims of late interest and fixed sums and is not posted or waived since."""
        return self.amount_interest + self.amount_fees

    # Message

    @api.depends(
        "stage_id",
        "amount_total",
        "amount_interest",
        "amount_fees",
        "amount_credit",
        "line_ids.amount",
        "personal_text",
        "date",
    )
    def _compute_message_text(self):
        for letter in self:
            # The text is the company's, whatever the reader may see of stages and partners in it.
            letter.message_text = letter.sudo().with_context(lang=letter.lang)._prepare_message_text()

    def _prepare_message_text(self):
        """Return the letter as a short plain text, in the language of the environment."""
        stage = self.stage_id
        parts = [
            self.partner_name,
            stage._render_letter_text(stage.letter_text, self),
            self.personal_text,
            "\n".join(
                f"{text}  {format_amount(self.env, amount, self.currency_id)}"
                for text, amount in self._prepare_message_rows()
            ),
            self.env._(
                "Please pay %(amount)s by %(deadline)s.",
                amount=format_amount(self.env, self.amount_total, self.currency_id),
                deadline=format_date(self.env, self.deadline, date_format="long"),
            ),
            self.payment_url and "\n".join(filter(None, (self.payment_url, self._describe_interest_apart()))),
            f"{self.contact_name}, {self.company_id.name}"
            if self.contact_name != self.company_id.name
            else self.contact_name,
        ]
        return "\n\n".join(part for part in parts if part)

    def _prepare_message_rows(self):
        """Return pairs of text and amount; the amounts come to what the letter asks for."""
        shown, hidden = self.line_ids[:MESSAGE_ITEMS], self.line_ids[MESSAGE_ITEMS:]
        rows = [(f"{line.name}  {format_date(self.env, line.date_maturity)}", line.amount) for line in shown]
        if hidden:
            rows.append((self.env._("and %s more", len(hidden)), sum(hidden.mapped("amount"))))
        if self.amount_interest:
            day = format_date(self.env, self.date, date_format="long")
            rows.append((f"{self.env._('Late interest until')} {day}", self.amount_interest))
        if self.amount_fees:
            rows.append((self.env._("Fixed sums for the costs of recovery"), self.amount_fees))
        if self.amount_credit:
            rows.append((self.env._("Payments and credit notes not yet allocated"), -self.amount_credit))
        return rows

    # Enclosures

    def _enclose(self):
        """Attach to the letters what their stages want to go with them."""
        self._enclose_invoices()

    def _enclose_invoices(self):
        """Attach the invoices of letters whose stage wants them: the PDF that was sent, else a fresh one."""
        letters = self.filtered(
            lambda letter: letter.stage_id.attach_invoices and letter.channel in ("email", "post")
        )
        invoices = letters.line_ids.move_id.filtered(lambda move: move.is_sale_document())
        if not invoices:
            return
        documents = self._get_invoice_documents(invoices)
        for letter in letters:
            enclosed, size, left = self.env["ir.attachment"], 0, []
            for invoice in letter.line_ids.move_id:
                document = documents.get(invoice)
                if document and size + document.file_size <= ENCLOSED_BYTES:
                    enclosed += document
                    size += document.file_size
                elif document:
                    left.append(invoice.name)
            letter.enclosure_ids = [fields.Command.link(document.id) for document in enclosed]
            if left:
                letter._message_log(
                    body=self.env._("Too large to go with the letter: %s.", format_list(self.env, left))
                )

    @api.model
    def _get_invoice_documents(self, invoices):
        """Return the PDF of each invoice: Odoo's own stored one, else one that is printed now."""
        stored = self.env["ir.attachment"].search(
            [
                ("res_model", "=", "account.move"),
                ("res_id", "in", invoices.ids),
                ("res_field", "=", "invoice_pdf_report_file"),
            ]
        )
        documents = {invoices.browse(attachment.res_id): attachment for attachment in stored}
        missing = invoices.filtered(lambda invoice: invoice not in documents)
        by_report = defaultdict(invoices.browse)
        for invoice in missing:
            by_report[self.env["account.move.send"]._get_default_pdf_report_id(invoice)] += invoice
        # Without the patched Qt one process prints one invoice: Odoo's own reports are pages of their own.
        size = 20 if _wkhtml().is_patched_qt else 1
        for report, group in by_report.items():
            for start in range(0, len(group), size):
                documents |= self._print_invoices(report, group[start : start + size])
        return documents

    @api.model
    def _print_invoices(self, report, invoices):
        """Print invoices that have no PDF yet, as their copies; nothing is stored as the legal document."""
        streams = self.env["ir.actions.report"]._render_qweb_pdf_prepare_streams(
            report.report_name, {}, res_ids=invoices.ids
        )
        attachments = self.env["ir.attachment"].create(
            [
                {
                    "name": invoice._get_invoice_report_filename(report=report),
                    "raw": streams[invoice.id]["stream"].getvalue(),
                    "mimetype": "application/pdf",
                    "res_model": "account.move",
                    "res_id": invoice.id,
                }
                for invoice in invoices
                if invoice.id in streams
            ]
        )
        return {invoices.browse(attachment.res_id): attachment for attachment in attachments}

    # Tasks

    def _get_task_users(self):
        """Return who does what the stage asks for by hand, by letter: the owner of the stage if it may read.

        Else the collector, the contact of the policy, who approved or proposed. Whoever is on leave leaves
        it to the colleague who stands in.
        """
        users = {}
        wanted = {}
        collectors = self._get_collectors()
        stand_ins = self.env["ar.collection.absence"]._get_stand_ins(self._today()) if self else {}
        for letter in self:
            owner = letter._get_stage_owner(collectors[letter])
            owner = stand_ins.get(owner, owner)
            wanted.setdefault(owner, self.browse())
            wanted[owner] += letter
        for owner, letters in wanted.items():
            # What the owner may read, in whatever companies the present user has switched on.
            seen = letters.with_user(owner).with_context(allowed_company_ids=[])
            readable = seen._filtered_access("read") if owner.active else letters.browse()
            for letter in letters:
                users[letter] = (
                    owner if letter in readable else letter._get_own_user(collectors[letter], owner)
                )
        return users

    def _get_stage_owner(self, collector):
        """Return who deals with the letter by the owner of its stage; empty if nobody does.

        :param collector: of the customer, as :meth:`_get_collectors` found it
        """
        return {
            "sales": self.partner_id.user_id,
            "finance": self.policy_id.user_id,
            "credit": self.user_id,
        }[self.stage_id.owner]

    def _get_own_user(self, collector, absent):
        """Return who deals with the letter when the owner of its stage (``absent``) cannot."""
        candidates = collector | self._get_responsible_users()
        return (candidates - absent).filtered("active")[:1]

    def _get_collectors(self):
        """Return the collector of the customer by letter, empty where there is none any more."""
        profiles = self.env["ar.credit.profile"].search(
            [
                ("partner_id", "in", self.partner_id.commercial_partner_id.ids),
                ("company_id", "in", self.company_id.ids),
            ]
        )
        collectors = {
            (profile.partner_id, profile.company_id): profile.collector_id.filtered("active")
            for profile in profiles
        }
        nobody = self.env["res.users"]
        return {
            letter: collectors.get((letter.partner_id.commercial_partner_id, letter.company_id), nobody)
            for letter in self
        }

    def _schedule_tasks(self):
        """Create the task of letters that a person posts, sends as a message, or delivers by call or visit.

        A letter that goes by mail or post has the call or visit of its stage besides.
        """
        letters = self.filtered(lambda letter: letter.channel in BY_HAND or letter.stage_id.task)
        users = letters._get_task_users()
        for letter in letters:
            kinds = [letter.channel] if letter.channel in BY_HAND else []
            if letter.stage_id.task and letter.stage_id.task not in kinds:
                kinds.append(letter.stage_id.task)
            if letter.channel in BY_HAND:
                letter.task_user_id = users[letter]
            for kind in kinds:
                letter._schedule_task(kind, users[letter])

    def _schedule_task(self, kind, user):
        activity_type = self.env.ref(TASKS[kind])
        if not user or self.activity_ids.filtered(
            lambda activity: activity.activity_type_id == activity_type
        ):
            return
        letter = self.with_context(mail_activity_quick_update=True, lang=user.lang)
        letter.activity_schedule(
            TASKS[kind],
            note=letter._prepare_task_note(kind),
            user_id=user.id,
            date_deadline=self._today(),
        )

    def _prepare_task_note(self, kind):
        if kind == "message":
            return Markup("<p>%s</p>") % Markup("<br/>").join(self.message_text.splitlines())
        return self.stage_id.playbook if kind in ("call", "visit") else False

    @api.depends("state", "channel", "task_user_id")
    @api.depends_context("uid")
    def _compute_can_mark_contacted(self):
        is_collector = self.env.user.has_group("ar_credit_control.group_collector")
        for letter in self:
            letter.can_mark_contacted = (
                letter.state == "queued"
                and letter.channel in BY_HAND
                and (is_collector or letter.task_user_id == self.env.user)
            )

    def action_mark_contacted(self):
        """Say that the customer was called, visited or sent the text or the printed letter.

        :raise AccessError: for a user who is neither collector nor the one who has the task.
        """
        self._check_may_deliver()
        # Nobody has the right to write letters; the rights were checked above.
        self.sudo()._mark_contacted()
        return True

    def _check_may_deliver(self):
        """Refuse who neither is a collector nor has the tasks of all of these letters."""
        self.check_access("read")
        if not self.env.user.has_group("ar_credit_control.group_collector") and any(
            letter.task_user_id != self.env.user for letter in self
        ):
            raise AccessError(self.env._("Only collectors, and who has the task, say that it is done."))

    def _mark_contacted(self, activity=None):
        """Note that a letter which a person delivers has reached the customer: it counts as sent.

        :param activity: the logged contact (``ar.collection.activity``), if there is one
        """
        letters = self.filtered(lambda letter: letter.state == "queued" and letter.channel in BY_HAND)
        tasks = letters.activity_ids.filtered(lambda task: task.activity_type_id in self._get_task_types())
        letters._mark_sent()
        tasks.unlink()
        body = self.env._("Done by %s.", self.env.user.name)
        letters._message_log_batch({letter.id: body for letter in letters})
        return letters

    @api.model
    def _get_task_types(self):
        return self.env["mail.activity.type"].browse(self.env.ref(xmlid).id for xmlid in TASKS.values())

    # Addresses that do not work

    def _switch_to_post(self, reason):
        """Post letters whose mail did not arrive, where there is an address; return those without one."""
        moved = self.filtered(
            lambda letter: (
                letter.state in ("sent", "queued", "failed")
                and letter.channel == "email"
                and letter._has_address(letter.recipient_id)
            )
        )
        for letter in moved:
            letter.write(
                {
                    "channel": "post",
                    "state": "queued",
                    "bounced": True,
                    "sent_date": False,
                    "failure_reason": False,
                }
            )
            letter._message_log(body=self.env._("%s To be printed and posted.", reason))
        moved._schedule_tasks()
        return self - moved

    # Answers

    def _get_reply_title(self, author):
        return self.env._(
            "%(author)s answered letter %(letter)s:",
            author=author,
            letter=self._get_html_link(title=self.name),
        )

    # Interest

    def _get_interest(self):
        """Return late interest and fixed sum to claim, in the currency of the letter, by letter line.

        The interest room fills it for letters whose stage claims interest.

        :return: ``{ar.dunning.letter.line: (interest, fee)}``
        """
        return {}

    def _claim_interest(self):
        """Write what :meth:`_get_interest` finds into lines and totals, for any number of letters."""
        letters = self.filtered(lambda letter: letter.stage_id.claims_interest)
        claims = {line: amounts for line, amounts in letters._get_interest().items() if any(amounts)}
        stale = letters.line_ids.filtered(lambda line: (line.interest or line.fee) and line not in claims)
        claims |= dict.fromkeys(stale, (0.0, 0.0))
        if not claims:
            return
        self.env.flush_all()
        self.env.cr.execute(
            SQL(
                """
                WITH claim AS (
                    SELECT UNNEST(%(lines)s::int[]) AS line_id, UNNEST(%(interest)s::numeric[]) AS interest,
                           UNNEST(%(fees)s::numeric[]) AS fee
                ),
                line AS (
                    UPDATE ar_dunning_letter_line line
                       SET interest = claim.interest, fee = claim.fee
                      FROM claim
                     WHERE line.id = claim.line_id
                 RETURNING line.letter_id, claim.interest, claim.fee
                ),
                total AS (
                    SELECT letter_id, SUM(interest) AS interest, SUM(fee) AS fee FROM line GROUP BY letter_id
                )
                UPDATE ar_dunning_letter letter
                   SET amount_interest = total.interest,
                       amount_fees = total.fee,
                       amount_total = letter.amount_due - letter.amount_credit + total.interest + total.fee
                  FROM total
                 WHERE letter.id = total.letter_id
                """,
                lines=[line.id for line in claims],
                interest=[interest for interest, _fee in claims.values()],
                fees=[fee for _interest, fee in claims.values()],
            )
        )
        self.env.invalidate_all()
