from odoo import fields, models


class ArCashApplicationLine(models.Model):
    """One item that a receipt is applied to; its figures outlive the journal item."""

    _name = "ar.cash.application.line"
    _description = "Item of a Cash Application"
    _inherit = ["ar.item.mixin"]
    _order = "application_id desc, id"

    application_id = fields.Many2one(
        "ar.cash.application", required=True, readonly=True, index=True, ondelete="restrict"
    )
    receipt_currency_id = fields.Many2one(
        "res.currency", string="Currency of the Receipt", required=True, readonly=True
    )
    amount_open = fields.Monetary(string="Open", readonly=True, help="Before, in the currency of the item.")
    amount_proposed = fields.Monetary(string="To Apply", readonly=True, currency_field="receipt_currency_id")
    amount = fields.Monetary(string="Applied", readonly=True, currency_field="receipt_currency_id")
    partial_id = fields.Many2one(
        "account.partial.reconcile",
        string="Matching",
        readonly=True,
        index="btree_not_null",
        ondelete="set null",
        help="Empty when it was undone.",
    )
