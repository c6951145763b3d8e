from odoo import fields, models


class ArDunningLetterLine(models.Model):
    """One open instalment listed in a letter, kept as it was: evidence that outlives the journal item.

    The instalment is identified by entry, customer and due date: resetting an invoice to draft deletes or
    re-uses its journal items.
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
    partner_id = fields.Many2one(
        "res.partner", string="Customer", required=True, readonly=True, ondelete="restrict"
    )
    company_id = fields.Many2one(
        "res.company", required=True, readonly=True, help="The company or branch of the entry."
    )
    currency_id = fields.Many2one("res.currency", required=True, readonly=True)
    stage_id = fields.Many2one(
        "ar.dunning.stage",
        readonly=True,
        index="btree_not_null",
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

    def action_drop(self):
        """Take the item off its letter before it is sent.

        :raise AccessError: for a user who is no collector.
        """
        self.letter_id._drop_lines(self)
        return True
