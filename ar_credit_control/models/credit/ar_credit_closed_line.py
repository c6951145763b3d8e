from odoo import api, fields, models
from odoo.exceptions import AccessError
from odoo.fields import Domain
from odoo.tools import SQL
from odoo.tools.misc import formatLang


class ArCreditClosedLine(models.Model):
    """The remainder of an order line that will never be invoiced and no longer counts in the exposure.

    It covers what was ordered and delivered when it was closed: what is delivered later counts again. A
    change of the order opens it again. Rows are kept as evidence; at most one of a line is active.
    """

    _name = "ar.credit.closed.line"
    _description = "Order Remainder Closed for Credit"
    _order = "id DESC"
    _rec_name = "order_id"

    order_line_id = fields.Many2one("sale.order.line", required=True, readonly=True, ondelete="cascade")
    order_id = fields.Many2one("sale.order", required=True, readonly=True, index=True, ondelete="cascade")
    company_id = fields.Many2one("res.company", required=True, readonly=True, index=True, ondelete="restrict")
    currency_id = fields.Many2one("res.currency", readonly=True, ondelete="restrict")
    delivered = fields.Float(
        digits="Product Unit", readonly=True, help="Delivered when it was closed: more than this counts."
    )
    amount = fields.Monetary(readonly=True, help="What the line still counted, with taxes.")
    active = fields.Boolean(default=True, readonly=True)

    _order_line_uniq = models.UniqueIndex("(order_line_id) WHERE active")

    @api.model
    def _close(self, orders):
        """Close the remainders of orders, in one statement, and say so on them. Internal: no access check.

        :return: orders of which something was closed
        """
        if not orders:
            return orders
        exposure = self.env["ar.credit.exposure"]
        exposure._flush_orders()
        rows = self.env.execute_query(
            SQL(
                """
                WITH closed AS (
                    INSERT INTO ar_credit_closed_line AS closed
                           (order_line_id, order_id, company_id, currency_id, delivered, amount, active,
                            create_uid, create_date, write_uid, write_date)
                    SELECT line.id, line.sale_id, sale.company_id, line.currency_id, line.qty_delivered,
                           %(amount)s, TRUE,
                           %(uid)s, NOW() AT TIME ZONE 'UTC', %(uid)s, NOW() AT TIME ZONE 'UTC'
                      FROM (%(lines)s) line
                      JOIN sale_order sale ON sale.id = line.sale_id
                     WHERE line.sale_id IN %(order_ids)s AND NOT line.is_downpayment AND %(amount)s > 0
                  ORDER BY line.id
               ON CONFLICT (order_line_id) WHERE active
                 DO UPDATE SET delivered = EXCLUDED.delivered, amount = closed.amount + EXCLUDED.amount
                 RETURNING order_id, amount
                )
                SELECT order_id, SUM(amount)::float8 FROM closed GROUP BY order_id
                """,
                uid=self.env.uid,
                amount=exposure._open_line_amount_sql(),
                lines=exposure._open_line_rows_sql(),
                order_ids=tuple(orders.ids),
            )
        )
        self.invalidate_model()
        amounts = dict(rows)
        closed = orders.browse(amounts)
        closed.sudo()._message_log_batch(  # sudo: who decides on credit does not write orders
            bodies={
                order.id: self.env._(
                    "The remainder of %(amount)s no longer counts in the credit exposure: it will not be "
                    "invoiced.",
                    amount=formatLang(self.env, amounts[order.id], currency_obj=order.currency_id),
                )
                for order in closed.sudo()  # sudo: as above
            }
        )
        orders.partner_invoice_id._invalidate_credit_figures()
        return closed

    @api.model
    def _reopen(self, orders):
        """Let the remainders of orders count again, and say so on them. Internal: no access check."""
        rows = self.sudo().search([("order_id", "in", orders.ids)])  # sudo: whoever changes an order
        if not rows:
            return
        reopened = rows.order_id
        rows.write({"active": False})
        body = self.env._("The remainder counts in the credit exposure again.")
        reopened._message_log_batch(bodies=dict.fromkeys(reopened.ids, body))
        reopened.partner_invoice_id._invalidate_credit_figures()

    @api.model
    def _get_old_orders(self, root, days):
        """Return confirmed orders from before some days of which something is left, and how much.

        :param root: root company; the orders of its branches count
        :return: ``{order id: amount in root currency at today's rate}``
        """
        exposure = self.env["ar.credit.exposure"]
        exposure._flush_orders()
        rows = SQL(
            """
            SELECT line.sale_id AS partner_id, line.company_id, line.currency_id, %(amount)s AS amount
              FROM (%(lines)s) line
              JOIN sale_order sale ON sale.id = line.sale_id
             WHERE line.company_id = %(root_id)s
               AND GREATEST(sale.date_order, sale.commitment_date) < %(before)s
               AND NOT line.is_downpayment
               AND %(amount)s > 0
            """,
            amount=exposure._open_line_amount_sql(),
            lines=exposure._open_line_rows_sql(),
            root_id=root.id,
            before=fields.Date.subtract(root._credit_today(), days=days),
        )
        query = SQL(
            'SELECT partner_id, "order"::float8 FROM (%s) old ORDER BY partner_id',
            exposure._converted_sql(rows, "order"),
        )
        return dict(self.env.execute_query(query))

    @api.model
    def _check_controller(self):
        if not self.env.user.has_group("ar_credit_control.group_credit_controller"):
            raise AccessError(self.env._("Credit controllers decide which remainders no longer count."))

    @api.model
    def _search_orders(self, closed):
        """Return the domain of orders with a closed remainder, or of the others."""
        domain = Domain("id", "in", self.sudo()._search([]).subselect("order_id"))  # sudo: existence
        return domain if closed else ~domain
