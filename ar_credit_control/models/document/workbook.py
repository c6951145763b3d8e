"""Workbooks of any number of rows in the same memory: dates and numbers typed, texts never formulas."""

import itertools
import math
import re
from datetime import date

import xlsxwriter
from xlsxwriter.utility import xl_range

from odoo.tools import SQL

from .page_rows import count_lines

# Day 0 of a workbook's dates.
EPOCH = date(1899, 12, 30)
# Rows that a sheet can hold.
SHEET_ROWS = 1048576
# Rows of headings above the first item.
HEADING_ROWS = 4
# Points of a line of text.
LINE_HEIGHT = 15
# A4 in the numbers of workbooks.
A4 = 9
# Characters that stand side by side on A4 landscape as small as one still reads them, at about 7 points.
PRINTED_WIDTH = 230


def open_workbook(file):
    """Return a workbook that is written row by row to a binary file."""
    return xlsxwriter.Workbook(
        file,
        {
            "constant_memory": True,
            # Names are data: they never become formulas, links or numbers.
            "strings_to_formulas": False,
            "strings_to_urls": False,
            "strings_to_numbers": False,
        },
    )


def fetch_rows(env, query, name, chunk):
    """Yield the rows of a query, fetched from a database cursor of this name by so many at once."""
    cr = env.cr
    env.flush_query(query)
    # The whole result is read: the planner need not favour the first rows.
    cr.execute("SET LOCAL cursor_tuple_fraction = 1")
    cursor = SQL.identifier(name)
    cr.execute(SQL("DECLARE %s NO SCROLL CURSOR FOR %s", cursor, query))
    fetch = SQL("FETCH FORWARD %s FROM %s", chunk, cursor)
    while rows := env.execute_query(fetch):
        yield from rows
    cr.execute(SQL("CLOSE %s", cursor))


class Formats:
    """Cell formats of a workbook, in the user's language."""

    def __init__(self, env, workbook):
        self.env = env
        self.workbook = workbook
        self.date_format = self._get_date_format()
        self.title = workbook.add_format({"bold": True, "font_size": 14})
        self.label = workbook.add_format({"font_color": "#666666"})
        header = {"bold": True, "bg_color": "#E7E9ED", "bottom": 1, "text_wrap": True, "valign": "vcenter"}
        self.header = workbook.add_format(header)
        self.header_number = workbook.add_format({**header, "align": "right"})
        self.header_indented = workbook.add_format({**header, "indent": 1})
        # Text right of a number would touch it.
        self.indented = workbook.add_format({"indent": 1})
        self.wrapped = workbook.add_format({"text_wrap": True, "valign": "top"})
        self.date = workbook.add_format({"num_format": self.date_format, "align": "left"})
        self.date_bold = workbook.add_format({"num_format": self.date_format, "align": "left", "bold": True})
        self.days = workbook.add_format({"num_format": "0"})
        self.subtotal = workbook.add_format({"bold": True, "top": 1, "bg_color": "#F6F7F9"})
        self.by_currency = {}

    def money(self, currency, bold=False):
        """Return the format of amounts in a currency: its decimals and its symbol where it stands."""
        key = (currency.id, bold)
        if key not in self.by_currency:
            number = "#,##0" + ("." + "0" * currency.decimal_places if currency.decimal_places else "")
            symbol = '"%s"' % (currency.symbol or currency.name or "").replace('"', "")
            number = f"{symbol} {number}" if currency.position == "before" else f"{number} {symbol}"
            options = {"num_format": f"{number};[Red]-{number}"}
            if bold:
                options.update({"bold": True, "top": 1, "bg_color": "#F6F7F9"})
            self.by_currency[key] = self.workbook.add_format(options)
        return self.by_currency[key]

    def _get_date_format(self):
        code = self.env.lang or "en_US"
        parts = {"%d": "dd", "%m": "mm", "%Y": "yyyy", "%y": "yy", "%b": "mmm", "%B": "mmmm", "%-d": "d"}
        pattern = self.env["res.lang"]._get_data(code=code).date_format or "%Y-%m-%d"
        for directive, letters in parts.items():
            pattern = pattern.replace(directive, letters)
        return pattern if "%" not in pattern else "yyyy-mm-dd"


class Names:
    """What rows of items name by their ids, in one query each, whether or not the user may open it."""

    def __init__(self, env, formats, company):
        # sudo: see above
        everything = env(su=True, context={**env.context, "active_test": False})
        self.currencies = {
            currency.id: (currency.name, formats.money(currency))
            for currency in everything["res.currency"].search([])
        }
        accounts = everything["account.account"].with_company(company)
        self.accounts = {
            account.id: account.display_name
            for account in accounts.search([("account_type", "=", "asset_receivable")])
        }
        branches = everything["res.company"].search([("id", "child_of", company.id)])
        self.branches = {branch.id: branch.name for branch in branches}
        self.ratings = {rating.id: rating.name for rating in everything["ar.credit.rating"].search([])}


