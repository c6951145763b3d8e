import logging

from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.fields import Command
from odoo.service.model import PG_CONCURRENCY_EXCEPTIONS_TO_RETRY
from odoo.tools import SQL

_logger = logging.getLogger(__name__)

# Statements given to the mail queue in one commit, printed by one process.
QUEUE_BATCH = 50
# Statements a person's click queues at once; the rest goes to the background.
QUEUE_NOW = 3


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
            self.env.ref("ar_credit_control.ir_cron_statement_queue").sudo()._trigger()  # no user's schedule
        return True

    def action_mark_sent(self):
        """Say that printed statements were handed over."""
        self._check_collector()
        self.check_access("read")
        # Nobody has the right to write statements; the rights were checked above.
        printed = self.sudo().filtered(lambda statement: statement.state in ("draft", "failed"))
        printed._keep_documents()
        printed._mark_sent()
        note = self.env._("Handed over by %s.", self.env.user.name)
        printed._message_log_batch({statement.id: note for statement in printed})
        return True

    @api.model
    def _cron_queue(self):
        """Give waiting statements to the mail queue, a few in each commit, by any number of workers."""
        statements = self.sudo()  # the schedule serves every company
        cron = self.env["ir.cron"]
        cron._commit_progress(remaining=statements.search_count([("state", "=", "waiting")]))
        done = 0
        tried = []
        while ids := statements._lock_next(tried):
            tried += ids
            statements.browse(ids)._cron_queue_batch()
            done += len(ids)
            if not cron._commit_progress(len(ids)):
                break
        return done

    @api.model
    def _lock_next(self, tried):
        """Lock the next waiting statements that no other worker has; return their ids."""
        try:
            rows = self.env.execute_query(
                SQL(
                    """SELECT id FROM ar_statement
                        WHERE state = 'waiting' AND id != ALL(%s)
                     ORDER BY id LIMIT %s FOR NO KEY UPDATE SKIP LOCKED""",
                    tried,
                    QUEUE_BATCH,
                )
            )
        except PG_CONCURRENCY_EXCEPTIONS_TO_RETRY:
            # Another worker finished one of them after this transaction began: begin anew.
            self.env.cr.rollback()
            return self._lock_next(tried)
        return [statement_id for (statement_id,) in rows]

    def _cron_queue_batch(self):
        """Queue the statements and commit; when one of them fails, each on its own."""
        try:
            self._queue()
            self.env["ir.cron"]._commit_progress()
            return
        except PG_CONCURRENCY_EXCEPTIONS_TO_RETRY:
            self.env.cr.rollback()
        except Exception as error:  # one customer's data must not stop the others
            self.env.cr.rollback()
            if len(self) == 1:
                _logger.warning("Statement %s cannot be queued", self.id, exc_info=True)
                self._mark_failed(str(error))
                self.env["ir.cron"]._commit_progress()
                return
        if len(self) > 1:
            for statement in self:
                statement._cron_queue_batch()

    def _queue(self):
        """Create the mails of waiting statements under their row locks, together with their state."""
        statements = self.try_lock_for_update(allow_referencing=True)
        statements.invalidate_recordset()
        statements = statements.filtered(lambda statement: statement.state == "waiting")
        if not statements:
            return
        statements._keep_documents()
        template = self.env.ref("ar_credit_control.mail_template_statement")
        rendered = template._generate_template(statements.ids, ("subject", "body_html", "email_from"))
        mails = (
            self.env["mail.mail"]
            .sudo()  # only settings users create mails
            .create([statement._prepare_mail_values(rendered[statement.id]) for statement in statements])
        )
        for statement, mail in zip(statements, mails, strict=True):
            statement.write({"state": "queued", "mail_id": mail.id})
        for user, batch in statements.grouped(lambda statement: statement.user_id).items():
            if user:
                self.env["mail.followers"]._insert_followers(self._name, batch.ids, user.partner_id.ids)
        self.env.flush_all()

    def _prepare_mail_values(self, rendered):
        self.ensure_one()
        sender = self.user_id or self.company_id
        return {
            "subject": rendered["subject"],
            "body": rendered["body_html"],
            "body_html": rendered["body_html"],
            "email_from": rendered.get("email_from") or sender.email_formatted,
            "author_id": self.user_id.partner_id.id or self.company_id.partner_id.id,
            "recipient_ids": [Command.link(self.recipient_id.id)],
            "attachment_ids": [Command.link(self.document_id.id)],
            "model": self._name,
            "res_id": self.id,
            "record_company_id": self.company_id.id,
            "subtype_id": self.env["ir.model.data"]._xmlid_to_res_id("mail.mt_comment"),
            "auto_delete": False,
            "is_notification": False,
            "state": "outgoing",
        }

    def _mark_sent(self):
        self.write({"state": "sent", "sent_date": fields.Datetime.now(), "failure_reason": False})

    def _mark_failed(self, reason):
        """Note why a statement did not reach the customer and ask our contact to take over."""
        self.write({"state": "failed", "failure_reason": reason, "sent_date": False})
        for statement in self:
            if statement.user_id.active:
                statement.with_context(mail_activity_quick_update=True).activity_schedule(
                    "mail.mail_activity_data_todo",
                    summary=self.env._("Statement not delivered: mend the address or print it"),
                    user_id=statement.user_id.id,
                )

    def _message_receive_bounce(self, email, partner):
        result = super()._message_receive_bounce(email, partner)
        bounced = self.filtered(lambda statement: statement.state in ("sent", "queued"))
        bounced._mark_failed(self.env._("The mail to %s bounced.", email))
        return result
