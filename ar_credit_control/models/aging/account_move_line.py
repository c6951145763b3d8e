from odoo import models


class AccountMoveLine(models.Model):
    _inherit = "account.move.line"

    # The items with a residual: few beside core's index of unreconciled items, which holds those of every
    # account that is never reconciled. The condition is that of ar.aging.report._open_items_sql().
    _ar_open_item_idx = models.Index(
        "(partner_id) WHERE parent_state = 'posted' AND reconciled IS NOT TRUE"
        " AND (amount_residual != 0 OR amount_residual_currency != 0)"
    )
    # Of ar.aging.report._draft_matching_sql(): matched items of entries that were set back to draft.
    _ar_draft_matched_idx = models.Index("(id) WHERE parent_state = 'draft' AND matching_number IS NOT NULL")
