from odoo import fields, models


class ArPlacementProposeLine(models.TransientModel):
    """An open item in the form that prepares a hand-over."""

    _name = "ar.placement.propose.line"
    _description = "Item to Hand Over"
    _order = "date_maturity, id"

    propose_id = fields.Many2one("ar.placement.propose", required=True, ondelete="cascade")
    included = fields.Boolean(string="Hand Over", default=True)
    item = fields.Integer(required=True, readonly=True, help="Id of the row of the ageing.")
    name = fields.Char(string="Number", readonly=True)
    date_maturity = fields.Date(string="Due Date", readonly=True)
    days_overdue = fields.Integer(string="Days", readonly=True)
    currency_id = fields.Many2one("res.currency", readonly=True)
    amount = fields.Monetary(string="Open", readonly=True)
    amount_disputed = fields.Monetary(
        string="In Dispute", readonly=True, help="The agent has to know: settle it first, or say so."
    )
    amount_agreed = fields.Monetary(
        string="Agreed",
        readonly=True,
        help="What the customer may still pay as agreed: end the agreement before it is handed over.",
    )
