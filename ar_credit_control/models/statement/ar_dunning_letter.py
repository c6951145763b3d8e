from odoo import fields, models


class ArDunningLetter(models.Model):
    """Letters whose stage wants it carry a statement of account."""

    _inherit = "ar.dunning.letter"

    statement_ids = fields.One2many("ar.statement", "letter_id", string="Statements", readonly=True)

    def _enclose(self):
        result = super()._enclose()
        letters = self.filtered(
            lambda letter: letter.stage_id.attach_statement and letter.channel in ("email", "post")
        )
        # A letter that is tried again carries the figures of the new day only.
        former = letters.statement_ids.document_id
        letters._keep_statements_back()
        for letter, document in self.env["ar.statement"]._render_for_letters(letters).items():
            letter.enclosure_ids = [
                *(fields.Command.unlink(old.id) for old in former & letter.enclosure_ids),
                fields.Command.link(document.id),
            ]
        return result

    def _cancel_unsent(self, reason):
        self._keep_statements_back()
        return super()._cancel_unsent(reason)

    def _keep_statements_back(self):
        """Statements that were to go with letters are not sent with them."""
        self.statement_ids.filtered(lambda statement: statement.state == "queued").state = "draft"

    def _get_stage_owner(self, collector):
        # A statement of account does not pass through the hands of sales.
        if self.stage_id.owner == "sales" and self.stage_id.attach_statement and self.channel == "post":
            return collector or (self._get_responsible_users() - self.partner_id.user_id)[:1]
        return super()._get_stage_owner(collector)

    def _mark_sent(self):
        result = super()._mark_sent()
        self.statement_ids.filtered(lambda statement: statement.state == "queued")._mark_sent()
        return result
