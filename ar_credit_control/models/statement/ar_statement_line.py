from odoo import fields, models


class ArStatementLine(models.Model):
    """One item or movement of a statement, as it was: outlives the journal item."""

    _name = "ar.statement.line"
    _description = "Line of a Statement of Account"
    _order = "statement_id, currency_id, date, id"
    # Who and when stands on the statement; two columns and their foreign keys less for each of many rows.
    _log_access = False

    statement_id = fields.Many2one(
        "ar.statement", required=True, index=True, readonly=True, ondelete="restrict"
    )
    partner_id = fields.Many2one("res.partner", required=True, readonly=True, ondelete="restrict")
    company_id = fields.Many2one("res.company", required=True, readonly=True)
    currency_id = fields.Many2one("res.currency", required=True, readonly=True)
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
    move_type = fields.Selection(
        selection=lambda self: self.env["account.move"]._fields["move_type"]._description_selection(self.env),
        string="Type",
        readonly=True,
    )
    name = fields.Char(string="Number", readonly=True)
    ref = fields.Char(string="Customer Reference", readonly=True)
    contract_number = fields.Char(readonly=True)
    fapiao_number = fields.Char(readonly=True)
    date = fields.Date(readonly=True)
    delivery_date = fields.Date(readonly=True)
    date_maturity = fields.Date(string="Due Date", readonly=True)
    days_overdue = fields.Integer(readonly=True, aggregator="max")
    amount = fields.Monetary(readonly=True, help="As booked; receipts and credit notes are negative.")
    amount_open = fields.Monetary(
        string="Open", readonly=True, help="Open at the cut-off date; receipts and credit notes are negative."
    )
