from odoo import fields, models


class ArCollectionHandover(models.TransientModel):
    """Dialog that gives cases to a colleague."""

    _name = "ar.collection.handover"
    _description = "Hand Over Cases"

    case_ids = fields.Many2many("ar.collection.case", required=True)
    user_id = fields.Many2one(
        "res.users", string="Hand Over To", required=True, domain="[('share', '=', False)]"
    )
    note = fields.Text(help="What the colleague should know; it is noted on each case.")

    def action_apply(self):
        """Hand the cases over."""
        self.ensure_one()
        self.case_ids._hand_over(self.user_id, self.note)
        return {"type": "ir.actions.act_window_close"}
