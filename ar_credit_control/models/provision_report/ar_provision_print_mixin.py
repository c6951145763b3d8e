from functools import partial

from markupsafe import Markup

from odoo import models
from odoo.tools import format_date, format_list
from odoo.tools.image import image_data_uri
from odoo.tools.misc import formatLang

from ..document import joint_pdf, page_rows

# Millimetres of a row of a table and of a heading; see ``page_rows``.
ROW, HEADING = 4.95, 11


class ArProvisionPrintMixin(models.AbstractModel):
    """A paper for auditors: a page of HTML of its own in landscape, in the language of who prints it; and
    the same as a workbook."""

    _name = "ar.provision.print.mixin"
    _description = "Printed Provision"

    # External ids of the report action, and of the page as a QWeb template.
    _document_report = None
    _document_page = None

    def action_print(self):
        """Print it."""
        self.check_access("read")
        return self.env.ref(self._document_report).report_action(self)

    def action_export_xlsx(self):
        """Download it as a workbook."""
        self.ensure_one()
        return {
            "type": "ir.actions.act_url",
            "url": f"/ar_credit_control/workbook/{self._name}/{self.id}.xlsx",
            "target": "download",
        }

    def _get_file_name(self):
        """Return the name of the workbook, without its ending."""
        raise NotImplementedError

    def _write_workbook(self, file):
        """Write the workbook of a record that the user may read to a binary file."""
        raise NotImplementedError

    def _render_html(self):
        """Return it as a complete HTML page."""
        self.ensure_one()
        self.check_access("read")
        page = self.env["ir.qweb"]._render(self._document_page, self._prepare_page_values())
        return Markup("<!DOCTYPE html>\n") + page

    def _render_joint_pdf(self):
        """Return one PDF of the records, the pages of each numbered.

        :raise UserError: when wkhtmltopdf is missing or fails.
        """
        report = self.env["ir.actions.report"].sudo()  # sudo: the records are readable; formats are set-up
        documents = []
        for record in self:
            content = report._run_wkhtmltopdf([record._render_html()], report_ref=self._document_report)
            documents.append((record._get_paper_name(), joint_pdf.read_pages(content)))
        return joint_pdf.write_documents(documents)

    def _get_paper_name(self):
        """Return what stands beside the number of a page."""
        return self.display_name

    def _prepare_page_values(self):
        self.ensure_one()
        company = self.company_id.sudo()  # sudo: the main company of a branch need not be selected
        currency = company.currency_id
        return {
            "company": company,
            "currency": currency,
            "logo": company.logo and image_data_uri(company.logo),
            "color": company.primary_color or "#34495e",
            "is_chinese": (self.env.lang or "").startswith("zh"),
            "format_money": partial(formatLang, self.env, digits=currency.decimal_places),
            "format_count": partial(formatLang, self.env, digits=0),
            "format_rate": self._format_rate,
            "format_date": partial(format_date, self.env),
            "format_list": partial(format_list, self.env),
            # In words: 3/4/2026 is another day to an American than to a European.
            "format_long": partial(format_date, self.env, date_format="long"),
        }

    def _format_rate(self, rate):
        """Return a rate with as many decimals as it needs, two to four."""
        rate = round(rate, 4)
        digits = next((digits for digits in (2, 3) if round(rate, digits) == rate), 4)
        return formatLang(self.env, rate, digits=digits)

    def _split(self, rows, used, count_further=lambda row: 0):
        """Return the rows of a table in lists, one for each page, and the millimetres used on the last."""
        pages, used = page_rows.split_rows(
            list(rows), used + HEADING, count_further, line=ROW, page=page_rows.LANDSCAPE
        )
        return pages, used
