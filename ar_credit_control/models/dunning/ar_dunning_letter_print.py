import base64
from functools import partial

from reportlab.graphics.barcode.qr import QrCodeWidget

from odoo import api, fields, models
from odoo.tools import format_amount

# Side of the printed code that leads to the payment page, in points.
QR_SIZE = 90


class ArDunningLetter(models.Model):
    """What stands on the page of a letter."""

    _inherit = "ar.dunning.letter"
    _document_report = "ar_credit_control.action_report_dunning_letter"
    _document_page = "ar_credit_control.dunning_letter_page"

    document_id = fields.Many2one(
        string="Letter as Sent", help="The letter as it was given to the mail queue or to the printer."
    )

    def _prepare_page_values(self, shared):
        stage = self.stage_id
        values = super()._prepare_page_values(shared)
        return values | {
            "letter": self,
            "title": stage._render_letter_text(stage.letter_title, self),
            "opening": [
                *self._split_paragraphs(stage._render_letter_text(stage.letter_text, self)),
                *self._split_paragraphs(self.personal_text),
            ],
            "closing": self._split_paragraphs(stage._render_letter_text(stage.letter_closing, self)),
            "bank": self._get_bank_account(self.currency_id),
            "ageing": self._get_ageing(shared["buckets"].with_env(self.env)),
            "words": self._get_amount_in_words(self.amount_total, self.currency_id),
            "payment_url": self.payment_url,
            "interest_apart": self._describe_interest_apart(),
            "payment_qr": self.payment_url and self._get_payment_qr(self.payment_url),
            "format_amount": partial(format_amount, self.env, currency=self.currency_id),
        }

    @staticmethod
    def _split_paragraphs(text):
        return [line for line in (text or "").splitlines() if line.strip()]

    def _get_ageing(self, buckets):
        """Return the listed amounts by ageing bucket of the company, buckets without amount left out."""
        amounts = dict.fromkeys(buckets, 0.0)
        for line in self.line_ids:
            reached = [bucket for bucket in buckets if bucket.day_from <= line.days_overdue]
            if reached:
                amounts[reached[-1]] += line.amount
        return [(bucket.name, amount) for bucket, amount in amounts.items() if amount]

    @api.model
    def _get_payment_qr(self, url):
        """Return a picture of ``url`` for the customer's telephone, as a data URI.

        Drawn as lines: pixels need a graphics library that not every server has.
        """
        code = QrCodeWidget(url)
        code.qr.make()
        size = code.qr.getModuleCount()
        dots = "".join(
            f"M{column} {row}h1v1h-1z"
            for row in range(size)
            for column in range(size)
            if code.qr.isDark(row, column)
        )
        picture = (
            f'<svg xmlns="http://www.w3.org/2000/svg" width="{QR_SIZE}" height="{QR_SIZE}" '
            f'viewBox="-2 -2 {size + 4} {size + 4}"><path d="{dots}"/></svg>'
        )
        return f"data:image/svg+xml;base64,{base64.b64encode(picture.encode()).decode()}"
