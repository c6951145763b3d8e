from odoo import api, fields, models
from odoo.fields import Command


class ArDunningPosting(models.TransientModel):
    """Asks how printed letters were posted: the day, the carrier, the waybill of each, the receipts."""

    _name = "ar.dunning.posting"
    _description = "Mark Letters as Posted"

    date = fields.Date(string="Mailed On", required=True, default=fields.Date.context_today)
    carrier = fields.Char()
    document_ids = fields.Many2many(
        "ir.attachment",
        string="Receipts",
        help="Waybill, delivery receipt, list of registered letters. They are kept with each of the letters.",
    )
    line_ids = fields.One2many("ar.dunning.posting.line", "posting_id", string="Letters")

    @api.model
    def _open_form(self, letters):
        """Return the action that opens the form for letters."""
        posting = self.create({"line_ids": [Command.create({"letter_id": letter.id}) for letter in letters]})
        return {
            "name": self.env._("Mark as Posted"),
            "type": "ir.actions.act_window",
            "res_model": self._name,
            "res_id": posting.id,
            "views": [(False, "form")],
            "target": "new",
        }

    def action_post(self):
        """Mark the letters as posted, with what was entered.

        :raise AccessError: for a user who is neither collector nor the one who has the task
        """
        self.ensure_one()
        self.line_ids.letter_id._mark_posted(
            self.date,
            self.carrier,
            {line.letter_id: line.waybill for line in self.line_ids},
            self.document_ids,
        )
        return True
