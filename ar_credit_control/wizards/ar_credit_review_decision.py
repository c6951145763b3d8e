from odoo import api, fields, models


class ArCreditReviewDecision(models.TransientModel):
    """Asks for the words of a decision; the reviews' own methods decide and check who may."""

    _name = "ar.credit.review.decision"
    _description = "Decision on a Credit Review"

    decision = fields.Selection(
        [("approve", "Approve"), ("refuse", "Refuse")], required=True, default="approve"
    )
    review_ids = fields.Many2many("ar.credit.review", string="Reviews")
    count = fields.Integer(compute="_compute_count")
    note = fields.Char()

    @api.depends("review_ids")
    def _compute_count(self):
        for wizard in self:
            wizard.count = len(wizard.review_ids)

    def action_apply(self):
        self.ensure_one()
        if self.decision == "approve":
            self.review_ids.action_approve(self.note)
        else:
            self.review_ids.action_refuse(self.note)
        return {"type": "ir.actions.act_window_close"}
