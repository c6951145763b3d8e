from odoo import api, fields, models
from odoo.exceptions import UserError


class ArCollectionActivityItem(models.Model):
    """An instalment that a customer says is paid."""

    _name = "ar.collection.activity.item"
    _description = "Item Said to Be Paid"
    _inherit = ["ar.item.mixin", "ar.own.customer.mixin"]
    _order = "date_maturity, id"

    activity_id = fields.Many2one(
        "ar.collection.activity", required=True, readonly=True, index=True, ondelete="restrict"
    )
    amount = fields.Monetary(string="Open Then", readonly=True)
    pauses = fields.Boolean(
        readonly=True, help="Off: the customer said so shortly before, letters do not wait again."
    )

    @api.ondelete(at_uninstall=False)
    def _unlink_never(self):
        raise UserError(self.env._("Contacts are kept as evidence: correct what was logged by mistake."))
