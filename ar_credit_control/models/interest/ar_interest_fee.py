from odoo import fields, models


class ArInterestFee(models.Model):
    """The fixed sum for recovery costs of a claim, by the amount that was overdue; once a claim.

    EUR 40 (directive 2011/7/EU, article 6); GBP 40, 70 or 100 (Late Payment of Commercial Debts Act 1998,
    section 5A).
    """

    _name = "ar.interest.fee"
    _description = "Fixed Sum per Claim"
    _order = "scheme_id, amount_from, id"
    _rec_name = "amount"

    scheme_id = fields.Many2one("ar.interest.scheme", required=True, index=True, ondelete="cascade")
    currency_id = fields.Many2one(related="scheme_id.currency_id")
    amount_from = fields.Monetary(
        string="Claims From",
        help="The sum applies to instalments of this amount and above.",
        aggregator=False,
    )
    amount = fields.Monetary(string="Fixed Sum", required=True, aggregator=False)

    _amounts_positive = models.Constraint(
        "CHECK (amount_from >= 0 AND amount > 0)", "Fixed sums are above zero, their bands zero or more."
    )
    _band_uniq = models.Constraint(
        "UNIQUE (scheme_id, amount_from)", "Two fixed sums of a scheme begin at the same amount."
    )
