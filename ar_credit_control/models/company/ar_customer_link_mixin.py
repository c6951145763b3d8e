from odoo import models


class ArCustomerLinkMixin(models.AbstractModel):
    """Leads from a record with a ``partner_id`` to that customer."""

    _name = "ar.customer.link.mixin"
    _description = "Link to the Customer"

    def action_open_customer(self):
        """Open the customer of this record."""
        self.ensure_one()
        return {
            "type": "ir.actions.act_window",
            "res_model": "res.partner",
            "res_id": self.partner_id.id,
            "views": [(False, "form")],
        }
