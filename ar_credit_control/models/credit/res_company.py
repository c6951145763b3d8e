from odoo import fields, models


class ResCompany(models.Model):
    _inherit = "res.company"

    credit_in_transit = fields.Boolean(
        string="Count Payments Not Cleared",
        help="Customer payments that settle invoices but that no bank statement shows yet keep counting in "
        "the "
        "exposure until they clear.",
    )
