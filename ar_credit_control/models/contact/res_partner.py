from odoo import fields, models

COLLECTION_ROLES = [
    ("first", "First contact"),
    ("payables", "Payables"),
    ("approver", "Approver"),
    ("legal", "Legal representative"),
]


class ResPartner(models.Model):
    """Who is who when it comes to payment, and contacts logged from the customer."""

    _inherit = "res.partner"

    collection_role = fields.Selection(
        COLLECTION_ROLES,
        string="Role in Payment",
        groups="base.group_user",
        help="First contact: whom we call. Payables: who enters invoices. Approver: who releases payments. "
        "Letters are addressed by it, statements of account to payables.",
    )

    def action_log_contact(self):
        """Open the dialog that logs a contact with this customer.

        :raise AccessError: for who may not log contacts with this customer
        """
        self.ensure_one()
        return self.env["ar.collection.contact"]._open_form(self, self.env.company)
