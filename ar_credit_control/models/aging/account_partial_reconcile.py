from odoo import models


class AccountPartialReconcile(models.Model):
    _inherit = "account.partial.reconcile"

    # The ageing of a past date undoes the matchings after it; core has no index to find them.
    _ar_max_date_idx = models.Index("(max_date)")
