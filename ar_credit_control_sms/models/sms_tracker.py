from odoo import fields, models


class SmsTracker(models.Model):
    """Brings back what became of an SMS: its record is deleted once the gateway took it."""

    _inherit = "sms.tracker"

    dunning_letter_id = fields.Many2one("ar.dunning.letter", string="Letter", ondelete="cascade")

    _one_per_letter = models.UniqueIndex(
        "(dunning_letter_id) WHERE dunning_letter_id IS NOT NULL", "A letter has one SMS."
    )

    def _action_update_from_sms_state(self, sms_state, failure_type=False, failure_reason=False):
        done = super()._action_update_from_sms_state(
            sms_state, failure_type=failure_type, failure_reason=failure_reason
        )
        self._note_on_letters(sms_state, failure_type, failure_reason)
        return done

    def _action_update_from_provider_error(self, provider_error):
        outcome = super()._action_update_from_provider_error(provider_error)
        _status, failure_type, failure_reason = outcome
        self._note_on_letters("error", failure_type, failure_reason)
        return outcome

    def _note_on_letters(self, state, failure_type, failure_reason):
        letters = self.sudo().dunning_letter_id  # whoever reports it, the outcome belongs to the letter
        if letters:
            letters._note_sms(state, failure_type, failure_reason)
