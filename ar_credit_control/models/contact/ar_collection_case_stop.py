from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.tools import format_date


class ArCollectionCase(models.Model):
    """Whether the customer is supplied: who asked to stop it, decided with one click on the case."""

    _inherit = "ar.collection.case"

    supply_stopped = fields.Boolean(
        compute="_compute_supply",
        compute_sudo=True,
        help="Every order of the customer waits for a person.",
    )
    stop_text = fields.Char(
        compute="_compute_supply", compute_sudo=True, help="Who asks to stop supply, why."
    )
    stop_can_decide = fields.Boolean(compute="_compute_stop_can_decide")

    @api.depends("profile_id.hold_override")
    def _compute_supply(self):
        asked = self.env["ar.credit.review"]._get_stop_asked(self.profile_id)
        for case in self:
            review = asked.get(case.profile_id.id)
            case.supply_stopped = case.profile_id.hold_override == "block"
            case.stop_text = bool(review) and self.env._(
                "%(person)s asked on %(day)s to stop supply: %(reason)s",
                person=review.requester_id.name,
                day=format_date(self.env, review.submitted_on),
                reason=review.reason,
            )

    @api.depends_context("uid")
    def _compute_stop_can_decide(self):
        asked = self.env["ar.credit.review"]._get_stop_asked(self.profile_id)
        for case in self:
            review = asked.get(case.profile_id.id)
            case.stop_can_decide = bool(review) and review.sudo(self.env.su).can_decide

    def action_stop_supply(self):
        """Decide as was asked: every order of the customer waits for a person from now on.

        :raise AccessError: without the authority, or for one's own request
        """
        self._get_stop_review().action_approve()
        return True

    def action_keep_supply(self):
        """Open the dialog that refuses to stop supply, with the reason.

        :raise AccessError: for who may not see the request
        """
        review = self._get_stop_review()
        review.check_access("read")
        return review.action_refuse()

    def action_supply_again(self):
        """Let the credit rules decide again on the orders of the customer.

        :raise AccessError: for who may not change the credit profile, or without the authority
        """
        self.ensure_one()
        self.check_access("read")
        self.profile_id.hold_override = False
        self._log("stop", self.env._("%s lets the customer be supplied again.", self.env.user.name))
        return True

    def _get_stop_review(self):
        self.ensure_one()
        self.check_access("read")
        review = self.env["ar.credit.review"]._get_stop_asked(self.profile_id)[self.profile_id.id]
        if not review:
            raise UserError(self.env._("Nobody asks to stop supply any more."))
        return review.sudo(self.env.su)
