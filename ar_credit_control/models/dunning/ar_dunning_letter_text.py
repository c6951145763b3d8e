from markupsafe import Markup

from odoo import api, fields, models


class ArDunningLetter(models.Model):
    """The words of a letter, filled in: mails carry the same as the page."""

    _inherit = "ar.dunning.letter"

    letter_title = fields.Char(compute="_compute_words", string="Title")
    letter_opening = fields.Html(compute="_compute_words", string="Opening", sanitize=False)
    letter_closing = fields.Html(compute="_compute_words", string="Closing", sanitize=False)
    contact_phone = fields.Char(compute="_compute_contact_phone", string="Our Telephone")

    @api.depends(
        "stage_id", "amount_total", "amount_overdue", "days_overdue", "date", "partner_name", "user_id"
    )
    @api.depends_context("lang")
    def _compute_words(self):
        for letter in self:
            stage = letter.stage_id
            letter.letter_title = stage._render_letter_text(stage.letter_title, letter)
            letter.letter_opening = letter._wrap_paragraphs(stage.letter_text)
            letter.letter_closing = letter._wrap_paragraphs(stage.letter_closing)

    def _wrap_paragraphs(self, text):
        """Return a text of the stage as HTML; its figures and names are escaped."""
        lines = self._split_paragraphs(self.stage_id._render_letter_text(text, self))
        return Markup().join(Markup("<p>%s</p>") % line for line in lines)

    @api.depends("user_id", "company_id")
    def _compute_contact_phone(self):
        for letter in self:
            # The number of a colleague in another company is no secret in a letter that carries it.
            letter.contact_phone = letter.user_id.sudo().partner_id.phone or letter.company_id.phone
