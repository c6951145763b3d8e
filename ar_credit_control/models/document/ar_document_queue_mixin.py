import logging

from odoo import api, fields, models
from odoo.fields import Command
from odoo.service.model import PG_CONCURRENCY_EXCEPTIONS_TO_RETRY
from odoo.tools import SQL

from ..company.ar_schedule import CONFLICTS

_logger = logging.getLogger(__name__)

# Documents given to the mail queue in one commit, printed by one process.
QUEUE_BATCH = 50
# Documents a person's click queues at once; the rest goes to the background.
QUEUE_NOW = 3


class ArDocumentQueueMixin(models.AbstractModel):
    """A document that waits for the schedule, which gives it to Odoo's own mail queue.

    Mail and state are written in one transaction, under the lock of the row. Any number of workers may do it
    at once, and be killed anywhere: each takes documents that no other has locked.
    """

    _name = "ar.document.queue.mixin"
    _description = "Document to be Sent"

    # The state of documents that wait, and the external id of the schedule.
    _queue_state = None
    _queue_cron = None

    failure_reason = fields.Text(readonly=True)
    sent_date = fields.Datetime(readonly=True)
    mail_id = fields.Many2one("mail.mail", readonly=True, index="btree_not_null", ondelete="set null")

    @api.model
    def _trigger_queue(self):
        self.env.ref(self._queue_cron).sudo()._trigger()  # the schedule is no user's

    @api.model
    def _cron_queue(self):
        """Give every waiting document to the mail queue, a few in each commit; return how many were tried."""
        documents = self.sudo()  # the schedule serves every company
        cron = self.env["ir.cron"]
        remaining = documents.search_count([("state", "=", self._queue_state)])
        documents._prepare_queue(remaining)
        cron._commit_progress(remaining=remaining)
        done = 0
        tried = []
        while ids := documents._lock_next(tried):
            tried += ids
            documents.browse(ids)._cron_queue_batch()
            done += len(ids)
            if not cron._commit_progress(len(ids)):
                break
        return done

    @api.model
    def _prepare_queue(self, count):
        """Do what is needed once before ``count`` documents are queued."""

    @api.model
    def _lock_next(self, tried):
        """Lock the next waiting documents that no other worker has; return their ids.

        :param tried: ids that this run does not take again
        """
        while True:
            try:
                rows = self.env.execute_query(
                    SQL(
                        """SELECT id FROM %s
                            WHERE state = %s AND id != ALL(%s)
                         ORDER BY id LIMIT %s FOR NO KEY UPDATE SKIP LOCKED""",
                        SQL.identifier(self._table),
                        self._queue_state,
                        tried,
                        QUEUE_BATCH,
                    )
                )
            except PG_CONCURRENCY_EXCEPTIONS_TO_RETRY:
                # Another worker finished one of them after this transaction began: begin anew.
                self.env.cr.rollback()
            else:
                return [document_id for (document_id,) in rows]

    def _cron_queue_batch(self):
        """Queue the documents and commit; when one of them fails, each on its own."""
        schedule = self.env["ar.schedule"]
        error = schedule._attempt(self._queue)
        if not error:
            return
        if len(self) > 1 and not isinstance(error, CONFLICTS):
            _logger.info("One of %s cannot be queued; trying one by one", self, exc_info=error)
        for document in self:
            schedule._handle_one(
                document, self.__class__._queue, lambda failed, reason: failed._mark_failed(str(reason))
            )

    def _queue(self):
        """Give documents that still wait to the mail queue, under their row locks."""
        documents = self.try_lock_for_update(allow_referencing=True)
        documents.invalidate_recordset()
        documents = documents.filtered(lambda document: document.state == self._queue_state)
        if documents:
            documents._queue_locked()
            self.env.flush_all()

    def _queue_locked(self):
        """Print the locked documents, create their mails and write their state: for the models to fill in."""
        raise NotImplementedError

    # The mail

    def _create_mails(self, template):
        """Create the one mail of each document from a template; Odoo's mail queue sends it."""
        rendered = template._generate_template(
            self.ids, ("subject", "body_html", "email_from", "reply_to", "mail_server_id")
        )
        mails = (
            self.env["mail.mail"]
            .sudo()  # only settings users create mails
            .create([document._prepare_mail_values(rendered[document.id]) for document in self])
        )
        for document, mail in zip(self, mails, strict=True):
            document.mail_id = mail
        for user, batch in self.grouped(lambda document: document.user_id).items():
            if user:
                self.env["mail.followers"]._insert_followers(self._name, batch.ids, user.partner_id.ids)

    def _prepare_mail_values(self, rendered):
        """Return the values of the document's mail.

        :param rendered: what the template gives for it
        """
        self.ensure_one()
        sender = self.user_id or self.company_id
        values = {
            "subject": rendered["subject"],
            "body": rendered["body_html"],
            "body_html": rendered["body_html"],
            "email_from": rendered.get("email_from") or sender.email_formatted,
            "author_id": self.user_id.partner_id.id or self.company_id.partner_id.id,
            "recipient_ids": [Command.link(self.recipient_id.id)],
            "attachment_ids": [Command.link(file.id) for file in self._get_mail_attachments()],
            "model": self._name,
            "res_id": self.id,
            "record_company_id": self.company_id.id,
            "subtype_id": self.env["ir.model.data"]._xmlid_to_res_id("mail.mt_comment"),
            "auto_delete": False,
            "is_notification": False,
            "state": "outgoing",
        }
        for name in ("reply_to", "mail_server_id"):
            if rendered.get(name):
                values[name] = rendered[name]
        return values

    def _get_mail_attachments(self):
        return self.document_id

    # Outcome

    def _mark_sent(self):
        self.write({"state": "sent", "sent_date": fields.Datetime.now(), "failure_reason": False})

    def _mark_failed(self, reason):
        """Note why documents did not reach the customer; models ask a person to take over."""
        self.write({"state": "failed", "failure_reason": reason, "sent_date": False})
