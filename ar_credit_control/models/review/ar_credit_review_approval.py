from odoo import api, fields, models
from odoo.exceptions import UserError


class ArCreditReviewApproval(models.Model):
    """What one person said to a review: agreed and passed it on, approved it or refused it."""

    _name = "ar.credit.review.approval"
    _description = "Credit Review Approval"
    _order = "id"

    review_id = fields.Many2one(
        "ar.credit.review", required=True, index=True, ondelete="restrict", readonly=True
    )
    user_id = fields.Many2one(
        "res.users", string="Person", required=True, index=True, ondelete="restrict", readonly=True
    )
    tier = fields.Integer(readonly=True, help="Highest tier of the person at that time; 0 without one.")
    date = fields.Datetime(required=True, readonly=True, default=fields.Datetime.now)
    outcome = fields.Selection(
        [("level", "Agreed, to the next tier"), ("approved", "Approved"), ("refused", "Refused")],
        required=True,
        readonly=True,
    )
    currency_id = fields.Many2one(related="review_id.currency_id")
    amount = fields.Monetary(
        string="Total Limit",
        readonly=True,
        help="Limit after the decision, with a temporary increase, in company currency, that the person saw.",
    )
    note = fields.Char(readonly=True)
    superseded = fields.Boolean(
        readonly=True, help="The proposed values were changed afterwards: this word no longer counts."
    )

    @api.ondelete(at_uninstall=False)
    def _unlink_never(self):
        raise UserError(self.env._("Approvals of credit reviews are kept as evidence."))
