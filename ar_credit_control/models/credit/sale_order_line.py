from odoo import api, models

# What changes what a line will bring. Quantities delivered or invoiced do not.
CHANGES = {
    "order_id",
    "product_id",
    "product_uom_qty",
    "product_uom_id",
    "price_unit",
    "discount",
    "tax_ids",
    "display_type",
}


class SaleOrderLine(models.Model):
    _inherit = "sale.order.line"

    # Exposure reads the open lines only; the condition is that of ar.credit.exposure._open_line_sql().
    _credit_open_idx = models.Index(
        "(order_id) WHERE state = 'sale' AND display_type IS NULL"
        " AND (is_downpayment AND qty_invoiced != 0 OR qty_invoiced < GREATEST(product_uom_qty, "
        "qty_delivered))"
    )

    @api.model_create_multi
    def create(self, vals_list):
        lines = super().create(vals_list)
        lines.filtered(lambda line: not line.is_downpayment)._credit_reopen_remainders()
        return lines

    def write(self, vals):
        if not CHANGES & vals.keys():
            return super().write(vals)
        orders = self._credit_get_changed_orders()
        result = super().write(vals)
        self._credit_reopen_remainders(orders)
        return result

    def _credit_get_changed_orders(self):
        return self.filtered(lambda line: line.state == "sale").order_id

    def _credit_reopen_remainders(self, orders=None):
        """A remainder was closed for what the order said: once it changes, it counts again."""
        orders = self._credit_get_changed_orders() | (orders or self.env["sale.order"])
        if orders:
            self.env["ar.credit.closed.line"]._reopen(orders)
