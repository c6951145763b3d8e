from odoo import models

# The plain layout: the other one is headed by our own word for the record, and wider than a phone.
CUSTOMER_LAYOUT = "mail.mail_notification_layout"


class ArCustomerLinkMixin(models.AbstractModel):
    """Leads from a record with a ``partner_id`` to that customer, and to a mail to it."""

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

    def _get_mail_action(self, **defaults):
        """Return the dialogue of a mail to the customer, which stays in the history of this record.

        :param defaults: values of the mail by name of a field of ``mail.compose.message``
        """
        self.ensure_one()
        values = {
            "model": self._name,
            "res_ids": self.ids,
            "composition_mode": "comment",
            "email_layout_xmlid": CUSTOMER_LAYOUT,
            **defaults,
        }
        return {
            "type": "ir.actions.act_window",
            "name": self.env._("Mail to the Customer"),
            "res_model": "mail.compose.message",
            "views": [(False, "form")],
            "target": "new",
            "context": {f"default_{name}": value for name, value in values.items()},
        }
