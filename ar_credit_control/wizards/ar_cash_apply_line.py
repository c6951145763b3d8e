from odoo import api, fields, models


class ArCashApplyLine(models.TransientModel):
    """An open item that a receipt may pay."""

    _name = "ar.cash.apply.line"
    _description = "Item a Receipt May Pay"
    _order = "sequence, id"

    wizard_id = fields.Many2one("ar.cash.apply", required=True, ondelete="cascade")
    sequence = fields.Integer()
    chosen = fields.Boolean(string="Pays")
    item_id = fields.Many2one("ar.aging.report", required=True, readonly=True)
    move_name = fields.Char(string="Number", related="item_id.move_name", related_sudo=False)
    ref = fields.Char(related="item_id.ref", related_sudo=False)
    date_maturity = fields.Date(related="item_id.date_maturity", related_sudo=False)
    days_overdue = fields.Integer(string="Days", related="item_id.days_overdue", related_sudo=False)
    currency_id = fields.Many2one(related="item_id.currency_id", related_sudo=False)
    receipt_currency_id = fields.Many2one(related="wizard_id.currency_id", string="Currency of the Receipt")
    amount_open = fields.Monetary(string="Open", related="item_id.amount_currency", related_sudo=False)
    amount = fields.Monetary(
        string="Takes",
        compute="_compute_amount",
        currency_field="receipt_currency_id",
    )

    @api.depends("wizard_id.line_ids.chosen", "wizard_id.line_ids.sequence")
    def _compute_amount(self):
        shares = self.wizard_id._get_shares()
        for line in self:
            line.amount = shares.get(line, 0.0)
