import re

from odoo import api, models


class MailThread(models.AbstractModel):
    """Automatic answers to letters, statements and cases are told from what a person wrote."""

    _inherit = "mail.thread"

    @api.model
    def _message_parse_post_process(self, message, message_dict, routes):
        """Tell automatic answers to what customers get from what a person wrote."""
        values = super()._message_parse_post_process(message, message_dict, routes)
        if any(self._is_to_customers(model) for model, *_route in routes or ()) and self._is_automatic_answer(
            message
        ):
            values["message_type"] = "out_of_office"
        return values

    @api.model
    def _is_to_customers(self, model):
        registry = self.env.registry
        return issubclass(registry[model], registry["ar.customer.reply.mixin"])

    @api.model
    def _is_automatic_answer(self, message):
        """Return whether a mail is an absence notice or a confirmation of receipt, by RFC 3834 and by custom.

        What is only generated (``auto-generated``) may be a person's words that a ticket system sends;
        servers that answer for who is absent ask for no answer to that at the same time.
        """
        submitted = (message.get("Auto-Submitted") or "").strip().lower()
        return (
            submitted.startswith("auto-replied")
            or (message.get("Precedence") or "").strip().lower() == "auto_reply"
            or any(message.get(header) for header in ("X-Autoreply", "X-Autorespond"))
            or submitted.startswith("auto-generated")
            and re.search(r"\b(all|oof)\b", message.get("X-Auto-Response-Suppress") or "", re.IGNORECASE)
        )
