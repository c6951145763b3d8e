from odoo import fields, models

ROLES = [
    ("collector", "Who works the case"),
    ("sales", "Salesperson"),
    ("cash", "Cash desk"),
    ("manager", "Credit manager"),
]


class ArCollectionReason(models.Model):
    """Why a customer has not paid, and what follows from it."""

    _name = "ar.collection.reason"
    _description = "Reason for Non-Payment"
    _order = "sequence, id"

    name = fields.Char(required=True, translate=True)
    sequence = fields.Integer(default=10)
    follow_up = fields.Selection(
        [
            ("resend", "Send the invoices again"),
            ("approval", "Note approver and date"),
            ("dispute", "Record a dispute"),
            ("time", "Draft a plan or deferral"),
            ("says_paid", "Ask for the slip, pause letters"),
            ("person", "Note the new contact person"),
            ("stop", "Ask to stop supply"),
            ("legal", "Draft the hand-over to a lawyer"),
            ("insolvent", "Stop supply, tell insurers and guarantors, draft the hand-over"),
        ],
        help="What the dialog offers besides the next step.",
    )
    next_step = fields.Char(translate=True, help="Proposed as the next step; it can be changed.")
    next_days = fields.Integer(string="After (working days)", default=3)
    next_role = fields.Selection(ROLES, string="Done By", required=True, default="collector")
    dispute_category_id = fields.Many2one("ar.dispute.category", ondelete="restrict")
    note = fields.Text(string="What to Ask", translate=True, help="Shown to who speaks with the customer.")
    active = fields.Boolean(default=True)

    _days_positive = models.Constraint("CHECK (next_days >= 0)", "The next step is today or later.")
