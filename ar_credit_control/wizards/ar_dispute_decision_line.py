from odoo import fields, models


class ArDisputeDecisionLine(models.TransientModel):
    """How much of a disputed item is accepted."""

    _name = "ar.dispute.decision.line"
    _description = "Item of a Decision on a Dispute"

    decision_id = fields.Many2one("ar.dispute.decision", required=True, ondelete="cascade")
    dispute_line_id = fields.Many2one("ar.dispute.line", required=True, readonly=True)
    name = fields.Char(related="dispute_line_id.name")
    date_maturity = fields.Date(related="dispute_line_id.date_maturity")
    currency_id = fields.Many2one(related="dispute_line_id.currency_id")
    amount = fields.Monetary(related="dispute_line_id.amount")
    amount_accepted = fields.Monetary(string="Accepted", help="Taxes included. The rest is rejected.")
