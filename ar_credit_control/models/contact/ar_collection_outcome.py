from odoo import fields, models

# What a contact may lead to, recorded with it in the same dialog.
OFFERS = [
    ("promise", "Promise to pay"),
    ("says_paid", "Payment said to be made"),
    ("dispute", "Dispute"),
    ("time", "Plan or deferral"),
    ("person", "New contact person"),
]


class ArCollectionOutcome(models.Model):
    """What came of a contact with a customer."""

    _name = "ar.collection.outcome"
    _description = "Outcome of a Contact"
    _order = "sequence, id"

    name = fields.Char(required=True, translate=True)
    sequence = fields.Integer(default=10)
    reached = fields.Boolean(
        string="Somebody Was Reached",
        default=True,
        help="We spoke with the customer. An attempt is on file, but the customer stays on the worklist.",
    )
    asks_reason = fields.Boolean(
        string="Needs a Reason", help="The dialog does not let go without why they have not paid."
    )
    reason_id = fields.Many2one(
        "ar.collection.reason", string="Implied Reason", ondelete="restrict", help="Filled in by itself."
    )
    offers = fields.Selection(OFFERS, string="Records", help="What the dialog records with the contact.")
    next_step = fields.Char(translate=True, help="Proposed where the reason proposes none.")
    next_days = fields.Integer(string="After (working days)", default=1)
    rest_days = fields.Integer(
        string="Try Again After (working days)",
        help="When nobody was reached: the customer is off the worklist until then.",
    )
    quick = fields.Boolean(string="One Click", help="A button in worklist and case logs a call with it.")
    active = fields.Boolean(default=True)

    _name_filled = models.Constraint(
        "CHECK (next_days >= 0 AND rest_days >= 0)", "Days are counted forward: enter zero or more."
    )
