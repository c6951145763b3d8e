from odoo import models
from odoo.tools import SQL


class ArDunningRun(models.Model):
    """The schedule rests on days without work."""

    _inherit = "ar.dunning.run"

    def _cron_run_policy(self, policy):
        if not policy._is_working_day(policy._get_today()):
            return None
        return super()._cron_run_policy(policy)


class ArDunningLetter(models.Model):
    """Approved letters wait for a working day, since they carry the date on which they are queued."""

    _inherit = "ar.dunning.letter"

    def _lock_next(self, tried):
        return super()._lock_next([*tried, *self._get_resting_ids()])

    def _queue(self):
        resting = self._get_resting_policies(self.policy_id)
        return super(ArDunningLetter, self.filtered(lambda letter: letter.policy_id not in resting))._queue()

    def _get_resting_policies(self, policies):
        return policies.filtered(lambda policy: not policy._is_working_day(policy._get_today()))

    def _get_resting_ids(self):
        """Return the approved letters of the policies that rest today."""
        policies = self.env["ar.dunning.policy"].with_context(active_test=False)
        resting = self._get_resting_policies(policies.search([("calendar_id", "!=", False)]))
        if not resting:
            return []
        rows = self.env.execute_query(
            SQL(
                "SELECT id FROM ar_dunning_letter WHERE state = 'approved' AND policy_id = ANY(%s)",
                resting.ids,
            )
        )
        return [letter_id for (letter_id,) in rows]
