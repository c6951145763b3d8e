from odoo import fields, models
from odoo.exceptions import UserError

# What changes what an order will bring, or for whom.
CHANGES = {"partner_id", "partner_invoice_id", "currency_id", "company_id", "fiscal_position_id"}


class SaleOrder(models.Model):
    """Controllers close remainders of orders that will never be invoiced, so that they no longer count."""

    _inherit = "sale.order"

    credit_remainder_closed = fields.Boolean(
        string="Remainder Closed for Credit",
        compute="_compute_credit_remainder_closed",
        search="_search_credit_remainder_closed",
        compute_sudo=True,
        groups="ar_credit_control.group_credit_user",
        help="What is left of the order will not be invoiced and does not count in the credit exposure.",
    )

    def _compute_credit_remainder_closed(self):
        closed = self.env["ar.credit.closed.line"].search([("order_id", "in", self.ids)]).order_id
        for order in self:
            order.credit_remainder_closed = order._origin in closed

    def _search_credit_remainder_closed(self, operator, value):
        if operator != "in":
            return NotImplemented
        return self.env["ar.credit.closed.line"]._search_orders(True in value)

    def write(self, vals):
        result = super().write(vals)
        if CHANGES & vals.keys() or vals.get("state", "sale") != "sale":
            self.env["ar.credit.closed.line"]._reopen(self)
        return result

    def _credit_get_views(self):
        """Return the views that open orders: who does not sell reads a form without what sales may read."""
        form = False
        if not self.env.user.has_group("sales_team.group_sale_salesman"):
            form = self.env.ref("ar_credit_control.sale_order_view_form_credit").id
        return [(False, "list"), (form, "form")]

    def action_credit_close_remainder(self):
        """Close what is left of orders that will not be invoiced any more.

        :raise AccessError: for others than credit controllers
        """
        self.env["ar.credit.closed.line"]._check_controller()
        self.check_access("read")
        if not self.env["ar.credit.closed.line"]._close(self.sudo()):  # sudo: rights were checked
            raise UserError(self.env._("Nothing is left of this order that would count."))
        return True

    def action_credit_reopen_remainder(self):
        """Let what is left of orders count again."""
        self.env["ar.credit.closed.line"]._check_controller()
        self.check_access("read")
        self.env["ar.credit.closed.line"]._reopen(self)
        return True
