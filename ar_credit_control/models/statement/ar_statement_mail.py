from odoo import models
from odoo.exceptions import UserError

from ..document.ar_document_queue_mixin import QUEUE_NOW


class ArStatement(models.Model):
    """Statements by mail: one mail each, given to Odoo's own queue in the background."""

    _inherit = "ar.statement"

    def action_send(self):
        """Send statements by mail that were not sent yet; those without an address stay, to be printed.

        :raise AccessError: for a user who is no collector
        :raise UserError: when none of them has an address
        """
        self._check_collector()
        self.check_access("read")
        ready = self.filtered(
            lambda statement: (
                statement.state in ("draft", "failed") and "@" in (statement.recipient_id.email or "")
            )
        )
        if not ready:
            raise UserError(
                self.env._("None of these has an e-mail address and was not sent yet. Print them.")
            )
        # Nobody has the right to write statements; the rights were checked above.
        ready = ready.sudo()
        ready.write({"state": "waiting", "failure_reason": False, "mail_id": False})
        if len(ready) <= QUEUE_NOW:
            ready._queue()
        else:
            self._trigger_queue()
        return True

    def action_mark_sent(self):
        """Say that printed statements were handed over."""
        self._check_collector()
        self.check_access("read")
        # Nobody has the right to write statements; the rights were checked above.
        printed = self.sudo().filtered(lambda statement: statement.state in ("draft", "failed"))
        printed._keep_documents()
        printed._mark_sent()
        printed.sent_by = "paper"
        note = self.env._("Handed over by %s.", self.env.user.name)
        printed._message_log_batch({statement.id: note for statement in printed})
        return True

    def _queue_locked(self):
        self._keep_documents()
        self._create_mails(self.env.ref("ar_credit_control.mail_template_statement"))
        self.write({"state": "queued", "sent_by": "email"})

    def _mark_failed(self, reason):
        """Note why a statement did not reach the customer and ask our contact to take over."""
        result = super()._mark_failed(reason)
        for statement in self:
            if statement.user_id.active:
                words = statement.with_context(lang=statement.user_id.lang).env
                statement.with_context(mail_activity_quick_update=True).activity_schedule(
                    "mail.mail_activity_data_todo",
                    summary=words._("Statement not delivered: mend the address or print it"),
                    user_id=statement.user_id.id,
                )
        return result

    def _message_receive_bounce(self, email, partner):
        result = super()._message_receive_bounce(email, partner)
        bounced = self.filtered(lambda statement: statement.state in ("sent", "queued"))
        for lang, statements in bounced.grouped(lambda one: one.user_id.lang or self.env.lang).items():
            # In the language of who reads it: the schedule that fetches mail has none.
            words = self.with_context(lang=lang).env
            statements._mark_failed(words._("The mail to %s bounced.", email))
        return result
