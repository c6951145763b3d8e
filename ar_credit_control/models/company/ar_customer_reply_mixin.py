from markupsafe import Markup

from odoo import fields, models


class ArCustomerReplyMixin(models.AbstractModel):
    """A document that a customer answers by mail: the answer lands on the open case, and a person reads it.

    For models with ``partner_id``, ``company_id`` and activities. Stands before ``mail.thread`` in
    ``_inherit``. Mails of models that are named in ``ar.collection.source`` count as contacts.
    """

    _name = "ar.customer.reply.mixin"
    _description = "Document That Customers Answer"

    reply_date = fields.Datetime(
        string="Answered", readonly=True, help="When the customer last answered by mail."
    )

    def _message_post_after_hook(self, message, msg_values):
        result = super()._message_post_after_hook(message, msg_values)
        if message.message_type == "email" and not message.author_id.user_ids.filtered(
            lambda user: not user.share
        ):
            self.sudo()._note_reply(message)  # sudo: the gateway writes what came in, whoever it acts for
        return result

    def _note_reply(self, message):
        """Note a customer's answer, ask our contact to read it, and bring it to the case."""
        self.ensure_one()
        self.reply_date = message.date
        self._forward_reply(message)
        self._ask_to_read()

    def _ask_to_read(self):
        self._schedule_activity(lambda env: env._("Answer of the customer to read"))

    def _forward_reply(self, message):
        """Post the answer on the open case of the customer, with its files; one case per profile."""
        case = self._get_open_case()
        if case:
            author = message.author_id.name or message.email_from or ""
            case._log(
                "letter",
                Markup("<p>%s</p><blockquote>%s</blockquote>")
                % (self._get_reply_title(author), message.body),
            )

    def _get_reply_title(self, author):
        """Return who answered what, for the history of the case."""
        return self.env._(
            "%(author)s answered %(document)s:",
            author=author,
            document=self._get_html_link(title=self.display_name),
        )

    def _get_open_case(self):
        """Return the open case of the customer; of the parent, if it belongs to one by now."""
        return self.env["ar.collection.case"].search(
            [
                ("partner_id", "=", self.partner_id.commercial_partner_id.id),
                ("company_id", "=", self.company_id.id),
                ("state", "!=", "closed"),
            ],
            limit=1,
        )

    # Who deals with it

    def _get_responsible_users(self):
        """Return who may be asked to deal with the document, the first one first."""
        return self.user_id

    def _get_responsible(self):
        """Return the first who is there and may read the document; else the collector of the open case."""
        self.ensure_one()
        users = self._get_responsible_users().filtered("active")
        return self._filter_reader(users) or self._filter_reader(self._get_open_case().collector_id)

    def _filter_reader(self, users):
        # In whatever companies the present user has switched on.
        document = self.with_context(allowed_company_ids=[])
        return next((user for user in users if document.with_user(user).has_access("read")), users.browse())

    def _schedule_activity(self, describe, note=None):
        """Ask who deals with the document to do something, unless that was asked already.

        :param describe: function of an environment that returns what is to be done, in its language
        """
        self.ensure_one()
        user = self._get_responsible()
        if not user:
            return
        summary = describe(self.with_context(lang=user.lang).env)
        if self.activity_ids.filtered(lambda activity: activity.summary == summary):
            return
        self.with_context(mail_activity_quick_update=True).activity_schedule(
            "mail.mail_activity_data_todo",
            summary=summary,
            note=Markup("<p>%s</p>") % note if note else False,
            user_id=user.id,
        )
