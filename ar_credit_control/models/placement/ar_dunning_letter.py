from odoo import models


class ArDunningLetter(models.Model):
    """A letter that was posted with a number or a receipt proves the demand."""

    _inherit = "ar.dunning.letter"

    def _mark_posted(self, date, carrier=None, waybills=None, documents=None):
        letters = super()._mark_posted(date, carrier, waybills, documents)
        proven = letters.filtered(lambda letter: letter.waybill or letter.posting_proof_ids)
        self.env["ar.limitation.event"]._record_posted(proven)
        return letters

    def _get_demanded_lines(self):
        """Return the lines that ask for what is overdue, of entries that are still there."""
        return self.line_ids.filtered(lambda line: line.days_overdue > 0 and line.move_id)
