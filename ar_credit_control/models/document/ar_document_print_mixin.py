import logging
from functools import partial

from markupsafe import Markup

from odoo import api, fields, models
from odoo.tools import format_date
from odoo.tools.image import image_data_uri

from . import joint_pdf

try:
    from cn2an import an2cn
except ImportError:  # optional, as in Odoo's own Chinese addon
    an2cn = None

_logger = logging.getLogger(__name__)

# Documents printed by one process: its start is shared, its memory stays small. At most 256 are told apart.
PRINT_BATCH = 50


class ArDocumentPrintMixin(models.AbstractModel):
    """A document for a customer that is a page of HTML of its own, printed many by one process.

    What goes out is kept and printed again as it was. The model has ``name``, ``company_id``, ``partner_id``,
    ``partner_name``, ``recipient_id`` and ``lang``, and says what stands on its page in
    :meth:`_prepare_page_values`.
    """

    _name = "ar.document.print.mixin"
    _description = "Printed Document"

    # External ids of the report action, and of the page as a QWeb template.
    _document_report = None
    _document_page = None

    document_id = fields.Many2one("ir.attachment", readonly=True, ondelete="restrict", copy=False)

    def action_print(self):
        """Print the documents as one."""
        self.check_access("read")
        return self.env.ref(self._document_report).report_action(self)

    # What stands on the page

    def _render_html(self):
        """Return the document as a complete HTML page, with its styles and pictures inside."""
        self.ensure_one()
        return self._render_pages()[self]

    def _render_pages(self):
        """Return each document as a complete HTML page; the number of queries does not grow with them."""
        # sudo: the letterhead shows the company as its customers see it, whoever prints
        documents = self.sudo().with_context(bin_size=False).with_prefetch()
        shared = {company: documents._prepare_shared_values(company) for company in documents.company_id}
        qweb = self.env["ir.qweb"]
        pages = {}
        for document in documents:
            document = document.with_context(lang=document.lang)
            page = qweb.with_env(document.env)._render(
                self._document_page, document._prepare_page_values(shared[document.company_id])
            )
            pages[document.id] = Markup("<!DOCTYPE html>\n") + page
        return {document: pages[document.id] for document in self if document.id in pages}

    @api.model
    def _prepare_shared_values(self, company):
        """Return what all documents of a company need and that is looked up once."""
        return {
            "logo": company.logo and image_data_uri(company.logo),
            "buckets": self.env["ar.aging.bucket"].search(
                [("company_id", "=", company.id)], order="day_from"
            ),
        }

    def _prepare_page_values(self, shared):
        """Return what the page shows of a document, in the language of the environment.

        :param shared: of :meth:`_prepare_shared_values`
        """
        company = self.company_id
        return {
            "company": company,
            "logo": shared["logo"],
            "color": company.primary_color or "#34495e",
            "address": self._get_address_lines(),
            "is_chinese": (self.env.lang or "").startswith("zh"),
            "format_date": partial(format_date, self.env),
            # In words: 3/4/2026 is another day to an American than to a European.
            "format_long": partial(format_date, self.env, date_format="long"),
        }

    def _get_address_lines(self):
        """Return the recipient as on an envelope: company, contact, address."""
        recipient = self.recipient_id or self.partner_id
        place = recipient if recipient.street or recipient.city else self.partner_id
        # Address formats of some countries leave a comma behind where a part is missing.
        address = [line.strip(" ,") for line in place._display_address(without_company=True).splitlines()]
        if recipient != self.partner_id and recipient.name:
            address.insert(0, recipient.name)
        return [self.partner_name, *[line for line in address if line and line != self.partner_name]]

    def _get_bank_account(self, currency):
        """Return our account for a currency: one in it, else one without, else the first."""
        banks = self.company_id.partner_id.bank_ids
        return (
            banks.filtered(lambda bank: bank.currency_id == currency)[:1]
            or banks.filtered(lambda bank: not bank.currency_id)[:1]
            or banks[:1]
        )

    def _get_amount_in_words(self, amount, currency):
        """Return an amount in capitals where the language has the custom (人民币大写); else nothing.

        Needs the Python package cn2an.
        """
        if an2cn and amount and (self.env.lang or "").startswith("zh") and currency.name == "CNY":
            return "人民币" + an2cn(currency.round(amount), "rmb")
        return None

    # Printing

    def _render_pdf(self):
        """Return the document as PDF bytes.

        :raise UserError: when wkhtmltopdf is missing or fails.
        """
        self.ensure_one()
        return self._render_pdfs()[self.id]

    def _render_pdfs(self):
        """Return ``{id: PDF bytes}``, printed anew; one process prints many documents.

        :raise UserError: when wkhtmltopdf is missing or fails.
        """
        return {
            document.id: joint_pdf.write_documents([(document.name, pages)])
            for document, pages in self._print_pages().items()
        }

    def _render_joint_pdf(self):
        """Return one PDF of all documents, in their order: those that went out as they went out.

        :raise UserError: when wkhtmltopdf is missing or fails.
        """
        printed = self.filtered(lambda document: not document.document_id)._print_pages()
        documents = []
        for document in self:
            if document in printed:
                documents.append((document.name, printed[document]))
            else:
                # Its pages carry their numbers already. sudo: who reads the document may read it as sent.
                kept = joint_pdf.read_pages(document.sudo().document_id.raw)
                documents += [(document.name, [page]) for page in kept]
        return joint_pdf.write_documents(documents)

    def _print_pages(self):
        """Return the printed pages of each document, ready for :func:`joint_pdf.write_documents`."""
        batches = {}
        for document, page in self._render_pages().items():
            batches.setdefault(joint_pdf.get_style(page), []).append((document, page))
        pages = {}
        for style, batch in batches.items():
            for start in range(0, len(batch), PRINT_BATCH):
                pages.update(self._print_batch(style, batch[start : start + PRINT_BATCH]))
        return {document: pages[document] for document in self}

    def _print_batch(self, style, batch):
        """Print documents of the same style by one process; each alone if the pages cannot be told apart.

        :param style: of :func:`joint_pdf.get_style`
        :param batch: pairs of document and HTML page
        """
        report = self.env["ir.actions.report"].sudo()  # documents were readable; paper formats are set-up
        content = report._run_wkhtmltopdf(
            [joint_pdf.join_pages([page for _document, page in batch], *style)],
            report_ref=self._document_report,
        )
        parts = joint_pdf.split_pages(content, len(batch))
        if parts is None:
            if len(batch) == 1:
                return {batch[0][0]: joint_pdf.read_pages(content)}
            _logger.warning("Pages of %s documents cannot be told apart; printing one by one", len(batch))
            parts = [self._print_batch(style, [pair])[pair[0]] for pair in batch]
        return {document: pages for (document, _page), pages in zip(batch, parts, strict=True)}

    def _keep_documents(self):
        """Print documents and keep them as they go out, in place of what was kept of an earlier attempt."""
        contents = self._render_pdfs()
        attachments = self.env["ir.attachment"].create(
            [
                {
                    "name": document._get_file_name(),
                    "raw": contents[document.id],
                    "mimetype": "application/pdf",
                    "res_model": document._name,
                    "res_id": document.id,
                }
                for document in self
            ]
        )
        for document, attachment in zip(self, attachments, strict=True):
            document.document_id = attachment

    def _get_file_name(self):
        self.ensure_one()
        return f"{self.name.replace('/', '-')}.pdf"
