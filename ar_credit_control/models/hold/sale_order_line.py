from itertools import chain

from odoo import api, models
from odoo.exceptions import AccessError

# What may raise the total of an order, or what is supplied beyond it. Quantities invoiced do not.
WATCHED_FIELDS = {
    "order_id",
    "product_id",
    "product_uom_qty",
    "qty_delivered",
    "product_uom_id",
    "price_unit",
    "discount",
    "tax_ids",
    "display_type",
    "price_subtotal",
    "price_total",
}
# Stored results that exposure reads. The ORM lets everybody write them over RPC.
COMPUTED_FIGURES = {"price_subtotal", "price_tax", "price_total", "qty_invoiced", "state"}


class SaleOrderLine(models.Model):
    """A line that is added, changed or removed can raise a confirmed order above what was approved."""

    _inherit = "sale.order.line"

    @api.model_create_multi
    def create(self, vals_list):
        default = self.env.context.get("default_order_id")
        order_ids = {vals.get("order_id", default) for vals in vals_list}
        orders = self.env["sale.order"].browse(filter(None, order_ids))
        with orders._credit_watch_raise(WATCHED_FIELDS, WATCHED_FIELDS):
            lines = super().create(vals_list)
            lines._credit_compute_again(COMPUTED_FIGURES.intersection(chain.from_iterable(vals_list)))
            lines._credit_check_invoiced({})
        return lines

    def write(self, vals):
        orders = self.order_id if WATCHED_FIELDS.intersection(vals) else self.env["sale.order"]
        orders |= orders.browse(vals.get("order_id"))  # lines that move raise the order they move to
        invoiced = None
        if "invoice_lines" in vals:
            invoiced = {line: line.invoice_lines for line in self.sudo()}  # whatever the user may open
        with orders._credit_undo(invoiced is not None), orders._credit_watch_raise(vals, WATCHED_FIELDS):
            result = super().write(vals)
            self._credit_compute_again(COMPUTED_FIGURES.intersection(vals))
            if invoiced is not None:
                self._credit_check_invoiced(invoiced)
        return result

    def unlink(self):
        with self.order_id._credit_watch_raise(WATCHED_FIELDS, WATCHED_FIELDS):
            return super().unlink()

    def _credit_check_invoiced(self, before):
        """Who books no invoices says of no order that it was invoiced: invoices link their own orders.

        :param before: invoice lines of each order line before the change
        """
        if self.env.su or self.env.user.has_group("account.group_account_invoice"):
            return
        for line in self.sudo():  # invoices, whatever the user may open
            if line.invoice_lines - before.get(line, line.invoice_lines.browse()):
                raise AccessError(self.env._("Only invoicing says what of an order was invoiced."))

    def _credit_compute_again(self, names):
        """Compute stored results that were written by hand."""
        for name in names:
            self.env.add_to_compute(self._fields[name], self)