class Sheet:
    """A sheet of one company: heading, columns, rows from top to bottom, totals."""

    # Columns that say what a row is about: on paper they stand on every page.
    key_columns = 1

    def __init__(self, env, workbook, formats, company):
        self.env = env
        self.workbook = workbook
        self.formats = formats
        self.company = company
        self.money = formats.money(company.currency_id)
        self.money_bold = formats.money(company.currency_id, bold=True)
        self.pages = 0
        self.open_page()

    def get_title(self):
        raise NotImplementedError

    def get_columns(self):
        """Return (heading, width) of each column."""
        raise NotImplementedError

    def is_number(self, column):
        """Return whether a column, by its place, has numbers: they stand on the right, and so its heading."""
        return False

    def write_heading(self):
        """Write what stands above the table, in its first rows."""
        raise NotImplementedError

    def open_page(self):
        """Begin a new sheet: a sheet that is full continues on the next one."""
        columns = self.get_columns()
        self.pages += 1
        self.sheet = self.workbook.add_worksheet(self._get_sheet_name())
        self.write_heading()
        self.sheet.set_row(HEADING_ROWS - 1, 30)
        for column, (heading, width) in enumerate(columns):
            self.sheet.set_column(column, column, width)
            self.sheet.write_string(HEADING_ROWS - 1, column, heading, self.get_header_format(column))
        self.sheet.freeze_panes(HEADING_ROWS, 1)
        self.set_up_paper([width for _heading, width in columns])
        self.row = HEADING_ROWS
        self.last_column = len(columns) - 1

    def get_header_format(self, column):
        if self.is_number(column):
            return self.formats.header_number
        follows_number = column and self.is_number(column - 1)
        return self.formats.header_indented if follows_number else self.formats.header

    def set_up_paper(self, widths):
        """Print on as many pages side by side as it takes to read them.

        :param widths: of the columns, in characters
        """
        sheet = self.sheet
        sheet.set_landscape()
        sheet.set_paper(A4)
        sheet.set_margins(left=0.4, right=0.4, top=0.5, bottom=0.6)
        sheet.set_footer("&L&A&R&P / &N")
        sheet.repeat_rows(HEADING_ROWS - 1)
        key = sum(widths[: self.key_columns])
        pages = 1
        if sum(widths) > PRINTED_WIDTH:
            pages = math.ceil((sum(widths) - key) / (PRINTED_WIDTH - key))
            sheet.repeat_columns(0, self.key_columns - 1)
            sheet.print_across()
        sheet.fit_to_pages(pages, 0)

    def write_text(self, column, text, text_format=None):
        if text:
            self.sheet.write_string(self.row, column, text, text_format)

    def write_words(self, column, text):
        """Write text of any length on as many lines as the width of its column asks for."""
        width = self.get_columns()[column][1]
        lines = sum(count_lines([part], [width]) for part in (text or "").split("\n"))
        if lines > 1:
            self.sheet.set_row(self.row, LINE_HEIGHT * lines)
        self.write_text(column, text, self.formats.wrapped)

    def write_day(self, column, day):
        """Write a day of the workbook, see ``EPOCH``."""
        if day is not None:
            self.sheet.write_number(self.row, column, day, self.formats.date)

    def write_below(self, column, lines):
        """Write amounts under the totals.

        :param lines: (label, amount) pairs
        """
        for label, amount in lines:
            self.sheet.write_string(self.row, 0, label, self.formats.label)
            self.sheet.write_number(self.row, column, amount, self.money)
            self.row += 1

    def write_currency(self):
        """Write below the heading what currency amounts are in."""
        text = self.env._("Amounts in %s", self.company.currency_id.name)
        self.sheet.write_string(2, 0, text, self.formats.label)

    def close_page(self):
        self.sheet.autofilter(HEADING_ROWS - 1, 0, max(self.row - 1, HEADING_ROWS), self.last_column)

    def write_sums(self, label, first_row, columns):
        """Write a row of sums. They are formulas unless what they sum began on a sheet before.

        :param columns: (column, amount) pairs
        """
        # A format of the row: blank cells would be a fifth of the workbook.
        self.sheet.set_row(self.row, None, self.formats.subtotal)
        self.sheet.write_string(self.row, 0, label, self.formats.subtotal)
        for column, amount in columns:
            if first_row is None:
                self.sheet.write_number(self.row, column, round(amount, 6), self.money_bold)
            else:
                cells = xl_range(first_row, column, self.row - 1, column)
                self.sheet.write_formula(
                    self.row, column, f"=SUBTOTAL(9,{cells})", self.money_bold, round(amount, 6)
                )
        self.row += 1

    def _get_sheet_name(self):
        """Return a name that is allowed and unique in the workbook."""
        names = {sheet.get_name().lower() for sheet in self.workbook.worksheets()}
        forbidden = r"[\[\]:*?/\\']"
        title = re.sub(forbidden, " ", self.get_title()).strip()[:14]
        company = " ".join(re.sub(forbidden, " ", self.company.name).split())
        candidates = (f" {company[:12]} {number}" for number in itertools.count(2))
        endings = itertools.chain(["", f" {company}"], candidates)
        titles = (f"{title}{ending}"[:31].strip() for ending in endings)
        return next(name for name in titles if name.lower() not in names)
