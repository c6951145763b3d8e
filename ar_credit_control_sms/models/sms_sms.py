from odoo import models
from odoo.tools import SQL


class SmsSms(models.Model):
    _inherit = "sms.sms"

    def unlink(self):
        pending = self.filtered(lambda sms: sms.state == "outgoing")._get_dunning_letters()
        result = super().unlink()
        if pending:
            pending._mark_failed(self.env._("The SMS was deleted before it was sent."))
        return result

    def _send(self, unlink_failed=False, unlink_sent=True, raise_exception=False):
        letters = self._get_dunning_letters()
        if letters:
            # Before the gateway has it: noting the outcome afterwards can then no longer fail.
            self.env.execute_query(
                SQL(
                    "SELECT id FROM ar_dunning_letter WHERE id = ANY(%s) ORDER BY id FOR NO KEY UPDATE",
                    letters.ids,
                )
            )
        return super()._send(
            unlink_failed=unlink_failed, unlink_sent=unlink_sent, raise_exception=raise_exception
        )

    def _get_dunning_letters(self):
        # Whoever sends SMS, the outcome belongs to the letter.
        return self.sudo().sms_tracker_id.dunning_letter_id
