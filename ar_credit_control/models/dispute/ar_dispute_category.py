from odoo import fields, models


class ArDisputeCategory(models.Model):
    """What customers object to, who answers for it, and within which time."""

    _name = "ar.dispute.category"
    _description = "Dispute Category"
    _order = "sequence, id"

    name = fields.Char(required=True, translate=True)
    sequence = fields.Integer(default=10)
    owner_role = fields.Selection(
        [
            ("sales", "Salesperson of the invoice"),
            ("collector", "Collector of the customer"),
            ("quality", "Quality"),
            ("logistics", "Logistics"),
            ("accounting", "Accounting"),
            ("manager", "Credit manager"),
        ],
        required=True,
        default="sales",
        help="Who has to answer. For quality, logistics and accounting, name the person of your company.",
    )
    user_id = fields.Many2one(
        "res.users",
        string="Person",
        company_dependent=True,
        domain=[("share", "=", False)],
        help="Who answers in the current company. Empty: by the role; where the role names "
        "nobody, the credit "
        "manager, who hands it on.",
    )
    deadline_days = fields.Integer(
        string="Working Days to Solve",
        default=10,
        required=True,
        help="By the working hours of the company. A judgement: adapt it to what you promise your customers.",
    )
    escalation_days = fields.Integer(
        string="Working Days Until the Manager",
        default=3,
        required=True,
        help="After the deadline the owner is reminded; so many working days later the credit manager.",
    )
    needs_confirmation = fields.Boolean(
        string="Needs a Confirmation Number",
        help="The credit note waits for a number of the tax authority, in China that of the red-letter "
        "confirmation (红字信息确认单).",
    )
    note = fields.Text(string="What to Ask For", translate=True, help="Shown to who records the dispute.")
    active = fields.Boolean(default=True)

    _days_positive = models.Constraint(
        "CHECK (deadline_days > 0 AND escalation_days >= 0)",
        "A dispute has at least one working day, and the manager hears of it after the deadline.",
    )
