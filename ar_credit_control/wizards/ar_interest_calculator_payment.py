from odoo import fields, models


class ArInterestCalculatorPayment(models.TransientModel):
    """A part payment in the calculator."""

    _name = "ar.interest.calculator.payment"
    _description = "Part Payment in the Calculator"
    _order = "date, id"

    calculator_id = fields.Many2one("ar.interest.calculator", required=True, ondelete="cascade")
    currency_id = fields.Many2one(related="calculator_id.currency_id")
    date = fields.Date(required=True)
    amount = fields.Monetary(required=True)
