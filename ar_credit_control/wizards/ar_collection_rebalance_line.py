from odoo import fields, models


class ArCollectionRebalanceLine(models.TransientModel):
    """The load of one collector before and after; the line without a name: cases of nobody."""

    _name = "ar.collection.rebalance.line"
    _description = "Load of a Collector"

    wizard_id = fields.Many2one("ar.collection.rebalance", required=True, ondelete="cascade")
    currency_id = fields.Many2one(related="wizard_id.currency_id")
    user_id = fields.Many2one("res.users", string="Collector", readonly=True)
    count_before = fields.Integer(string="Cases Now", readonly=True)
    overdue_before = fields.Monetary(string="Overdue Now", readonly=True)
    count_after = fields.Integer(string="Cases Then", readonly=True)
    overdue_after = fields.Monetary(string="Overdue Then", readonly=True)
