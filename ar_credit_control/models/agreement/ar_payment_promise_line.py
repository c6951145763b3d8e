from odoo import fields, models


class ArPaymentPromiseLine(models.Model):
    """An instalment that a customer promised to pay, or a part of it."""

    _name = "ar.payment.promise.line"
    _description = "Promised Item"
    _inherit = ["ar.item.mixin"]
    _order = "promise_id, date_maturity, id"

    promise_id = fields.Many2one(
        "ar.payment.promise", required=True, readonly=True, index=True, ondelete="restrict"
    )
    amount_open = fields.Monetary(
        string="Open When Promised",
        readonly=True,
        help="What was open and not promised otherwise; payments are counted from there.",
    )
    amount = fields.Monetary(string="Promised", readonly=True, help="Part of the item that was promised.")
    amount_paid = fields.Monetary(
        string="Paid in Time", readonly=True, help="Matched by the promised date and its tolerance."
    )

    _promise_move_idx = models.Index("(move_id, promise_id)")
