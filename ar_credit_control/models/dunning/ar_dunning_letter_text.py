from markupsafe import Markup

from odoo import api, fields, models

from ..document import page_rows

# Millimetres of letterhead, address and title; a reference of more characters takes two lines.
LETTER_HEAD = 68
LONG_REFERENCE = 18


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

    def _prepare_page_values(self, shared):
        """Add the rows of the letter, as the custom of the language has them."""
        rows = [self._prepare_row(line) for line in self.line_ids]
        values = super()._prepare_page_values(shared)
        used = LETTER_HEAD + page_rows.estimate_text(values["opening"])
        row_pages, _used = page_rows.split_rows(
            rows, used, lambda row: bool(row["fapiao"] or row["aside"] or len(row["order"]) > LONG_REFERENCE)
        )
        recipient = self.recipient_id
        return values | {
            "row_pages": row_pages,
            "person": recipient.name if recipient and not recipient.is_company else "",
            "has_order": any(row["order"] for row in rows),
            "has_contract": any(row["contract"] for row in rows),
            "has_delivery": any(row["is_delivery"] for row in rows),
            "has_part": any(line.amount != line.amount_original for line in self.line_ids),
            "has_aside": any(row["aside"] for row in rows),
        }

    @api.model
    def _prepare_row(self, line):
        """Return what the page shows of an item besides its amounts."""
        move = line.move_id
        row = {"order": line.ref or "", "contract": "", "document": line.name, "fapiao": ""}
        if move:
            row |= move._get_printed_numbers() | {"order": line.ref or "", "document": line.name}
        return row | {
            "line": line,
            "date": move.delivery_date or line.invoice_date,
            "is_delivery": bool(move.delivery_date),
            "aside": line.currency_id.compare_amounts(line.amount_open or line.amount, line.amount) > 0,
        }
