from markupsafe import Markup

from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.tools import SQL

from odoo.addons.sms.tools.sms_tools import sms_content_to_rendered_html

# What is wrong with the number, not with the gateway: another attempt would only repeat it.
NUMBER_FAILURES = (
    "sms_number_missing",
    "sms_number_format",
    "sms_country_not_supported",
    "sms_blacklist",
    "sms_optout",
    "sms_expired",
    "sms_invalid_destination",
    "sms_not_allowed",
    "sms_not_delivered",
    "sms_rejected",
)


class ArDunningLetter(models.Model):
    """A letter by SMS: one ``sms.sms`` in Odoo's own queue, whose tracker brings back what became of it."""

    _inherit = "ar.dunning.letter"

    channel = fields.Selection(selection_add=[("sms", "SMS")], ondelete={"sms": "set message"})
    sms_number = fields.Char(
        related="recipient_id.phone_sanitized", string="Number for SMS", help="The recipient's telephone."
    )
    sms_body = fields.Text(string="SMS Given to the Gateway", readonly=True)
    sms_text = fields.Text(compute="_compute_sms_text", string="SMS")

    @api.depends(
        "state",
        "stage_id",
        "sms_body",
        "amount_total",
        "amount_interest",
        "amount_fees",
        "item_count",
        "personal_text",
        "date",
    )
    def _compute_sms_text(self):
        for letter in self:
            if letter.sms_body and letter.state not in ("draft", "approved"):
                letter.sms_text = letter.sms_body
                continue
            # The text is the company's, whatever the reader may see of stages and partners in it.
            written = letter.sudo().with_context(lang=letter.lang)
            letter.sms_text = written.stage_id._render_sms(written)

    def _check_channel(self, channel, recipient):
        if channel == "sms" and not self._filter_reached_by_sms(recipient):
            raise UserError(
                self.env._("%s has no number for SMS, or wants none there.", recipient.display_name)
            )
        return super()._check_channel(channel, recipient)

    # Queue

    def _queue_locked(self):
        done = super()._queue_locked()
        self.filtered(lambda letter: letter.state == "queued" and letter.channel == "sms")._queue_sms()
        return done

    def _queue_sms(self):
        """Give letters to the SMS queue; those without a number go another way."""
        reached = self._filter_reached_by_sms(self.recipient_id)
        with_number = self.filtered(lambda letter: letter.recipient_id in reached)
        for company, letters in with_number.grouped("company_id").items():
            letters.with_company(company)._create_sms()
        reason = self.env._("No number for SMS.")
        (self - with_number)._leave_sms(reason)._mark_failed(reason)

    @api.model
    def _filter_reached_by_sms(self, partners):
        """Return the partners who have a number that may get an SMS."""
        self.env["res.partner"].flush_model(["phone_sanitized"])
        self.env["phone.blacklist"].flush_model(["number", "active"])
        rows = self.env.execute_query(
            SQL(
                "SELECT partner.id FROM res_partner partner WHERE partner.id = ANY(%s) AND %s",
                partners.ids,
                self.env["ar.document.recipient"]._sms_number_sql(SQL("partner.id")),
            )
        )
        return partners.browse(partner_id for (partner_id,) in rows)

    def _create_sms(self):
        """Create the one SMS of each letter; Odoo's SMS queue sends it, and an earlier one no more."""
        self._cancel_sms()
        for letter in self:
            letter.sms_body = letter.sms_text  # still queued by this transaction: rendered now
        messages = self._message_log_batch(
            {
                letter.id: Markup("%s<br/>%s")
                % (
                    self.env._("SMS to %s:", letter.sms_number),
                    sms_content_to_rendered_html(letter.sms_body),
                )
                for letter in self
            },
            message_type="sms",
        )
        by_letter = {message.res_id: message for message in messages}
        texts = (
            self.env["sms.sms"]
            .sudo()  # only settings users create SMS
            .create(
                [
                    {
                        "number": letter.sms_number,
                        "body": letter.sms_body,
                        "partner_id": letter.recipient_id.id,
                        "mail_message_id": by_letter[letter.id].id,
                    }
                    for letter in self
                ]
            )
        )
        self.env["sms.tracker"].sudo().create(  # as above
            [
                {"sms_uuid": text.uuid, "dunning_letter_id": letter.id}
                for text, letter in zip(texts, self, strict=True)
            ]
        )

    def _cancel_sms(self):
        """Part with the SMS of letters, and see to it that those which did not go out never will."""
        trackers = self.env["sms.tracker"].sudo().search([("dunning_letter_id", "in", self.ids)])  # as above
        uuids = trackers.mapped("sms_uuid")
        trackers.dunning_letter_id = False
        trackers.flush_recordset(["dunning_letter_id"])  # a letter has one: before the next is created
        self.env["sms.sms"].sudo().search(  # as above
            [("uuid", "in", uuids), ("state", "in", ("outgoing", "error"))]
        ).action_set_canceled()

    # Outcome

    def _note_sms(self, state, failure_type=False, failure_reason=False):
        """Note what became of the SMS of letters that went this way.

        :param state: of the ``sms.sms``; a delivery report may come days after the gateway took it
        """
        letters = self.filtered(
            lambda letter: letter.channel == "sms" and letter.state in ("queued", "sent", "failed")
        )
        if state in ("pending", "sent"):
            letters.filtered(lambda letter: letter.state != "sent")._mark_sent()
        elif state == "outgoing":
            letters.filtered(lambda letter: letter.state == "failed")._mark_queued()
        elif state == "canceled":
            letters.filtered(lambda letter: letter.state == "queued")._mark_failed(
                self.env._("The SMS was cancelled.")
            )
        elif state == "error":
            # Told by a schedule or the gateway: in the language of who looks after the letter.
            for lang, batch in letters.grouped(lambda letter: letter._get_responsible().lang).items():
                batch.with_context(lang=lang)._note_failed_sms(failure_type, failure_reason)

    def _note_failed_sms(self, failure_type, failure_reason):
        labels = dict(self.env["mail.notification"]._fields["failure_type"]._description_selection(self.env))
        reason = self.env._(
            "SMS not delivered: %s", failure_reason or labels.get(failure_type) or failure_type
        )
        letters = self._leave_sms(reason) if failure_type in NUMBER_FAILURES else self
        letters._mark_failed(reason)

    def _leave_sms(self, reason):
        """Send letters by mail, else post, where there is an address; return those without one."""
        mailed = self.filtered(lambda letter: "@" in (letter.recipient_id.email or ""))
        posted = (self - mailed).filtered(lambda letter: letter._has_address(letter.recipient_id))
        again = {"state": "queued", "sent_date": False, "failure_reason": False}
        mailed.write({**again, "channel": "email"})
        posted.write({**again, "channel": "post"})
        by_mail = self.env._("%s Sent by e-mail.", reason)
        by_post = self.env._("%s To be printed and posted.", reason)
        mailed._message_log_batch(dict.fromkeys(mailed.ids, by_mail))
        posted._message_log_batch(dict.fromkeys(posted.ids, by_post))
        (mailed | posted)._enclose()
        for template, letters in mailed.grouped(lambda letter: letter.stage_id.template_id).items():
            letters._create_mails(template)
        posted._schedule_tasks()
        return self - mailed - posted
