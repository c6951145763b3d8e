from odoo import models


class SaleOrderLine(models.Model):
    _inherit = "sale.order.line"

    # Exposure reads the open lines only; the condition is that of ar.credit.exposure._open_line_sql().
    _credit_open_idx = models.Index(
        "(order_id) WHERE state = 'sale' AND display_type IS NULL"
        " AND (is_downpayment AND qty_invoiced != 0 OR qty_invoiced < GREATEST(product_uom_qty, "
        "qty_delivered))"
    )
