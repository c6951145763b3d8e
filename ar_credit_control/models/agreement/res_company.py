from odoo import api, fields, models, tools


class ResCompany(models.Model):
    """How promises and plans are judged; read from the root company for its branches."""

    _inherit = "res.company"

    credit_promise_tolerance_days = fields.Integer(
        string="Promise Tolerance (days)",
        default=3,
        help="A promise is kept when the payment is matched by so many days after the promised date.",
    )
    credit_promise_tolerance_percent = fields.Float(
        string="Promise Tolerance (%)",
        digits=(5, 2),
        default=1.0,
        help="So much of a promised amount may be missing, as for bank charges. Zero: not by share.",
    )
    credit_promise_tolerance_amount = fields.Monetary(
        string="Promise Tolerance (amount)",
        help="So much may be missing. With a share too, the smaller of both counts. Zero: not by amount.",
    )
    credit_promise_partly_broken = fields.Boolean(
        string="Partly Kept Counts as Broken",
        help="For the credit rule and the score: a promise of which only a part was paid counts as broken.",
    )
    credit_plan_grace_days = fields.Integer(
        string="Grace for Instalments (days)",
        default=5,
        help="An instalment of a plan, or a deferred payment, is missed when it is not matched by so many "
        "days after its date. That ends the plan.",
    )
    credit_agreements_spare_holds = fields.Boolean(
        string="Agreements Let Orders Pass",
        default=True,
        help="What is promised, deferred, on a plan or in dispute is not overdue for the credit rules while "
        "that lasts. It stays in the exposure.",
    )

    _credit_promise_tolerance = models.Constraint(
        """CHECK (COALESCE(credit_promise_tolerance_days, 0) >= 0
              AND COALESCE(credit_promise_tolerance_percent, 0) BETWEEN 0 AND 100
              AND COALESCE(credit_promise_tolerance_amount, 0) >= 0
              AND COALESCE(credit_plan_grace_days, 0) >= 0)""",
        "Tolerances and days of grace are zero or more, a share 100 % at most.",
    )

    @api.model_create_multi
    def create(self, vals_list):
        companies = super().create(vals_list)
        self.env.registry.clear_cache()
        return companies

    def write(self, vals):
        result = super().write(vals)
        if "credit_agreements_spare_holds" in vals:
            self.env.registry.clear_cache()
        return result

    @api.model
    @tools.ormcache()
    def _get_sparing_roots(self):
        """Return the ids of root companies whose overdue rules leave out what is agreed or in dispute."""
        domain = [("parent_id", "=", False), ("credit_agreements_spare_holds", "=", True)]
        return tuple(self.sudo().search(domain).ids)  # sudo: settings of all companies decide their own rows
