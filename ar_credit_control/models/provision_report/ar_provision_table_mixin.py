from collections import namedtuple

from odoo import models
from odoo.tools import format_datetime
from odoo.tools.misc import formatLang

from ..document import page_rows
from ..document.workbook import EPOCH, Formats, Sheet, open_workbook
from .ar_provision_print_mixin import HEADING, ROW

# Millimetres of the page before the tables; of a fact above them.
HEAD, FACT = 30, 4.6
# Millimetres that signatures need beyond the room that is left over; rows that go with them to another page.
SIGNS, WITH_SIGNS = 12, 3
# Rows of a table that starts on the next page where it does not fit.
SHORT = 10
# Decimals of percents by the kind of their column.
DIGITS = {"rate": 2, "exact": 4}
# Letters of a fact that fit into a line.
FACT_WIDTH = 150

# ``kind`` of a column: text, count, money, rate (percent), exact (percent, as rates are approved) or day.
Column = namedtuple("Column", "heading kind width", defaults=("text", 16))
# ``rows``: (kind, values by column); a row is of the kind "" or "total".
Table = namedtuple("Table", "title columns rows")


class ArProvisionTableMixin(models.AbstractModel):
    """A paper and a workbook of the same tables: each figure is named and read once."""

    _name = "ar.provision.table.mixin"
    _description = "Tables to Print and Export"
    _inherit = ["ar.provision.print.mixin"]

    _document_page = "ar_credit_control.provision_tables_page"

    # ------------------------------------------------------------------
    # What stands on it
    # ------------------------------------------------------------------

    def _get_title(self):
        """Return what the paper is called."""
        raise NotImplementedError

    def _get_facts(self):
        """Return what it is about as (label, words) pairs; facts without words are left out."""
        raise NotImplementedError

    def _get_tables(self):
        """Return the tables of the paper, see ``Table``."""
        raise NotImplementedError

    def _get_sheets(self):
        """Return the tables of the workbook, a sheet each: those of the paper, unless there is more."""
        return self._get_tables()

    def _get_remarks(self):
        """Return what explains the figures, below the tables."""
        return []

    def _get_signs(self):
        """Return (what was done, by whom, when) of each signature."""
        return [(self.env._("Reviewed (auditor)"), "", False)]

    def _sum_row(self, label, table_rows, columns):
        """Return the row of totals: a label, and the sums of columns (by their number) that add up."""
        values = [label, *[None] * (len(table_rows[0][1]) - 1)] if table_rows else [label]
        for column in columns if table_rows else ():
            values[column] = sum(row[1][column] or 0 for row in table_rows)
        return ("total", values)

    def _say_who(self, user, moment):
        """Return a person and a moment in words."""
        return user and f"{user.name}, {format_datetime(self.env, moment, dt_format='medium')}"

    # ------------------------------------------------------------------
    # Paper
    # ------------------------------------------------------------------

    def _prepare_page_values(self):
        values = super()._prepare_page_values()
        facts = [(label, words) for label, words in self._get_facts() if words]
        lines = sum(page_rows.count_lines([words], [FACT_WIDTH]) for _label, words in facts)
        used = HEAD + FACT * lines
        tables = []
        for table in self._get_tables():
            height = HEADING + ROW * (len(table.rows) + 1)
            if len(table.rows) <= SHORT and used + height > page_rows.LANDSCAPE:
                used = page_rows.LANDSCAPE
            pages, used = self._split(table.rows, used)
            tables.append((table, pages))
        remarks = self._get_remarks()
        if tables and used + SIGNS + FACT * len(remarks) > page_rows.LANDSCAPE:
            pages[-1:] = pages[-1][:-WITH_SIGNS], pages[-1][-WITH_SIGNS:]
        return values | {
            "title": self._get_title(),
            "facts": facts,
            "tables": tables,
            "remarks": remarks,
            "signs": self._get_signs(),
            "format_cell": lambda column, value: self._format_cell(values, column, value),
        }

    def _format_cell(self, formats, column, value):
        """Return a value of a table in words; nothing, where a column says nothing of a row."""
        if value is None:
            return ""
        if column.kind == "text":
            return value or ""
        if column.kind == "day":
            return formats["format_date"](value)
        if column.kind in DIGITS:
            return formatLang(self.env, value, digits=DIGITS[column.kind])
        if not value:
            return "–"
        return formats["format_money" if column.kind == "money" else "format_count"](value)

    # ------------------------------------------------------------------
    # Workbook
    # ------------------------------------------------------------------

    def _write_workbook(self, file):
        self.ensure_one()
        self.check_access("read")
        company = self.company_id.sudo()  # sudo: the main company of a branch need not be selected
        workbook = open_workbook(file)
        formats = Formats(self.env, workbook)
        FactSheet(self.env, workbook, formats, company, self).write_sheet()
        for table in self._get_sheets():
            TableSheet(self.env, workbook, formats, company, self, table).write_sheet()
        workbook.close()


