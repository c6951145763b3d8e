from odoo import api, models
from odoo.exceptions import UserError


class ArCreditReview(models.Model):
    """Asking to stop supply: every order of the customer waits for a person, limit and terms stay.

    Whoever decides on the customer's limit decides on it; who asked never does. It ends where the hold of the
    credit profile is taken off again.
    """

    _inherit = "ar.credit.review"

    @api.model
    def _ask_to_stop(self, profile, reason):
        """Ask to stop supply of a customer and return the review, that which waits already if there is one.

        Internal: the caller checked who asks. Nothing is asked where supply is stopped already.

        :param str reason: kept with the decision
        """
        profile = profile.sudo()  # sudo: the terms of today; who asks may not read all of it
        if profile.hold_override == "block":
            return self.browse()
        review = self._get_stop_asked(profile)[profile.id]
        if review:
            return review.sudo(self.env.su)
        vals = {"profile_id": profile.id, "kind": "stop", "reason": reason}
        review = self.sudo()._open([vals]).sudo(self.env.su)  # sudo: asking is all that a collector may do
        review.action_submit()
        return review

    @api.model
    def _get_stop_asked(self, profiles):
        """Return ``{profile id: submitted review}`` of requests to stop supply, empty where nobody asked."""
        reviews = self.sudo().search(  # sudo: that there is one
            [("profile_id", "in", profiles.ids), ("kind", "=", "stop"), ("state", "=", "submitted")]
        )
        by_profile = reviews.grouped("profile_id")
        return {profile.id: by_profile.get(profile, self.browse())[:1] for profile in profiles.sudo()}

    def _check_complete(self):
        result = super()._check_complete()
        if self.kind == "stop" and self.sudo().profile_id.hold_override == "block":  # sudo: of today
            raise UserError(self.env._("Supply of %s is stopped already.", self.partner_name))
        return result

    def _get_total(self):
        """A stop changes no limit: it takes the authority for the one that there is."""
        if self.kind == "stop":
            return self._get_total_of(self.profile_id) if self.profile_id.limit_set else 0.0
        return super()._get_total()

    def _prepare_profile_vals(self):
        if self.kind == "stop":
            return {"last_review_id": self.id, "hold_override": "block"}
        return super()._prepare_profile_vals()

    def _approve(self, note=None):
        stops = self.filtered(lambda review: review.kind == "stop")
        stops._write_evidence({"decided_hold_override": "block"})
        return super()._approve(note)

    def _get_submitted_words(self):
        if self.kind == "stop":
            return self.env._("%s asks to stop supply.", self.env.user.name)
        return super()._get_submitted_words()

    def _get_asking_words(self):
        if self.kind == "stop":
            return self.env._("Stop supply of %s?", self.partner_name)
        return super()._get_asking_words()

    def _tell_requester(self, text, note=None):
        result = super()._tell_requester(text, note)
        if self.kind == "stop":
            cases = self.env["ar.collection.case"].sudo()  # sudo: whoever decides
            case = cases.search([("profile_id", "=", self.sudo().profile_id.id), ("state", "!=", "closed")])
            case._log("stop", " ".join(filter(None, (self.env._("Stop of supply:"), text, note))))
        return result
