from odoo import api, fields, models
from odoo.exceptions import ValidationError


class ArCollectionContactLine(models.TransientModel):
    """An open item in the dialog that logs a contact, and how much of it the customer objects to."""

    _name = "ar.collection.contact.line"
    _description = "Disputed Item of a Contact"
    _order = "date_maturity, id"

    dialog_id = fields.Many2one("ar.collection.contact", required=True, ondelete="cascade")
    item = fields.Integer(required=True, help="Id of the row of the ageing.")
    name = fields.Char(string="Number")
    date_maturity = fields.Date(string="Due Date")
    currency_id = fields.Many2one("res.currency")
    amount_left = fields.Monetary(string="Open", help="Without what is in dispute already.")
    whole = fields.Boolean(string="All")
    amount = fields.Monetary(
        string="Disputed",
        compute="_compute_amount",
        store=True,
        readonly=False,
        help="The part that the customer objects to; the rest stays due.",
    )

    @api.depends("whole")
    def _compute_amount(self):
        for line in self:
            if line.whole:
                line.amount = line.amount_left
            elif line.currency_id and not line.currency_id.compare_amounts(line.amount, line.amount_left):
                line.amount = 0.0

    @api.onchange("amount")
    def _onchange_amount(self):
        """A part that is typed is not all of it."""
        currency = self.currency_id or self.env.company.currency_id
        self.whole = bool(self.amount) and not currency.compare_amounts(self.amount, self.amount_left)

    @api.constrains("amount")
    def _check_amount(self):
        if any(line.amount < 0 for line in self):
            raise ValidationError(self.env._("A disputed amount is more than zero."))
