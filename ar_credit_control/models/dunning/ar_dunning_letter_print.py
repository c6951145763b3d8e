import base64
import logging
from functools import partial

from markupsafe import Markup

from odoo import fields, models
from odoo.tools import format_amount
from odoo.tools.image import image_data_uri

from . import letter_pdf

try:
    from cn2an import an2cn
except ImportError:  # optional, as in Odoo's own Chinese addon
    an2cn = None

_logger = logging.getLogger(__name__)

# Letters printed by one process: its start is shared, its memory stays small.
PRINT_BATCH = 50
REPORT = "ar_credit_control.action_report_dunning_letter"
# Side of the printed code that leads to the payment page, in dots.
QR_SIZE = 240


class ArDunningLetter(models.Model):
    """How letters look and how they are printed, many by one process."""

    _inherit = "ar.dunning.letter"

    document_id = fields.Many2one(
        "ir.attachment",
        string="Letter as Sent",
        readonly=True,
        ondelete="restrict",
        help="The letter as it was given to the mail queue or to the printer.",
    )

    def action_print(self):
        return self.env.ref(REPORT).report_action(self)

    # What stands on the page

    def _render_html(self):
        """Return the letter as a complete HTML page, with its styles and pictures inside."""
        self.ensure_one()
        # The letterhead shows the company as its customers see it.
        letter = self.sudo().with_context(lang=self.lang, bin_size=False)
        page = letter.env["ir.qweb"]._render(
            "ar_credit_control.dunning_letter_page", letter._prepare_page_values()
        )
        return Markup("<!DOCTYPE html>\n") + page

    def _prepare_page_values(self):
        stage = self.stage_id
        company = self.company_id
        url = self._get_payment_url()
        return {
            "letter": self,
            "company": company,
            "logo": company.logo and image_data_uri(company.logo),
            "color": company.primary_color or "#34495e",
            "title": stage._render_letter_text(stage.letter_title, self),
            "opening": [
                *self._split_paragraphs(stage._render_letter_text(stage.letter_text, self)),
                *self._split_paragraphs(self.personal_text),
            ],
            "closing": self._split_paragraphs(stage._render_letter_text(stage.letter_closing, self)),
            "bank": self._get_bank_account(),
            "ageing": self._get_ageing(),
            "address": self._get_address_lines(),
            "words": self._get_amount_in_words(),
            "payment_url": url,
            "payment_qr": url and self._get_payment_qr(url),
            "format_amount": partial(format_amount, self.env, currency=self.currency_id),
        }

    @staticmethod
    def _split_paragraphs(text):
        return [line for line in (text or "").splitlines() if line.strip()]

    def _get_address_lines(self):
        """Return the recipient as on an envelope: company, contact, address."""
        recipient = self.recipient_id or self.partner_id
        place = recipient if recipient.street or recipient.city else self.partner_id
        # Address formats of some countries leave a comma behind where a part is missing.
        address = [line.strip(" ,") for line in place._display_address(without_company=True).splitlines()]
        if recipient != self.partner_id and recipient.name:
            address.insert(0, recipient.name)
        return [self.partner_name, *[line for line in address if line and line != self.partner_name]]

    def _get_bank_account(self):
        """Return our account for the currency: one in that currency, else one without, else the first."""
        banks = self.company_id.partner_id.bank_ids
        return (
            banks.filtered(lambda bank: bank.currency_id == self.currency_id)[:1]
            or banks.filtered(lambda bank: not bank.currency_id)[:1]
            or banks[:1]
        )

    def _get_amount_in_words(self):
        """Return the amount in capitals where the language has the custom (人民币大写); else nothing.

        Needs the Python package cn2an.
        """
        if an2cn and (self.env.lang or "").startswith("zh") and self.currency_id.name == "CNY":
            return "人民币" + an2cn(self.currency_id.round(self.amount_total), "rmb")
        return None

    def _get_ageing(self):
        """Return the listed amounts by ageing bucket of the company, buckets without amount left out."""
        buckets = self.env["ar.aging.bucket"].search(
            [("company_id", "=", self.company_id.id)], order="day_from"
        )
        amounts = dict.fromkeys(buckets, 0.0)
        for line in self.line_ids:
            bucket = buckets.filtered(lambda candidate, days=line.days_overdue: candidate.day_from <= days)[
                -1:
            ]
            if bucket:
                amounts[bucket] += line.amount
        return [(bucket.name, amount) for bucket, amount in amounts.items() if amount]

    def _get_payment_qr(self, url):
        """Return a picture of ``url`` for the customer's telephone, as a data URI."""
        # Drawing a code needs no rights of the reader.
        picture = self.env["ir.actions.report"].sudo().barcode("QR", url, width=QR_SIZE, height=QR_SIZE)
        return f"data:image/png;base64,{base64.b64encode(picture).decode()}"

    # Printing

    def _render_pdf(self):
        """Return the letter as PDF bytes.

        :raise UserError: when wkhtmltopdf is missing or fails.
        """
        self.ensure_one()
        return self._render_pdfs()[self.id]

    def _render_pdfs(self):
        """Return ``{letter id: PDF bytes}``, printed anew; one process prints many letters.

        :raise UserError: when wkhtmltopdf is missing or fails.
        """
        return {
            letter.id: letter_pdf.write_letters([(letter.name, pages)])
            for letter, pages in self._print_pages().items()
        }

    def _render_joint_pdf(self):
        """Return one PDF of all letters, in their order: those that went out as they went out.

        :raise UserError: when wkhtmltopdf is missing or fails.
        """
        printed = self.filtered(lambda letter: not letter.document_id)._print_pages()
        letters = []
        for letter in self:
            if letter in printed:
                letters.append((letter.name, printed[letter]))
            else:
                # The pages carry their numbers already, and who reads the letter may read it as it was sent.
                letters += [
                    (letter.name, [page]) for page in letter_pdf.read_pages(letter.sudo().document_id.raw)
                ]
        return letter_pdf.write_letters(letters)

    def _print_pages(self):
        """Return the printed pages of each letter, ready for :func:`letter_pdf.write_letters`."""
        batches = {}
        for letter in self:
            page = letter._render_html()
            batches.setdefault(letter_pdf.get_style(page), []).append((letter, page))
        pages = {}
        for style, batch in batches.items():
            for start in range(0, len(batch), PRINT_BATCH):
                pages.update(self._print_batch(style, batch[start : start + PRINT_BATCH]))
        return {letter: pages[letter] for letter in self}

    def _print_batch(self, style, batch):
        """Print letters of the same style by one process; each by its own if the pages cannot be told apart.

        :param style: of :func:`letter_pdf.get_style`
        :param batch: pairs of letter and HTML page
        """
        report = self.env["ir.actions.report"].sudo()  # letters were readable; paper formats are plain set-up
        content = report._run_wkhtmltopdf(
            [letter_pdf.join_pages([page for _letter, page in batch], *style)], report_ref=REPORT
        )
        parts = letter_pdf.split_pages(content, len(batch))
        if parts is None:
            if len(batch) == 1:
                return {batch[0][0]: letter_pdf.read_pages(content)}
            _logger.warning("Pages of %s letters cannot be told apart; printing one by one", len(batch))
            parts = [self._print_batch(style, [pair])[pair[0]] for pair in batch]
        return {letter: pages for (letter, _page), pages in zip(batch, parts, strict=True)}
