from odoo import api, models
from odoo.tools import SQL

# Who a document is for, in order: roles of contact persons, the invoice address, the customer itself. Whoever
# is not listed never gets it. Statements stay away from whom sales deals with: a payment that is led astray
# shows when finance compares accounts.
ORDERS = {
    "statement": ["payables", "invoice", "company"],
    "reminder": ["payables", "invoice", "company"],
    "sales": ["first", "payables", "invoice", "company"],
    "clearing": ["approver", "payables", "invoice", "company"],
    "final": ["legal", "company", "invoice", "payables"],
}


class ArDocumentRecipient(models.AbstractModel):
    """Which contact of a customer a letter or a statement is addressed to.

    ====================================================  ==================================================
    statement of account                                  payables, invoice address, customer
    reminder: credit period and coordination              payables, invoice address, customer
    reminder of sales, without a statement                first contact, payables, invoice address, customer
    clearing                                              approver, payables, invoice address, customer
    final demand: the last letter of clearing             legal representative, customer, invoice address
    ====================================================  ==================================================

    Whoever can be reached the way the document goes comes before those who cannot. By post everybody can be
    reached whose own address, or that of the customer, is known.
    """

    _name = "ar.document.recipient"
    _description = "Recipient of Documents"

    @api.model
    def _statement_sql(self, partner) -> SQL:
        """Return :meth:`_recipient_sql` for a statement of account, by mail."""
        return self._recipient_sql(partner, self._order_sql("statement"), SQL("'email'"))

    @api.model
    def _letter_sql(self, partner, stage) -> SQL:
        """Return :meth:`_recipient_sql` for a letter.

        :param stage: SQL alias of an ``ar_dunning_stage``; without a row the letter is a reminder by mail
        """
        order = SQL(
            """CASE WHEN %(stage)s.phase = 'clearing' AND NOT EXISTS (
                        SELECT FROM ar_dunning_stage later
                         WHERE later.policy_id = %(stage)s.policy_id
                           AND later.day_offset > %(stage)s.day_offset
                           AND later.active
                           AND later.legal IS NOT TRUE)
                    THEN %(final)s
                    WHEN %(stage)s.phase = 'clearing' THEN %(clearing)s
                    WHEN %(stage)s.owner = 'sales' AND %(stage)s.attach_statement IS NOT TRUE THEN %(sales)s
                    ELSE %(reminder)s END""",
            stage=stage,
            **{kind: self._order_sql(kind) for kind in ("final", "clearing", "sales", "reminder")},
        )
        return self._recipient_sql(partner, order, SQL("COALESCE(%s.send_by, 'email')", stage))

    @api.model
    def _order_sql(self, kind) -> SQL:
        return SQL("%s::text[]", ORDERS[kind])

    @api.model
    def _recipient_sql(self, partner, order, way) -> SQL:
        """Return one row: ``id``, ``has_email``, and ``has_address``, which may be that of the customer.

        :param partner: SQL alias of the commercial partner in ``res_partner``
        :param order: SQL array of who it is for, as in ``ORDERS``
        :param way: SQL text, a value of ``ar.dunning.stage.send_by``
        """
        return SQL(
            """
            SELECT candidate.id, candidate.has_email, candidate.has_address
              FROM (SELECT contact.id,
                           COALESCE(contact.email LIKE '%%@%%', FALSE) AS has_email,
                           COALESCE(contact.phone, '') != '' AS has_phone,
                           own.has_address AS has_own_address,
                           own.has_address
                               OR COALESCE(NULLIF(%(partner)s.street, ''), %(partner)s.city, '') != ''
                               AS has_address,
                           LEAST(
                               array_position(addressed.places, contact.collection_role::text),
                               CASE WHEN contact.id = %(partner)s.id
                                    THEN array_position(addressed.places, 'company') END,
                               CASE WHEN contact.type = 'invoice'
                                         AND (contact.email LIKE '%%@%%' OR own.has_address)
                                    THEN array_position(addressed.places, 'invoice') END) AS place
                      FROM res_partner contact
                CROSS JOIN LATERAL (SELECT %(order)s AS places) addressed
                CROSS JOIN LATERAL (
                           SELECT COALESCE(NULLIF(contact.street, ''), contact.city, '') != '' AS has_address
                           ) own
                     WHERE contact.commercial_partner_id = %(partner)s.id
                       AND (contact.id = %(partner)s.id
                            OR contact.active
                           AND (contact.type = 'invoice' OR contact.collection_role IS NOT NULL))
                   ) candidate
             WHERE candidate.place IS NOT NULL
          ORDER BY %(reach)s,
                   place, has_email DESC, has_own_address DESC, id
             LIMIT 1
            """,
            partner=partner,
            order=order,
            reach=self._reach_sql(way),
        )

    @api.model
    def _reach_sql(self, way) -> SQL:
        """Return how well a ``candidate`` can be reached, the smallest number best.

        :param way: SQL text, a value of ``ar.dunning.stage.send_by``
        """
        return SQL(
            """CASE %s
                    WHEN 'email' THEN CASE WHEN has_email THEN 0 WHEN has_address THEN 1 ELSE 2 END
                    WHEN 'post' THEN CASE WHEN has_address THEN 0 WHEN has_email THEN 1 ELSE 2 END
                    ELSE CASE WHEN has_phone OR has_email THEN 0 ELSE 1 END END""",
            way,
        )
