from odoo import api, fields, models
from odoo.fields import Domain
from odoo.tools import SQL


class ArOwnCustomerMixin(models.AbstractModel):
    """Tells the user's own customers; record rules and filters of models with a ``partner_id`` use it."""

    _name = "ar.own.customer.mixin"
    _description = "Own Customers"

    own_customer = fields.Boolean(
        compute="_compute_own_customer",
        search="_search_own_customer",
        help="The user is the salesperson of the customer or of one of its orders.",
    )

    @api.depends("partner_id")
    @api.depends_context("uid")
    def _compute_own_customer(self):
        own = self.search([("id", "in", self.ids), ("own_customer", "in", [True])])
        for record in self:
            record.own_customer = record in own

    @api.model
    def _search_own_customer(self, operator, value):
        """Customers whose salesperson, on the contact, the profile or an order, is the user."""
        if operator != "in":
            return NotImplemented
        own = self._own_customers_sql()
        domain = Domain.custom(
            to_sql=lambda model, alias, query: SQL("%s IN (%s)", SQL.identifier(alias, "partner_id"), own)
        )
        return domain if True in value else ~domain

    @api.model
    def _own_customers_sql(self) -> SQL:
        """Return the ids of the user's own customers; pending changes are written first."""
        own = SQL(
            """
            SELECT partner.commercial_partner_id FROM res_partner partner WHERE partner.user_id = %(uid)s
             UNION
            SELECT profile.partner_id FROM ar_credit_profile profile WHERE profile.salesperson_id = %(uid)s
             UNION
            SELECT partner.commercial_partner_id
              FROM sale_order sale
              JOIN res_partner partner ON partner.id = sale.partner_invoice_id
             WHERE sale.user_id = %(uid)s
            """,
            uid=self.env.uid,
        )
        for model, names in (
            ("res.partner", ["commercial_partner_id", "user_id"]),
            ("ar.credit.profile", ["partner_id", "salesperson_id"]),
            ("sale.order", ["partner_invoice_id", "user_id"]),
        ):
            self.env[model].flush_model(names)
        return own
