from odoo import fields, models


class ArWriteoffRequestLine(models.TransientModel):
    """An open item in the form that asks for a write-off."""

    _name = "ar.writeoff.request.line"
    _description = "Item to Write Off"
    _order = "date_maturity, id"

    request_id = fields.Many2one("ar.writeoff.request", required=True, ondelete="cascade")
    item = fields.Integer(required=True, readonly=True, help="Id of the row of the ageing.")
    name = fields.Char(string="Number", readonly=True)
    date_maturity = fields.Date(string="Due Date", readonly=True)
    days_overdue = fields.Integer(string="Days Past Due", readonly=True)
    currency_id = fields.Many2one("res.currency", readonly=True)
    amount_open = fields.Monetary(string="Open", readonly=True)
    amount = fields.Monetary(
        string="To Write Off", help="In the currency of the invoice; zero leaves it out."
    )
