from odoo import fields, models


class ResCompany(models.Model):
    """Settings of contacts, read from the root company."""

    _inherit = "res.company"

    collection_paid_days = fields.Integer(
        string="Pause After “Already Paid” (days)",
        default=5,
        help="So long no letter asks for what a customer says is paid; the cash desk looks for it meanwhile.",
    )
    collection_cash_user_id = fields.Many2one(
        "res.users",
        string="Cash Desk",
        domain=[("share", "=", False)],
        help="Who looks for payments that customers say they made. Empty: who logged the contact.",
    )

    _collection_paid_days_positive = models.Constraint(
        "CHECK (collection_paid_days >= 0)", "Letters pause for zero days or more."
    )
