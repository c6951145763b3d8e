from odoo import fields, models


class ArCreditRating(models.Model):
    """Ordered grade of credit worthiness, best first."""

    _name = "ar.credit.rating"
    _description = "Credit Rating"
    _order = "sequence, id"

    name = fields.Char(required=True, translate=True)
    description = fields.Char(translate=True, help="What customers of this grade are offered.")
    sequence = fields.Integer(default=10, help="The best grade comes first.")
    color = fields.Integer()
    active = fields.Boolean(default=True)
    score_from = fields.Float(
        help="A credit score from this value on gives this grade, up to the next better one. Between 0 and "
        "100."
    )
    payment_days = fields.Integer(
        string="Payment Days Allowed", help="Longest payment term for customers of this grade. Zero: prepaid."
    )
    limit_factor = fields.Float(
        string="Limit (× peak month)",
        help="The limit proposed for this grade is this multiple of the customer's best month of sales. "
        "Zero: no credit.",
    )
    review_interval = fields.Integer(
        string="Review Every (months)",
        default=12,
        help="Months until the credit of a customer is due for review.",
    )
    provision_factor = fields.Float(
        default=1.0, help="The loss rates of a provision matrix are multiplied by this factor for this grade."
    )
    is_unrated = fields.Boolean(
        string="Not Rated", help="Stands for customers that nobody has rated yet. New profiles start with it."
    )
    profile_count = fields.Integer(compute="_compute_profile_count")

    _figures_not_negative = models.Constraint(
        "CHECK (payment_days >= 0 AND limit_factor >= 0 AND review_interval >= 0 AND provision_factor >= 0)",
        "Days, months and factors of a rating cannot be negative.",
    )

    def _compute_profile_count(self):
        counts = dict(
            self.env["ar.credit.profile"]._read_group(
                [("rating_id", "in", self.ids)], ["rating_id"], ["__count"]
            )
        )
        for rating in self:
            rating.profile_count = counts.get(rating, 0)

    def _get_unrated(self):
        """Return the rating of customers that nobody has rated, empty when the company removed it."""
        return self.search([("is_unrated", "=", True)], limit=1)
