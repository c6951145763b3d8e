from odoo import fields, models


class ResCompany(models.Model):
    _inherit = "res.company"

    cash_approval_amount = fields.Monetary(
        string="Approve Receipts Above",
        help="Receipts above this amount are applied only when another person approves. 0: none.",
    )
    cash_item_order = fields.Selection(
        [
            ("due", "Oldest due first"),
            ("invoice", "Oldest invoice first"),
            ("small", "Smallest first"),
            ("large", "Largest first"),
        ],
        string="Order of Allocation",
        default="due",
        help="For receipts without any hint what they pay.",
    )
    cash_interest_first = fields.Boolean(
        string="Interest Before Principal",
        help="Debit notes of late interest are paid before the other items, as some laws want it where the "
        "customer says nothing. Off: principal first, as in Odoo.",
    )

    _cash_approval_amount_positive = models.Constraint(
        "CHECK (cash_approval_amount >= 0)", "The amount above which receipts are approved is zero or more."
    )
