from odoo import fields, models
from odoo.exceptions import UserError


class ArDunningLetter(models.Model):
    """How a letter went by post: the day, who carried it, the number of the waybill, what proves it."""

    _inherit = "ar.dunning.letter"

    posted_on = fields.Date(string="Mailed On", readonly=True)
    carrier = fields.Char(readonly=True)
    waybill = fields.Char(
        string="Waybill Number", readonly=True, help="Number under which the carrier proves that it arrived."
    )
    posting_proof_ids = fields.Many2many(
        "ir.attachment",
        "ar_dunning_letter_posting_proof_rel",
        string="Proof of Posting",
        readonly=True,
        help="Waybill, delivery receipt, list of registered letters.",
    )

    def action_mark_posted(self):
        """Open the dialog that says how printed letters were posted, one of them or many.

        Of letters that are marked already it adds the number that was not known yet.

        :raise AccessError: for a user who is neither collector nor the one who has the task
        :raise UserError: when none of them goes by post
        """
        self._check_may_deliver()
        letters = self._filter_to_post()
        if not letters:
            raise UserError(self.env._("None of these letters waits to be posted."))
        return self.env["ar.dunning.posting"]._open_form(letters)

    def _mark_posted(self, date, carrier=None, waybills=None, documents=None):
        """Say that letters were posted, and keep what proves it; those that wait count as sent from now on.

        :param date: the day on which they were posted
        :param carrier: who carried them
        :param waybills: ``{letter: number}``
        :param documents: ``ir.attachment`` records that prove it, for all of them
        :return: the letters, as superuser
        :raise AccessError: for a user who is neither collector nor the one who has the task, and for files
            that the user may not read
        :raise UserError: for a day that is yet to come
        """
        self._check_may_deliver()
        if documents:
            documents.check_access("read")
        if any(date > letter._today() for letter in self):
            raise UserError(self.env._("This day is yet to come."))
        letters = self._filter_to_post().sudo()  # nobody has the right to write letters; rights were checked
        waiting = letters.filtered(lambda letter: letter.state != "sent")
        waiting.write({"channel": "post", "state": "queued"})
        waiting.activity_ids.unlink()
        waiting._mark_contacted()
        letters.write({"posted_on": date, "carrier": (carrier or "").strip() or False})
        for letter in letters:
            letter.waybill = ((waybills or {}).get(letter) or "").strip() or False
            if documents:
                given = documents.with_env(self.env)._give_to(letter)
                letter.posting_proof_ids = [fields.Command.link(document.id) for document in given]
        return letters

    def _filter_to_post(self):
        """Return the letters that wait to be posted, and those that were without saying how."""
        return self.filtered(
            lambda letter: (
                letter.state == "failed"
                or (letter.channel == "post" and letter.state in ("queued", "sent") and not letter.waybill)
            )
        )
