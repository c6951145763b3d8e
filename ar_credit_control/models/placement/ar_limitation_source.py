from odoo import api, models
from odoo.tools import SQL


class ArLimitationSource(models.AbstractModel):
    """What may restart the clock of an item: typed in with its proof, or known from letters and receipts.

    Rooms add what they know by ``_inherit`` of :meth:`_event_parts`.
    """

    _name = "ar.limitation.source"
    _description = "Sources of Limitation"

    @api.model
    def _event_sql(self) -> SQL:
        """Return the statement of all events.

        Columns: ``move_id``, ``partner_id`` (commercial entity), ``date_maturity`` (NULL: the whole entry),
        ``date``, ``kind`` (a key of the events' kinds), ``is_proven``, ``name``, ``res_model``, ``res_id``.
        """
        return SQL(" UNION ALL ").join(self._event_parts())

    @api.model
    def _event_parts(self):
        return [
            self._typed_event_sql(),
            self._letter_event_sql(),
            self._statement_event_sql(),
            self._receipt_event_sql(),
            self._plan_event_sql(),
        ]

    @api.model
    def _typed_event_sql(self):
        return SQL(
            """
            SELECT line.move_id, partner.commercial_partner_id AS partner_id, line.date_maturity, event.date,
                   event.kind, event.is_proven IS TRUE AS is_proven, event.proof_reference AS name,
                   'ar.limitation.event'::varchar AS res_model, event.id AS res_id
              FROM ar_limitation_event event
              JOIN ar_limitation_event_line line ON line.event_id = event.id
              JOIN res_partner partner ON partner.id = line.partner_id
             WHERE event.state = 'valid'
            """
        )

    @api.model
    def _letter_event_sql(self):
        """Demands for what is overdue. Proven: mails that were sent and did not come back; what was posted
        with a waybill or a receipt is an event of its own."""
        return SQL(
            """
            SELECT line.move_id, partner.commercial_partner_id, line.date_maturity,
                   %(day)s, 'demand', letter.channel = 'email',
                   letter.name, 'ar.dunning.letter', letter.id
              FROM ar_dunning_letter_line line
              JOIN ar_dunning_letter letter ON letter.id = line.letter_id AND letter.state = 'sent'
              JOIN res_partner partner ON partner.id = letter.partner_id
             WHERE line.days_overdue > 0 AND NOT %(posted)s
            """,
            day=self._sent_day_sql("letter"),
            posted=self._posted_sql(),
        )

    @api.model
    def _statement_event_sql(self):
        """Statements of account that asked for what was overdue (对账暨催款函). Proven: by mail, or with a
        letter that was posted with its proof; what was handed over on paper needs its proof typed in."""
        return SQL(
            """
            SELECT line.move_id, partner.commercial_partner_id, line.date_maturity,
                   %(day)s, 'demand',
                   COALESCE(letter.channel, statement.sent_by) IS NOT DISTINCT FROM 'email' OR %(posted)s,
                   statement.name, 'ar.statement', statement.id
              FROM ar_statement_line line
              JOIN ar_statement statement
                ON statement.id = line.statement_id AND statement.state = 'sent'
               AND statement.pay_by IS NOT NULL
              JOIN res_partner partner ON partner.id = line.partner_id
         LEFT JOIN ar_dunning_letter letter ON letter.id = statement.letter_id
             WHERE line.days_overdue > 0 AND line.amount_open > 0
            """,
            day=self._sent_day_sql("statement"),
            posted=self._posted_sql(),
        )

    @api.model
    def _sent_day_sql(self, document):
        """Return the day on which a document left, as it was at its company; else that of the document."""
        company, moment, day = (
            SQL.identifier(document, column) for column in ("company_id", "sent_date", "date")
        )
        return SQL("COALESCE(%s, %s)", self.env["res.company"]._credit_day_sql(company, moment), day)

    @api.model
    def _posted_sql(self):
        """Return the condition that the alias ``letter`` was posted with its proof."""
        return SQL(
            """EXISTS (SELECT FROM ar_limitation_event posted
                        WHERE posted.letter_id = letter.id AND posted.state = 'valid')"""
        )

    @api.model
    def _receipt_event_sql(self):
        """Money that was matched with the item; credit notes and other entries are no payment."""
        return SQL(
            """
            SELECT item.move_id, partner.commercial_partner_id, COALESCE(item.date_maturity, item.date),
                   receipt.date, 'part_payment', TRUE, receipt_move.name, 'account.move', receipt_move.id
              FROM account_move_line item
              JOIN res_partner partner ON partner.id = item.partner_id
              JOIN account_partial_reconcile part ON part.debit_move_id = item.id
              JOIN account_move_line receipt
                ON receipt.id = part.credit_move_id AND receipt.parent_state = 'posted'
              JOIN account_journal journal
                ON journal.id = receipt.journal_id AND journal.type IN ('bank', 'cash', 'credit')
              JOIN account_move receipt_move ON receipt_move.id = receipt.move_id
             WHERE item.parent_state = 'posted'
            """
        )

    @api.model
    def _plan_event_sql(self):
        """Plans and deferrals that were agreed. The paper that the customer signed is typed in as the proof:
        until then they show as an event without proof."""
        return SQL(
            """
            SELECT item.move_id, partner.commercial_partner_id, item.date_maturity, plan.decided_on,
                   'agreement', FALSE, plan.name, 'ar.payment.plan', plan.id
              FROM ar_payment_plan plan
              JOIN ar_payment_plan_item item ON item.plan_id = plan.id
              JOIN res_partner partner ON partner.id = item.partner_id
             WHERE plan.decided_on IS NOT NULL
            """
        )
