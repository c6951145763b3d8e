from odoo import models


class AccountMove(models.Model):
    _inherit = "account.move"

    # Exposure counts the drafts of one customer, without reading posted history.
    _credit_draft_idx = models.Index("(partner_id) WHERE state = 'draft'")
