import base64
import logging
from functools import partial

from markupsafe import Markup
from reportlab.graphics.barcode.qr import QrCodeWidget

from odoo import api, fields, models
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
# Side of the printed code that leads to the payment page, in points.
QR_SIZE = 90


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
        return self._render_pages()[self]

    def _render_pages(self):
        """Return each letter as a complete HTML page; the number of statements does not grow with letters."""
        # The letterhead shows the company as its customers see it.
        letters = self.sudo().with_context(bin_size=False).with_prefetch()
        shared = {company: letters._prepare_shared_values(company) for company in letters.company_id}
        qweb = self.env["ir.qweb"]
        pages = {}
        for letter in letters:
            letter = letter.with_context(lang=letter.lang)
            page = qweb.with_env(letter.env)._render(
                "ar_credit_control.dunning_letter_page",
                letter._prepare_page_values(shared[letter.company_id]),
            )
            pages[letter.id] = Markup("<!DOCTYPE html>\n") + page
        return {letter: pages[letter.id] for letter in self}

    @api.model
    def _prepare_shared_values(self, company):
        """Return what all letters of a company need and that is looked up once."""
        return {
            "logo": company.logo and image_data_uri(company.logo),
            "buckets": self.env["ar.aging.bucket"].search(
                [("company_id", "=", company.id)], order="day_from"
            ),
        }

    def _prepare_page_values(self, shared):
        """Return what the page shows of a letter, in the language of the environment.

        :param shared: of :meth:`_prepare_shared_values`
        """
        stage = self.stage_id
        company = self.company_id
        return {
            "letter": self,
            "company": company,
            "logo": shared["logo"],
            "color": company.primary_color or "#34495e",
            "title": stage._render_letter_text(stage.letter_title, self),
            "opening": [
                *self._split_paragraphs(stage._render_letter_text(stage.letter_text, self)),
                *self._split_paragraphs(self.personal_text),
            ],
            "closing": self._split_paragraphs(stage._render_letter_text(stage.letter_closing, self)),
            "bank": self._get_bank_account(),
            "ageing": self._get_ageing(shared["buckets"].with_env(self.env)),
            "address": self._get_address_lines(),
            "words": self._get_amount_in_words(),
            "payment_url": self.payment_url,
            "payment_qr": self.payment_url and self._get_payment_qr(self.payment_url),
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
        for letter, page in self._render_pages().items():
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
