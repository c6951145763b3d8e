from odoo import api, fields, models


class ArProvisionAssessmentFlow(models.Model):
    """Cash expected from a customer, with the probability that it comes."""

    _name = "ar.provision.assessment.flow"
    _description = "Expected Cash of an Assessment"
    _inherit = ["ar.approval.part.mixin"]
    _order = "assessment_id, date, id"

    _approved_field = "assessment_id"

    assessment_id = fields.Many2one("ar.provision.assessment", required=True, index=True, ondelete="cascade")
    company_id = fields.Many2one(related="assessment_id.company_id", store=True, index=True)
    currency_id = fields.Many2one(related="assessment_id.currency_id")
    date = fields.Date(required=True, default=fields.Date.context_today)
    amount = fields.Monetary(required=True)
    probability = fields.Float(string="Probability (%)", default=100.0, digits=(12, 4), required=True)
    present_value = fields.Monetary(
        compute="_compute_present_value",
        help="Amount × probability, discounted to the first day of the assessment.",
    )
    note = fields.Char(help="Where it comes from: debtor, security, insolvency quota.")

    _in_range = models.Constraint(
        "CHECK (amount >= 0 AND probability BETWEEN 0 AND 100)",
        "Expected cash is zero or more, its probability between 0 and 100 %.",
    )

    @api.depends("amount", "probability", "date", "assessment_id.discount_rate", "assessment_id.date_from")
    def _compute_present_value(self):
        for flow in self:
            flow.present_value = flow._get_present_value(flow.assessment_id.date_from)

    @api.model
    def _get_fixed_text(self):
        return self.env._("Expected cash is fixed once the assessment was submitted: make a new one.")

    def _get_present_value(self, date):
        """Return amount × probability, discounted from its day to ``date`` at the assessment's rate."""
        self.ensure_one()
        years = ((self.date - date).days / 365) if self.date and date else 0
        rate = 1 + self.assessment_id.discount_rate / 100
        return self.amount * self.probability / 100 / rate ** max(years, 0)
