from odoo import fields, models


class ArPaymentPlanItem(models.Model):
    """An instalment of an invoice that a plan or a deferral is about."""

    _name = "ar.payment.plan.item"
    _description = "Item of a Payment Plan"
    _inherit = ["ar.item.mixin"]
    _order = "plan_id, date_maturity, id"

    plan_id = fields.Many2one(
        "ar.payment.plan", required=True, readonly=True, index=True, ondelete="restrict"
    )
    amount_open = fields.Monetary(
        string="Open When Agreed", readonly=True, help="Payments are counted from there."
    )

    _plan_move_idx = models.Index("(move_id, plan_id)")
