from odoo import fields, models


class ResCompany(models.Model):
    _inherit = "res.company"

    interest_scheme_id = fields.Many2one(
        "ar.interest.scheme",
        string="Late Interest Scheme",
        ondelete="restrict",
        help="For customers whose profile and dunning policy say nothing else. Empty: no interest.",
    )
    interest_journal_id = fields.Many2one(
        "account.journal",
        string="Journal of Interest",
        domain="[('type', '=', 'sale')]",
        help="For debit notes of late interest. Empty: the first sales journal.",
    )
    interest_product_id = fields.Many2one(
        "product.product",
        help="On debit notes; gives the account where none is set.",
    )
    interest_fee_product_id = fields.Many2one("product.product", string="Fixed Sum Product")
    interest_account_id = fields.Many2one(
        "account.account",
        help="Income from late interest and fixed sums. Empty: the product's, else the journal's.",
    )
    interest_payment_days = fields.Integer(
        string="Days to Pay Debit Notes", default=14, help="Due date of debit notes of late interest."
    )

    _interest_payment_days_positive = models.Constraint(
        "CHECK (interest_payment_days >= 0)", "Days to pay are zero or more."
    )
