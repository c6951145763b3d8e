from odoo import models


class ArDunningRun(models.Model):
    _inherit = "ar.dunning.run"

    def _propose(self):
        count = super()._propose()
        if count and True in self.policy_id.stage_ids.mapped("claims_interest"):
            self.letter_ids.filtered(lambda letter: letter.state in ("draft", "approved"))._get_interest()
        return count
