from odoo import models
from odoo.tools import SQL

# Failures that another attempt by mail would only repeat.
ADDRESS_FAILURES = ("mail_email_invalid", "mail_email_missing", "mail_bounce", "mail_bl")


class MailMail(models.Model):
    _inherit = "mail.mail"

    def write(self, vals):
        letters = self._get_dunning_letters() if "state" in vals else None
        if letters and vals["state"] == "exception":
            # The queue writes this before it talks to the mail server, so that a conflict shows before the
            # mail is gone. Take the letter along: noting the outcome afterwards can then no longer fail.
            self.env.execute_query(
                SQL("SELECT id FROM ar_dunning_letter WHERE id = ANY(%s) FOR NO KEY UPDATE", letters.ids)
            )
        result = super().write(vals)
        if letters and vals["state"] == "outgoing":
            letters.filtered(lambda letter: letter.state == "failed")._mark_queued()
        elif letters and vals["state"] == "cancel":
            letters._mark_failed(self.env._("The mail was cancelled."))
        return result

    def unlink(self):
        pending = self.filtered(lambda mail: mail.state == "outgoing")._get_dunning_letters()
        result = super().unlink()
        if pending:
            pending._mark_failed(self.env._("The mail was deleted before it was sent."))
        return result

    def _postprocess_sent_message(
        self, success_pids, success_emails, failure_reason=False, failure_type=None
    ):
        letters = self._get_dunning_letters()
        result = super()._postprocess_sent_message(
            success_pids, success_emails, failure_reason=failure_reason, failure_type=failure_type
        )
        if letters and (success_pids or success_emails):
            letters._mark_sent()
        elif letters:
            reason = failure_reason or self.env._("The mail could not be sent.")
            if failure_type in ADDRESS_FAILURES:
                letters = letters._switch_to_post(reason)
            letters._mark_failed(reason)
        return result

    def _get_dunning_letters(self):
        # Whoever sends mail, the outcome belongs to the letter.
        return self.env["ar.dunning.letter"].sudo().search([("mail_id", "in", self.ids)])
