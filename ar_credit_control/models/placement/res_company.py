from odoo import fields, models


class ResCompany(models.Model):
    _inherit = "res.company"

    credit_limitation_warn_days = fields.Integer(
        string="Warn Before Limitation (days)",
        default=90,
        help="Days before the last day to sue that who collects from the customer is told.",
    )
    credit_limitation_last_days = fields.Integer(
        string="Last Warning Before Limitation (days)", default=30, help="Days before, for the second time."
    )

    _credit_limitation_settings = models.Constraint(
        "CHECK (credit_limitation_warn_days >= 0 AND credit_limitation_last_days >= 0)",
        "Days of warning are zero or more.",
    )
