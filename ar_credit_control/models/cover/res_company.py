from odoo import fields, models


class ResCompany(models.Model):
    _inherit = "res.company"

    credit_bill_bank_share = fields.Float(
        string="Bank Acceptances Counted (%)",
        digits=(5, 2),
        default=0.0,
        help="Share of bills accepted by a bank (银行承兑汇票) that counts in the exposure until maturity.",
    )
    credit_bill_commercial_share = fields.Float(
        string="Commercial Acceptances Counted (%)",
        digits=(5, 2),
        default=100.0,
        help="Share of bills accepted by a company (商业承兑汇票) that counts in the exposure until "
        "maturity.",
    )
    credit_cover_warn_days = fields.Integer(
        string="Warn Before Cover Ends (days)",
        default=30,
        help="Days before a security expires, or its guarantor has to be claimed, that a person is told.",
    )
    credit_report_warn_days = fields.Integer(
        string="Warn Before Insurer's Deadline (days)",
        default=10,
        help="Days before overdue items have to be reported to the credit insurer that a person is told.",
    )
    credit_bill_warn_days = fields.Integer(
        string="Warn Before Bills Mature (days)",
        default=7,
        help="Days before the maturity of a bill held that a person is told to present it.",
    )

    _credit_cover_settings = models.Constraint(
        """CHECK (credit_bill_bank_share BETWEEN 0 AND 100 AND credit_bill_commercial_share BETWEEN 0 AND 100
                  AND credit_cover_warn_days >= 0 AND credit_report_warn_days >= 0
                  AND credit_bill_warn_days >= 0)""",
        "Shares of bills counted lie between 0 and 100 %, and days of warning are zero or more.",
    )
