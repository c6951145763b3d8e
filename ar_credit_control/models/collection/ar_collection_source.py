from odoo import api, models
from odoo.tools import SQL

# Columns of the sources besides the customer.
CONTACT_COLUMNS = (
    *("company_id", "date", "kind", "personal", "user_id", "title", "text", "reason", "res_model"),
    "res_id",
)
PROMISE_COLUMNS = ("company_id", "date", "amount", "currency_id", "state", "broken_date", "res_id")
EVENT_COLUMNS = (
    *("company_id", "date", "kind", "user_id", "title", "text", "amount", "currency_id", "res_model"),
    "res_id",
)


class ArCollectionSource(models.AbstractModel):
    """What was said with customers, what they promised and what happened: the sources of cases and worklist.

    Each method ``_*_parts`` returns a list of statements with the columns it names; rooms add theirs by
    ``_inherit``. ``partner_id`` is the customer as it was, or a contact of it, ``company_id`` the root
    company, ``date`` a timestamp in UTC. Statements stay plain selects: a condition on the customer then
    reaches the index of each. They are read through ``_*_sql``, by the customer that each belongs to now.
    """

    _name = "ar.collection.source"
    _description = "Sources of Collection"

    @api.model
    def _contact_parts(self):
        """Return contacts with customers, of persons and by letter.

        Columns: ``partner_id``, ``company_id``, ``date``, ``kind`` (``call``, ``visit``, ``email``,
        ``letter``, ``message``, ``meeting``, ``reply`` …), ``personal`` (a person spoke or wrote, not the
        schedule), ``user_id``, ``title`` (short; whom we spoke to, number of the letter), ``text`` (what was
        said), ``reason`` (why they have not paid, in the language of the user), ``res_model``, ``res_id``.
        """
        return [
            self._letter_contact_sql(),
            self._mail_contact_sql(),
            self._reply_contact_sql(),
            *map(self._document_reply_contact_sql, self._get_answered_models()),
        ]

    @api.model
    def _promise_parts(self):
        """Return promises that are open, and broken ones whose money does not wait to be applied.

        Columns: ``partner_id``, ``company_id``, ``date`` (day promised), ``amount``, ``currency_id``,
        ``state`` (``open`` or ``broken``), ``broken_date`` (day it was judged broken, else NULL), ``res_id``.
        """
        return [
            SQL(
                """SELECT NULL::int AS partner_id, NULL::int AS company_id, NULL::date AS date,
                          NULL::numeric AS amount, NULL::int AS currency_id, NULL::varchar AS state,
                          NULL::date AS broken_date, NULL::int AS res_id
                    WHERE FALSE"""
            )
        ]

    @api.model
    def _event_parts(self):
        """Return what the timeline of a customer shows, besides contacts.

        Columns: ``partner_id``, ``company_id``, ``date``, ``kind`` (``payment``, ``credit_note``, ``note``,
        ``promise``, ``dispute`` …), ``user_id``, ``title``, ``text``, ``amount`` (NULL: none),
        ``currency_id``, ``res_model``, ``res_id``.
        """
        return [self._receipt_event_sql(), self._note_event_sql()]

    # All of them, by the commercial entity of today: companies get parents

    @api.model
    def _contacts_sql(self):
        """Return the statement of all contacts, with the columns of :meth:`_contact_parts`."""
        return self._of_customers_sql(self._contact_parts(), CONTACT_COLUMNS)

    @api.model
    def _promises_sql(self):
        """Return the statement of all promises, with the columns of :meth:`_promise_parts`."""
        return self._of_customers_sql(self._promise_parts(), PROMISE_COLUMNS)

    @api.model
    def _events_sql(self):
        """Return the statement of all other events, with the columns of :meth:`_event_parts`."""
        return self._of_customers_sql(self._event_parts(), EVENT_COLUMNS)

    @api.model
    def _of_customers_sql(self, parts, columns):
        columns = SQL(", ").join(SQL.identifier("source", column) for column in columns)
        return SQL(" UNION ALL ").join(
            SQL(
                """SELECT debtor.commercial_partner_id AS partner_id, %(columns)s
                     FROM (%(part)s) source
                     JOIN res_partner debtor ON debtor.id = source.partner_id""",
                columns=columns,
                part=part,
            )
            for part in parts
        )

    # One definition each

    @api.model
    def _letter_contact_sql(self):
        """Letters that went out."""
        return SQL(
            """
            SELECT letter.partner_id,
                   letter.company_id,
                   COALESCE(letter.sent_date, letter.date::timestamp) AS date,
                   'letter'::varchar AS kind,
                   FALSE AS personal,
                   letter.user_id,
                   letter.name AS title,
                   %(text)s AS text,
                   NULL::text AS reason,
                   'ar.dunning.letter'::varchar AS res_model,
                   letter.id AS res_id
              FROM ar_dunning_letter letter
              JOIN ar_dunning_stage stage ON stage.id = letter.stage_id
             WHERE letter.state = 'sent'
            """,
            text=self._letter_text_sql(),
        )

    @api.model
    def _letter_text_sql(self):
        """What is said of a ``letter`` that went out: the name of its ``stage``."""
        return SQL("COALESCE(stage.name ->> %s, stage.name ->> 'en_US')", self.env.lang or "en_US")

    @api.model
    def _mail_contact_sql(self):
        """Mails that our people wrote to the customer on its case."""
        return SQL(
            """
            SELECT collection_case.partner_id,
                   collection_case.company_id,
                   message.date,
                   'email'::varchar AS kind,
                   TRUE AS personal,
                   author.id AS user_id,
                   message.subject AS title,
                   %(text)s AS text,
                   NULL::text AS reason,
                   'ar.collection.case'::varchar AS res_model,
                   collection_case.id AS res_id
              FROM mail_message message
              JOIN ar_collection_case collection_case ON collection_case.id = message.res_id
         LEFT JOIN LATERAL (%(author)s) author ON TRUE
             WHERE message.model = 'ar.collection.case' AND %(to_outside)s
            """,
            text=self._plain_sql(SQL.identifier("message", "body")),
            author=self._author_sql(),
            to_outside=self._to_outside_sql(),
        )

    @api.model
    def _reply_contact_sql(self):
        """Mails of customers that reached their case."""
        return SQL(
            """
            SELECT collection_case.partner_id,
                   collection_case.company_id,
                   message.date,
                   %(columns)s,
                   'ar.collection.case'::varchar AS res_model,
                   collection_case.id AS res_id
              FROM mail_message message
              JOIN ar_collection_case collection_case ON collection_case.id = message.res_id
             WHERE message.model = 'ar.collection.case' AND %(from_outside)s
            """,
            columns=self._reply_columns_sql(),
            from_outside=self._from_outside_sql(),
        )

    @api.model
    def _get_answered_models(self):
        """Return the names of models whose mails customers answer, see ``ar.customer.reply.mixin``."""
        return ["ar.dunning.letter"]

    @api.model
    def _document_reply_contact_sql(self, model):
        """Mails of customers that answered a letter or another document of a model."""
        return SQL(
            """
            SELECT document.partner_id,
                   document.company_id,
                   message.date,
                   %(columns)s,
                   message.model AS res_model,
                   document.id AS res_id
              FROM mail_message message
              JOIN %(table)s document ON document.id = message.res_id
             WHERE message.model = %(model)s AND %(from_outside)s
            """,
            table=SQL.identifier(self.env[model]._table),
            model=model,
            columns=self._reply_columns_sql(),
            from_outside=self._from_outside_sql(),
        )

    @api.model
    def _reply_columns_sql(self):
        return SQL(
            """'reply'::varchar AS kind,
                   TRUE AS personal,
                   NULL::int AS user_id,
                   TRIM(split_part(message.email_from, ' <', 1), '"') AS title,
                   %s AS text,
                   NULL::text AS reason""",
            self._plain_sql(SQL.identifier("message", "body")),
        )

    @api.model
    def _from_outside_sql(self):
        """Return the condition that a message came in by mail, and from none of our own people."""
        return SQL(
            """message.message_type = 'email'
               AND NOT EXISTS (SELECT FROM res_users own
                                WHERE own.partner_id = message.author_id AND own.share IS NOT TRUE)"""
        )

    @api.model
    def _to_outside_sql(self):
        """Return the condition that a person wrote a message and it went to somebody outside by mail."""
        return SQL(
            """message.message_type = 'comment'
               AND EXISTS (SELECT FROM mail_notification sent
                            WHERE sent.mail_message_id = message.id
                              AND sent.notification_type = 'email'
                              AND NOT EXISTS (SELECT FROM res_users own
                                               WHERE own.partner_id = sent.res_partner_id
                                                 AND own.share IS NOT TRUE))"""
        )

    @api.model
    def _author_sql(self):
        """Return the user who wrote a ``message``."""
        return SQL(
            """SELECT id FROM res_users
                WHERE partner_id = message.author_id
             ORDER BY active DESC, id LIMIT 1"""
        )

    @api.model
    def _note_event_sql(self):
        """Notes that people wrote on the case to each other, and what became of it (kind ``case``)."""
        return SQL(
            """
            SELECT collection_case.partner_id,
                   collection_case.company_id,
                   message.date,
                   CASE WHEN message.message_type = 'comment' THEN 'note' ELSE 'case' END AS kind,
                   CASE WHEN message.message_type = 'comment' THEN author.id END AS user_id,
                   NULL::varchar AS title,
                   %(text)s AS text,
                   NULL::numeric AS amount,
                   NULL::int AS currency_id,
                   'ar.collection.case'::varchar AS res_model,
                   collection_case.id AS res_id
              FROM mail_message message
              JOIN ar_collection_case collection_case ON collection_case.id = message.res_id
         LEFT JOIN LATERAL (%(author)s) author ON TRUE
             WHERE message.model = 'ar.collection.case'
               AND message.message_type IN ('comment', 'notification')
               AND message.body <> ''
               AND NOT (%(to_outside)s)
            """,
            text=self._plain_sql(SQL.identifier("message", "body")),
            author=self._author_sql(),
            to_outside=self._to_outside_sql(),
        )

    @api.model
    def _receipt_event_sql(self):
        """Receipts and credit notes: what reduced the receivable, on the day it was booked."""
        return SQL(
            """
            SELECT line.partner_id,
                   split_part(company.parent_path, '/', 1)::int AS company_id,
                   line.date::timestamp AS date,
                   CASE WHEN move.move_type = 'out_refund' THEN 'credit_note'
                        WHEN move.origin_payment_id IS NOT NULL OR move.statement_line_id IS NOT NULL
                             THEN 'payment'
                        ELSE 'entry'
                   END AS kind,
                   NULL::int AS user_id,
                   move.name AS title,
                   move.ref AS text,
                   -line.amount_currency AS amount,
                   line.currency_id,
                   'account.move'::varchar AS res_model,
                   move.id AS res_id
              FROM account_move_line line
              JOIN account_move move ON move.id = line.move_id
              JOIN account_account account ON account.id = line.account_id
              JOIN res_company company ON company.id = line.company_id
             WHERE line.parent_state = 'posted'
               AND account.account_type = 'asset_receivable'
               AND account.non_trade IS NOT TRUE
               AND line.balance < 0
            """
        )

    @api.model
    def _plain_sql(self, body: SQL) -> SQL:
        """Return the text of an HTML column without its marks, at most 300 characters."""
        return SQL("LEFT(TRIM(regexp_replace(%s, '(<[^>]*>|\\s)+', ' ', 'g')), 300)", body)
