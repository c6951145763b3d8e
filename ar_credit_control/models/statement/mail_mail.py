from odoo import models


class MailMail(models.Model):
    _inherit = "mail.mail"

    def _postprocess_sent_message(
        self, success_pids, success_emails, failure_reason=False, failure_type=None
    ):
        # Whoever sends mail, the outcome belongs to the statement.
        statements = self.env["ar.statement"].sudo().search([("mail_id", "in", self.ids)])
        result = super()._postprocess_sent_message(
            success_pids, success_emails, failure_reason=failure_reason, failure_type=failure_type
        )
        if statements and (success_pids or success_emails):
            statements._mark_sent()
        elif statements:
            statements._mark_failed(failure_reason or self.env._("The mail could not be sent."))
        return result
