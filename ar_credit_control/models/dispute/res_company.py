from odoo import fields, models


class ResCompany(models.Model):
    _inherit = "res.company"

    credit_dispute_grace_days = fields.Integer(
        string="Grace After a Rejected Dispute (days)",
        default=7,
        help="Days after a dispute was rejected on which its items are not asked for yet.",
    )

    _credit_dispute_settings = models.Constraint(
        "CHECK (credit_dispute_grace_days >= 0)", "Days of grace are zero or more."
    )
