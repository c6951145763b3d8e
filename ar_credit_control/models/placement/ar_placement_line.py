from odoo import api, fields, models
from odoo.exceptions import AccessError, UserError


class ArPlacementLine(models.Model):
    """An instalment that is handed over, with what was open of it on that day."""

    _name = "ar.placement.line"
    _description = "Item Handed Over"
    _inherit = ["ar.item.mixin", "ar.own.customer.mixin"]
    _order = "date_maturity, id"

    placement_id = fields.Many2one(
        "ar.placement", required=True, readonly=True, index=True, ondelete="restrict"
    )
    company_currency_id = fields.Many2one(related="placement_id.currency_id", string="Company Currency")
    amount = fields.Monetary(string="Handed Over", readonly=True, help="In the currency of the entry.")
    amount_company = fields.Monetary(
        string="In Company Currency", readonly=True, currency_field="company_currency_id"
    )
    amount_open = fields.Monetary(string="Still Open", compute="_compute_figures")
    amount_recovered = fields.Monetary(
        string="Recovered", compute="_compute_figures", currency_field="company_currency_id"
    )

    _item_uniq = models.UniqueIndex(
        "(placement_id, move_id, partner_id, date_maturity, move_line_id)",
        "An item stands in a placement once.",
    )

    def _compute_figures(self):
        figures = self.placement_id._get_line_figures()
        for line in self:
            open_amount, _company, recovered = figures.get(line._origin.id, (0.0, 0.0, 0.0))
            line.amount_open = open_amount
            line.amount_recovered = recovered

    @api.model_create_multi
    def create(self, vals_list):
        if not self.env.su:
            raise AccessError(self.env._("Hand items over from the case or the open items."))
        return super().create(vals_list)

    def write(self, vals):
        if not self.env.su:
            raise AccessError(self.env._("Items of a placement stay as they were handed over."))
        return super().write(vals)

    @api.ondelete(at_uninstall=False)
    def _unlink_never(self):
        raise UserError(self.env._("Placements are kept as evidence: cancel or recall them."))

    @api.model
    def _prepare_line_values(self, item):
        """Return the values of a line for ``item``, a row of ``ar.aging.report``."""
        return {
            **self._prepare_item_values(item),
            "amount": item.amount_currency,
            "amount_company": item.amount,
        }

    @api.model
    def _find_active(self, items):
        """Return lines of placements that run or wait for approval and hold one of these items."""
        lines = self.sudo().search(  # sudo: whether they are handed over, by whomever
            [
                ("move_id", "in", items.move_id.ids),
                ("placement_id.state", "in", ("draft", "submitted", "placed")),
            ]
        )
        keys = {(item.move_id, item.partner_id, item.date_maturity) for item in items}
        return lines.filtered(lambda line: line._get_item_key() in keys)

    def _refresh_amounts(self):
        """Take what is open now: payments since the draft are not handed over.

        :raise UserError: when nothing is open any more
        """
        figures = self.placement_id._get_line_figures()
        for line in self:
            amount, amount_company, _recovered = figures.get(line.id, (0.0, 0.0, 0.0))
            line.write({"amount": max(amount, 0.0), "amount_company": max(amount_company, 0.0)})
        if not any(self.mapped("amount")):
            raise UserError(self.env._("Everything is paid meanwhile: cancel the placement."))
