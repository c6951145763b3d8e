from odoo import fields, models


class ArCollectionRebalanceMove(models.TransientModel):
    """A case that would move to another collector."""

    _name = "ar.collection.rebalance.move"
    _description = "Case to Move"

    wizard_id = fields.Many2one("ar.collection.rebalance", required=True, ondelete="cascade")
    currency_id = fields.Many2one(related="wizard_id.currency_id")
    case_id = fields.Many2one("ar.collection.case", string="Customer", readonly=True)
    overdue = fields.Monetary(readonly=True)
    from_user_id = fields.Many2one("res.users", string="From", readonly=True)
    to_user_id = fields.Many2one("res.users", string="To", readonly=True)
