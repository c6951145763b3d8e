from functools import partial

from markupsafe import Markup

from odoo import api, models
from odoo.tools import format_amount, format_date
from odoo.tools.image import image_data_uri

from ..dunning import letter_pdf, page_rows

try:
    from cn2an import an2cn
except ImportError:  # optional, as in Odoo's own Chinese addon
    an2cn = None

# Statements printed by one process: its start is shared, its memory stays small.
PRINT_BATCH = 50
REPORT = "ar_credit_control.action_report_statement"
# Millimetres of letterhead, address, title and summary; of headings; of bank account and ageing.
PAGE_HEAD, SUMMARY_ROW, HEADING, SECTION_END = 83, 11, 12, 32
# A reference of more characters takes two lines.
LONG_REFERENCE = 18


class ArStatement(models.Model):
    """How statements look and how they are printed, many by one process."""

    _inherit = "ar.statement"

    def action_print(self):
        """Print the statements as one document."""
        self.check_access("read")
        return self.env.ref(REPORT).report_action(self)

    def _render_html(self):
        """Return the statement as a complete HTML page."""
        self.ensure_one()
        return self._render_pages()[self]

    def _render_pages(self):
        """Return each statement as a complete HTML page; the number of queries does not grow with them."""
        # The letterhead shows the company as its customers see it.
        statements = self.sudo().with_context(bin_size=False).with_prefetch()
        shared = {company: statements._prepare_shared_values(company) for company in statements.company_id}
        qweb = self.env["ir.qweb"]
        pages = {}
        for statement in statements:
            statement = statement.with_context(lang=statement.lang)
            page = qweb.with_env(statement.env)._render(
                "ar_credit_control.statement_page",
                statement._prepare_page_values(shared[statement.company_id]),
            )
            pages[statement.id] = Markup("<!DOCTYPE html>\n") + page
        return {statement: pages[statement.id] for statement in self if statement.id in pages}

    @api.model
    def _prepare_shared_values(self, company):
        """Return what all statements of a company need and that is looked up once."""
        return {
            "logo": company.logo and image_data_uri(company.logo),
            "buckets": self.env["ar.aging.bucket"].search(
                [("company_id", "=", company.id)], order="day_from"
            ),
        }

    def _prepare_page_values(self, shared):
        """Return what the page shows, in the language of the environment."""
        company = self.company_id
        buckets = shared["buckets"].with_env(self.env)
        sections = []
        used = PAGE_HEAD + SUMMARY_ROW * len(self.balance_ids)
        for balance in self.balance_ids:
            section, used = self._prepare_section(balance, buckets, used)
            sections.append(section)
        return {
            "statement": self,
            "company": company,
            "logo": shared["logo"],
            "color": company.primary_color or "#34495e",
            "address": self._get_address_lines(),
            "sections": sections,
            "is_chinese": (self.env.lang or "").startswith("zh"),
            "format_date": partial(format_date, self.env),
            "format_long": partial(format_date, self.env, date_format="long"),
        }

    def _prepare_section(self, balance, buckets, used):
        """Return what the page shows of one currency, and where on the page it ends.

        :param used: millimetres of the page that stand before it
        """
        currency = balance.currency_id
        lines = self.line_ids.filtered(lambda line: line.currency_id == currency)
        owed, owing = balance._get_owed()
        rows = self._prepare_rows(lines, balance.opening)
        row_pages, used = page_rows.split_rows(
            rows, used + HEADING, lambda row: row[0].fapiao_number or len(row[0].ref or "") > LONG_REFERENCE
        )
        section = {
            "balance": balance,
            "currency": currency,
            "rows": rows,
            "row_pages": row_pages,
            "has_order": any(line.ref for line in lines),
            "has_contract": any(line.contract_number for line in lines),
            "has_fapiao": any(line.fapiao_number for line in lines),
            "has_delivery": any(line.delivery_date for line in lines),
            "owed": owed,
            "owing": owing,
            "ageing": balance._get_ageing(buckets),
            "bank": self._get_bank_account(currency),
            "words": self._get_amount_in_words(owed, currency),
            "format_amount": partial(format_amount, self.env, currency=currency),
        }
        return section, used + SECTION_END

    def _prepare_rows(self, lines, balance):
        """Return lines in order, with the balance after each in a statement of movements."""
        rows = []
        for line in lines.sorted(lambda line: (line.date, line.id)):
            balance += line.amount
            rows.append((line, line.currency_id.round(balance)))
        return rows

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
        """Return an amount in capitals where the language has the custom (人民币大写); else nothing."""
        if an2cn and amount and (self.env.lang or "").startswith("zh") and currency.name == "CNY":
            return "人民币" + an2cn(currency.round(amount), "rmb")
        return None

    # Printing

    def _render_pdfs(self):
        """Return ``{statement id: PDF bytes}``; one process prints many statements.

        :raise UserError: when wkhtmltopdf is missing or fails.
        """
        return {
            statement.id: letter_pdf.write_letters([(statement.name, pages)])
            for statement, pages in self._print_pages().items()
        }

    def _render_joint_pdf(self):
        """Return one PDF of all statements, in their order: those that went out as they went out."""
        printed = self.filtered(lambda statement: not statement.document_id)._print_pages()
        documents = []
        for statement in self:
            if statement in printed:
                documents.append((statement.name, printed[statement]))
            else:
                # Who reads the statement may read it as it was sent.
                kept = letter_pdf.read_pages(statement.sudo().document_id.raw)
                documents += [(statement.name, [page]) for page in kept]
        return letter_pdf.write_letters(documents)

    def _print_pages(self):
        """Return the printed pages of each statement, ready for :func:`letter_pdf.write_letters`."""
        batches = {}
        for statement, page in self._render_pages().items():
            batches.setdefault(letter_pdf.get_style(page), []).append((statement, page))
        pages = {}
        for style, batch in batches.items():
            for start in range(0, len(batch), PRINT_BATCH):
                pages.update(self._print_batch(style, batch[start : start + PRINT_BATCH]))
        return {statement: pages[statement] for statement in self}

    def _print_batch(self, style, batch):
        """Print statements of the same style by one process; each alone if the pages cannot be told apart."""
        report = self.env["ir.actions.report"].sudo()  # statements were readable; formats are plain set-up
        content = report._run_wkhtmltopdf(
            [letter_pdf.join_pages([page for _statement, page in batch], *style)], report_ref=REPORT
        )
        parts = letter_pdf.split_pages(content, len(batch))
        if parts is None:
            if len(batch) == 1:
                return {batch[0][0]: letter_pdf.read_pages(content)}
            parts = [self._print_batch(style, [pair])[pair[0]] for pair in batch]
        return {statement: pages for (statement, _page), pages in zip(batch, parts, strict=True)}

    def _keep_documents(self):
        """Print statements and keep them as they go out."""
        missing = self.filtered(lambda statement: not statement.document_id)
        documents = missing._render_pdfs()
        attachments = self.env["ir.attachment"].create(
            [
                {
                    "name": f"{statement.name.replace('/', '-')}.pdf",
                    "raw": documents[statement.id],
                    "mimetype": "application/pdf",
                    "res_model": statement._name,
                    "res_id": statement.id,
                }
                for statement in missing
            ]
        )
        for statement, attachment in zip(missing, attachments, strict=True):
            statement.document_id = attachment
