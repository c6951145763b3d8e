from odoo import api, fields, models
from odoo.exceptions import AccessError, UserError


class ArLimitationEventLine(models.Model):
    """An item that an event for limitation is about."""

    _name = "ar.limitation.event.line"
    _description = "Item of an Event for Limitation"
    _inherit = ["ar.item.mixin"]
    _order = "date_maturity, id"

    event_id = fields.Many2one(
        "ar.limitation.event", required=True, readonly=True, index=True, ondelete="restrict"
    )
    amount_open = fields.Monetary(string="Open Then", readonly=True)

    @api.model_create_multi
    def create(self, vals_list):
        if not self.env.su:
            raise AccessError(self.env._("Record it from the list of limitation dates: it knows the items."))
        return super().create(vals_list)

    def write(self, vals):
        if not self.env.su:
            raise AccessError(self.env._("What was recorded stays: withdraw it and record it anew."))
        return super().write(vals)

    @api.ondelete(at_uninstall=False)
    def _unlink_never(self):
        raise UserError(self.env._("What matters for limitation is kept as evidence: withdraw it instead."))
