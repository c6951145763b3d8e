from odoo import api, fields, models
from odoo.tools import SQL


class ArDunningLetterLine(models.Model):
    """One open instalment listed in a letter, kept as it was: evidence that outlives the journal item.

    The instalment is identified by entry, customer and due date: resetting an invoice to draft deletes or
    re-uses its journal items. What all items of a letter have in common stands on the letter: each foreign
    key less is a tenth of the time that a proposal takes.
    """

    _name = "ar.dunning.letter.line"
    _description = "Dunning Letter Line"
    _order = "date_maturity, id"
    # Who and when stands on the letter; two columns and their foreign keys less for each of many rows.
    _log_access = False

    letter_id = fields.Many2one(
        "ar.dunning.letter", required=True, index=True, readonly=True, ondelete="cascade"
    )
    move_line_id = fields.Many2one(
        "account.move.line",
        string="Journal Item",
        readonly=True,
        index="btree_not_null",
        ondelete="set null",
    )
    move_id = fields.Many2one(
        "account.move", string="Entry", readonly=True, index="btree_not_null", ondelete="set null"
    )
    partner_id = fields.Many2one(related="letter_id.partner_id")
    company_id = fields.Many2one(related="move_id.company_id", help="The company or branch of the entry.")
    currency_id = fields.Many2one(related="letter_id.currency_id")
    stage_id = fields.Many2one(
        "ar.dunning.stage",
        readonly=True,
        ondelete="restrict",
        help="The stage this letter brings the item to; items listed for completeness keep the one they had.",
    )
    is_due = fields.Boolean(
        string="Claimed",
        readonly=True,
        help="The item reached its stage with this letter. If not, it is overdue and listed too.",
    )
    name = fields.Char(string="Number", readonly=True)
    ref = fields.Char(string="Customer Reference", readonly=True)
    invoice_date = fields.Date(readonly=True)
    date_maturity = fields.Date(string="Due Date", readonly=True)
    days_overdue = fields.Integer(readonly=True, aggregator="max")
    amount_original = fields.Monetary(string="Original Amount", readonly=True)
    amount = fields.Monetary(string="Open Amount", readonly=True)
    interest = fields.Monetary(readonly=True, help="Late interest claimed with the item.")
    fee = fields.Monetary(readonly=True, help="Fixed sum for recovery claimed with the item.")
    state = fields.Selection(related="letter_id.state")
    sent_date = fields.Datetime(related="letter_id.sent_date")
    amount_open = fields.Monetary(
        string="Open Altogether",
        readonly=True,
        help="What is open of the item; more than is claimed when a part is disputed or promised.",
    )

    @api.model
    def _sent_sql(self):
        """Return what was sent, by instalment: one row per line of a letter that was sent.

        ``move_id``, ``partner_id`` (who owes it now, else whom the addressee belongs to: companies get
        parents and leave them) and ``date_maturity`` of the instalment; ``stage_id`` and ``is_due`` of the
        line; ``letter_id``, ``date``, ``company_id`` and ``policy_id`` of the letter.
        """
        return SQL(
            """
            SELECT line.move_id, partner.commercial_partner_id AS partner_id, line.date_maturity,
                   line.stage_id, line.is_due,
                   letter.id AS letter_id, letter.date, letter.company_id, letter.policy_id
              FROM ar_dunning_letter_line line
              JOIN ar_dunning_letter letter ON letter.id = line.letter_id AND letter.state = 'sent'
         LEFT JOIN account_move_line item ON item.id = line.move_line_id
              JOIN res_partner partner ON partner.id = COALESCE(item.partner_id, letter.partner_id)
             WHERE line.move_id IS NOT NULL
            """
        )

    def action_drop(self):
        """Take the item off its letter before it is sent.

        :raise AccessError: for a user who is no collector.
        """
        self.letter_id._drop_lines(self)
        return True
