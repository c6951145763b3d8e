from odoo import api, fields, models
from odoo.exceptions import ValidationError


class ArDisputeRecordLine(models.TransientModel):
    """An open item in the form that records a dispute."""

    _name = "ar.dispute.record.line"
    _description = "Item of a Dispute to Record"
    _order = "date_maturity, id"

    record_id = fields.Many2one("ar.dispute.record", required=True, ondelete="cascade")
    item = fields.Integer(required=True, readonly=True, help="Id of the row of the ageing.")
    move_id = fields.Many2one("account.move", string="Entry", readonly=True)
    name = fields.Char(string="Number", readonly=True)
    date_maturity = fields.Date(string="Due Date", readonly=True)
    days_overdue = fields.Integer(readonly=True)
    currency_id = fields.Many2one("res.currency", readonly=True)
    amount_due = fields.Monetary(string="Open", readonly=True)
    amount_left = fields.Monetary(
        string="Not in Dispute Yet", readonly=True, help="Open amount less what is in dispute already."
    )
    amount = fields.Monetary(
        string="Disputed", help="The part that the customer objects to; the rest stays due."
    )

    @api.constrains("amount")
    def _check_amount(self):
        if any(line.amount < 0 for line in self):
            raise ValidationError(self.env._("A disputed amount is more than zero."))

    def action_all(self):
        """Dispute all of this item."""
        self.ensure_one()
        self.amount = max(self.amount_left, 0.0)
        return {
            "type": "ir.actions.act_window",
            "name": self.env._("Record a Dispute"),
            "res_model": "ar.dispute.record",
            "res_id": self.record_id.id,
            "views": [(False, "form")],
            "target": "new",
        }
