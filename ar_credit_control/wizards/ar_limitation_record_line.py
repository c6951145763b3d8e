from odoo import fields, models


class ArLimitationRecordLine(models.TransientModel):
    """An open item in the form that records what restarts limitation."""

    _name = "ar.limitation.record.line"
    _description = "Item of an Event for Limitation to Record"
    _order = "date_maturity, id"

    record_id = fields.Many2one("ar.limitation.record", required=True, ondelete="cascade")
    included = fields.Boolean(string="Concerned", default=True)
    item = fields.Integer(required=True, readonly=True, help="Id of the row of the ageing.")
    name = fields.Char(string="Number", readonly=True)
    date_maturity = fields.Date(string="Due Date", readonly=True)
    currency_id = fields.Many2one("res.currency", readonly=True)
    amount = fields.Monetary(string="Open", readonly=True)