class TableSheet(Sheet):
    """A table of the paper as a sheet."""

    def __init__(self, env, workbook, formats, company, record, table):
        self.record = record
        self.table = table
        self.number_formats = {
            "count": workbook.add_format({"num_format": "#,##0"}),
            "rate": workbook.add_format({"num_format": "0.00%"}),
            "exact": workbook.add_format({"num_format": "0.0000%"}),
        }
        total = {"bold": True, "top": 1, "bg_color": "#F6F7F9"}
        self.bold_formats = {
            "count": workbook.add_format({"num_format": "#,##0", **total}),
            "rate": workbook.add_format({"num_format": "0.00%", **total}),
        }
        super().__init__(env, workbook, formats, company)

    def get_title(self):
        return self.table.title

    def get_columns(self):
        return [(column.heading, column.width) for column in self.table.columns]

    def is_number(self, column):
        return self.table.columns[column].kind not in ("text", "day")

    def write_heading(self):
        title = self.env._(
            "%(title)s: %(company)s", title=self.record._get_title(), company=self.company.name
        )
        self.sheet.write_string(0, 0, title, self.formats.title)
        self.sheet.write_string(1, 0, self.record.display_name, self.formats.label)
        self.write_currency()

    def write_sheet(self):
        for kind, values in self.table.rows:
            if kind == "total":
                self.close_page()
                self.sheet.set_row(self.row, None, self.formats.subtotal)
            for number, (column, value) in enumerate(zip(self.table.columns, values, strict=False)):
                self.write_value(number, column, value, kind == "total")
            self.row += 1
        if not any(kind == "total" for kind, _values in self.table.rows):
            self.close_page()

    def write_value(self, number, column, value, bold):
        if value is None or value is False:
            return
        if column.kind == "text":
            self.sheet.write_string(self.row, number, value, self.formats.subtotal if bold else None)
        elif column.kind == "day":
            self.write_day(number, (value - EPOCH).days)
        elif column.kind == "money":
            self.sheet.write_number(
                self.row, number, round(value, 6), self.money_bold if bold else self.money
            )
        else:
            formats = self.bold_formats if bold else self.number_formats
            figure = round(value / 100, 10) if column.kind in DIGITS else value
            self.sheet.write_number(self.row, number, figure, formats[column.kind])


class FactSheet(TableSheet):
    """What the workbook is about: the facts and remarks of the paper."""

    def __init__(self, env, workbook, formats, company, record):
        rows = [("", [label, words]) for label, words in record._get_facts() if words]
        rows += [("", ["", remark]) for remark in record._get_remarks()]
        columns = [Column(env._("Fact"), "text", 34), Column(env._("Content"), "text", 90)]
        super().__init__(env, workbook, formats, company, record, Table(env._("About"), columns, rows))

    def write_value(self, number, column, value, bold):
        # What is said in a sentence would make the page as wide as the sentence.
        self.write_words(number, value)
