from odoo import api, fields, models
from odoo.exceptions import UserError


class ArCreditCloseRemainders(models.TransientModel):
    """Closes what is left of old orders, so that it no longer counts in the exposure."""

    _name = "ar.credit.close.remainders"
    _description = "Close Old Order Remainders"

    company_id = fields.Many2one(
        "res.company", required=True, readonly=True, default=lambda self: self.env.company._credit_root()
    )
    currency_id = fields.Many2one(related="company_id.currency_id")
    days = fields.Integer(
        string="Older Than (days)",
        required=True,
        default=180,
        help="Days since the order date, or since the promised delivery date where that is later.",
    )
    order_ids = fields.Many2many("sale.order", compute="_compute_order_ids")
    order_count = fields.Integer(string="Orders", compute="_compute_order_ids")
    amount = fields.Monetary(
        string="Not Counted Any More",
        compute="_compute_order_ids",
        help="What their remainders count in the exposure today.",
    )

    @api.depends("days", "company_id")
    def _compute_order_ids(self):
        for wizard in self:
            closed_lines = self.env["ar.credit.closed.line"]
            amounts = closed_lines._get_old_orders(wizard.company_id, max(wizard.days, 0))
            readable = self.env["sale.order"].search([("id", "in", list(amounts))])
            wizard.order_ids = readable
            wizard.order_count = len(readable)
            wizard.amount = sum(amounts[order.id] for order in readable)

    def action_close(self):
        """Close the remainders of the orders shown.

        :raise AccessError: for others than credit controllers
        """
        self.ensure_one()
        closed_lines = self.env["ar.credit.closed.line"]
        closed_lines._check_controller()
        closed = closed_lines._close(self.order_ids.sudo())  # sudo: rights were checked
        if not closed:
            raise UserError(self.env._("No order has an old remainder."))
        return {
            "type": "ir.actions.act_window",
            "name": self.env._("Orders With a Closed Remainder"),
            "res_model": "sale.order",
            "views": closed._credit_get_views(),
            "domain": [("id", "in", closed.ids)],
            "context": {"create": False},
        }
