from odoo import models

from ..review import review_moment


class ArCreditProfile(models.Model):
    _inherit = "ar.credit.profile"

    def _change_many_directly(self, vals_by_profile, reason):
        """Write terms of many profiles and record them as direct changes, together. Internal.

        :param dict vals_by_profile: values to write for each profile
        :param str reason: kept with each record
        :return: the reviews that record the changes
        :raise AccessError: a total limit exceeds the authority of the user; the superuser's is taken
        """
        reviews = self.env["ar.credit.review"]
        names = self._get_decision_fields()
        decided = self.filtered(lambda profile: names & vals_by_profile[profile].keys())
        before = {
            profile.id: reviews._prepare_former(profile) for profile in decided.sudo()
        }  # sudo: evidence
        # the review is the record of each change
        quiet = self.with_context(tracking_disable=True)
        with review_moment.applying(self):
            for profile, vals in zip(quiet, vals_by_profile.values(), strict=True):
                profile.write(vals)
        if not decided:
            return reviews
        if not self.env.su:
            decided._check_authority(before)
        return reviews._record_change(decided, before, reason=reason)
