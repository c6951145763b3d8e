from odoo import models


class AccountPayment(models.Model):
    _inherit = "account.payment"

    # Exposure counts the payments of one customer that no bank statement shows yet.
    _credit_in_transit_idx = models.Index("(partner_id) WHERE is_matched IS NOT TRUE")
