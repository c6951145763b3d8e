from collections import namedtuple

from odoo import api, models
from odoo.tools import SQL

from ..document.workbook import (
    EPOCH,
    HEADING_ROWS,
    SHEET_ROWS,
    Formats,
    Names,
    Sheet,
    fetch_rows,
    open_workbook,
)
from .ar_provision_movement_report_line import COLUMNS

# Rows fetched from the database at once.
CHUNK = 5000

Item = namedtuple(
    "Item",
    "partner name ref invoice_date date_maturity days_past_due bucket_id segment_id rating_id treatment least"
    " currency_id gross_currency gross offset covered base_rate rating_factor tax_share rate cover_rate"
    " amount account_id company_id",
)


class ArProvisionXlsx(models.AbstractModel):
    """Workbook of a provision run: the matrix, every item, the movement of the allowance.

    Items stream from a database cursor, so that memory does not grow with their number.
    """

    _name = "ar.provision.xlsx"
    _description = "Provision Workbook"

    @api.model
    def _write_run(self, file, run):
        """Write the workbook of a run that the user may read to a binary file; return its items."""
        run.ensure_one()
        run.check_access("read")
        company = run.company_id.sudo()  # sudo: the main company of a branch need not be selected
        workbook = open_workbook(file)
        formats = Formats(self.env, workbook)
        MatrixSheet(self.env, workbook, formats, company, run).write_sheet()
        if assessed := run._get_assessed():
            AssessmentSheet(self.env, workbook, formats, company, run).write_sheet(assessed)
        count = ItemSheet(self.env, workbook, formats, company, run).write_sheet(self._fetch_items(run))
        # A table of the fiscal year up to the run, in memory: nothing is written by a download.
        report = self.env["ar.provision.movement.report"].new(
            {
                "company_id": company.id,
                "date_from": company.compute_fiscalyear_dates(run.date)["date_from"],
                "date_to": run.date,
            }
        )
        MovementSheet(self.env, workbook, formats, company, report).write_sheet(self._fetch_movements(report))
        workbook.close()
        return count

    @api.model
    def _write_movement(self, file, report):
        """Write the workbook of a movement table that the user asked for to a binary file."""
        report.check_access("read")
        company = report.company_id.sudo()  # sudo: see _write_run
        workbook = open_workbook(file)
        formats = Formats(self.env, workbook)
        rows = [
            [line.company_id.id, line.account_id.id, line.segment_id.id, *(line[name] for name in COLUMNS)]
            for line in report.line_ids
        ]
        MovementSheet(self.env, workbook, formats, company, report).write_sheet(rows)
        workbook.close()

    @api.model
    def _fetch_movements(self, report):
        """Return the rows of a movement table that stands in memory only."""
        self.env["ar.provision.movement"].check_access("read")
        movements = report._movement_sql(
            report.company_id, report._get_accounts(), report.date_from, report.date_to
        )
        self.env.flush_all()
        columns = SQL(", ").join(SQL.identifier(name) for name in COLUMNS)
        return self.env.execute_query(
            SQL(
                """SELECT company_id, account_id, segment_id, %s FROM (%s) movement
                    WHERE (%s) != (%s)
                 ORDER BY company_id, account_id, segment_id NULLS FIRST""",
                columns,
                movements,
                columns,
                SQL(", ").join(SQL("0") for _name in COLUMNS),
            )
        )

    @api.model
    def _fetch_items(self, run):
        """Return the items of a run by customer and due date, in chunks from a database cursor."""
        lines = self.env["ar.provision.line"]._search([("run_id", "=", run.id)])
        query = SQL(
            """SELECT COALESCE(line.partner_name, partner.complete_name, partner.name),
                      line.name,
                      line.ref,
                      line.invoice_date - %(epoch)s,
                      line.date_maturity - %(epoch)s,
                      line.days_past_due,
                      line.bucket_id,
                      line.segment_id,
                      line.rating_id,
                      line.treatment,
                      line.least,
                      line.currency_id,
                      line.gross_currency::float,
                      line.gross,
                      line."offset",
                      line.covered,
                      line.base_rate::float,
                      line.rating_factor::float,
                      line.tax_share::float,
                      line.rate::float,
                      line.cover_rate::float,
                      line.amount,
                      line.account_id,
                      line.company_id
                 FROM (%(lines)s) line
            LEFT JOIN res_partner partner ON partner.id = line.partner_id
             ORDER BY COALESCE(line.partner_name, partner.complete_name, partner.name) NULLS LAST,
                      line.partner_id,
                      line.date_maturity,
                      line.id""",
            lines=lines.select(SQL("ar_provision_line.*")),
            epoch=EPOCH,
        )
        return map(Item._make, fetch_rows(self.env, query, "ar_provision_items", CHUNK))


class ProvisionSheet(Sheet):
    """A sheet with the run in its heading."""

    def __init__(self, env, workbook, formats, company, run):
        self.run = run
        self.percent = workbook.add_format({"num_format": "0.00##%"})
        self.average = workbook.add_format({"num_format": "0.00%"})
        self.factor = workbook.add_format({"num_format": "0.00##"})
        self.count = workbook.add_format({"num_format": "#,##0"})
        super().__init__(env, workbook, formats, company)

    def write_heading(self):
        sheet, formats = self.sheet, self.formats
        states = dict(self.run._fields["state"]._description_selection(self.env))
        title = self.env._(
            "Loss allowance %(run)s: %(company)s", run=self.run.name, company=self.company.name
        )
        sheet.write_string(0, 0, title, formats.title)
        sheet.write_string(1, 0, self.env._("Reporting date"), formats.label)
        sheet.write_number(1, 1, (self.run.date - EPOCH).days, formats.date_bold)
        sheet.write_string(1, 2, states[self.run.state], formats.label)
        self.write_currency()
        sheet.write_string(2, 2, self.run._get_policy_words()["policy_name"], formats.label)

    def write_money(self, column, amount, money=None):
        if amount:
            self.sheet.write_number(self.row, column, round(amount, 6), money or self.money)

    def write_percent(self, column, rate, percent=None):
        if rate:
            self.sheet.write_number(self.row, column, round(rate / 100, 10), percent or self.percent)


class MatrixSheet(ProvisionSheet):
    """The matrix by segment and bucket, and what it does not value."""

    FIGURES = {2: "item_count", 3: "gross", 4: "offset", 5: "covered", 9: "amount", 10: "prior"}

    def get_title(self):
        return self.env._("Matrix")

    def get_columns(self):
        columns = [
            (self.env._("Segment"), 24),
            (self.env._("Age"), 24),
            (self.env._("Items"), 10),
            (self.env._("Gross"), 17),
            (self.env._("Own Credits"), 17),
            (self.env._("Covered"), 17),
            (self.env._("Matrix Rate"), 12),
            (self.env._("Outlook"), 10),
            (self.env._("Average Rate"), 12),
            (self.env._("Expected Loss"), 17),
        ]
        if self.run.previous_id:
            columns.append((self.env._("Expected Loss of %s", self.run.previous_id.name), 19))
        return columns

    def is_number(self, column):
        return column >= 2

    def write_sheet(self):
        rows = [(section.name, row) for section in self.run._get_matrix_sections() for row in section.rows]
        rows += [("", row) for row in self.run._get_other_rows()]
        for segment, row in rows:
            self.write_row(segment, row)
        self.close_page()
        columns = [
            (column, sum(getattr(row, name) for _segment, row in rows))
            for column, name in self.FIGURES.items()
            if column > 2 and column <= self.last_column
        ]
        self.write_sums(self.env._("Total"), HEADING_ROWS, columns)
        lines = [
            (self.env._("Allowance in the ledger before"), self.run.booked),
            (self.env._("Change"), self.run.change),
        ]
        self.write_below(9, lines)

    def write_row(self, segment, row):
        self.write_text(0, segment)
        self.write_text(1, row.name)
        for column, name in self.FIGURES.items():
            if column <= self.last_column:
                self.write_money(column, getattr(row, name), self.count if column == 2 else None)
        if row.base_rate is not None:
            self.sheet.write_number(self.row, 6, row.base_rate / 100, self.percent)
            self.sheet.write_number(
                self.row, 7, self.run.matrix_id.sudo().factor, self.factor
            )  # sudo: frozen
        self.write_percent(8, row.rate, self.average)
        self.row += 1


class AssessmentSheet(ProvisionSheet):
    """The customers who were assessed individually, with the facts."""

    def get_title(self):
        return self.env._("Individual")

    def get_columns(self):
        return [
            (self.env._("Customer"), 36),
            (self.env._("Facts"), 70),
            (self.env._("Items"), 10),
            (self.env._("Gross"), 17),
            (self.env._("Loss Rate"), 12),
            (self.env._("Expected Loss"), 17),
        ]

    def is_number(self, column):
        return column >= 2

    def write_sheet(self, rows):
        for row in rows:
            self.write_text(0, row.partner_name)
            self.write_words(1, row.assessment.reason)
            self.sheet.write_number(self.row, 2, row.item_count, self.count)
            self.write_money(3, row.gross)
            self.write_percent(4, row.rate)
            self.write_money(5, row.amount)
            self.row += 1
        self.close_page()
        sums = [(3, sum(row.gross for row in rows)), (5, sum(row.amount for row in rows))]
        self.write_sums(self.env._("Total"), HEADING_ROWS, sums)


class ItemSheet(ProvisionSheet):
    """One row for each open item as the run valued it."""

    key_columns = 2

    def __init__(self, env, workbook, formats, company, run):
        # sudo: buckets and segments are named here whether or not the user may open them.
        everything = env(su=True, context={**env.context, "active_test": False})
        segments = everything["ar.provision.segment"].search([("company_id", "=", company.id)])
        self.segments = {segment.id: segment.name for segment in segments}
        buckets = everything["ar.provision.bucket"].search([("company_id", "=", company.id)])
        self.buckets = {bucket.id: bucket.name for bucket in buckets}
        self.buckets |= {cell.bucket_id.id: cell.bucket_name for cell in run.cell_ids}
        self.segments |= {cell.segment_id.id: cell.segment_name for cell in run.cell_ids if cell.segment_id}
        self.names = Names(env, formats, company)
        lines = env["ar.provision.line"]._fields
        self.treatments = dict(lines["treatment"]._description_selection(env))
        self.least = dict(lines["least"]._description_selection(env))
        super().__init__(env, workbook, formats, company, run)

    def get_title(self):
        return self.env._("Items")

    def get_columns(self):
        columns = [
            (self.env._("Customer"), 36),
            (self.env._("Entry"), 19),
            (self.env._("Reference"), 19),
            (self.env._("Invoice Date"), 12),
            (self.env._("Due Date"), 12),
            (self.env._("Days Past Due"), 10),
            (self.env._("Age"), 16),
            (self.env._("Segment"), 20),
            (self.env._("Rating"), 10),
            (self.env._("Treatment"), 22),
            (self.env._("Least Rate"), 18),
            (self.env._("Currency"), 9),
            (self.env._("Gross in Currency"), 17),
            (self.env._("Gross"), 17),
            (self.env._("Own Credits"), 17),
            (self.env._("Covered"), 17),
            (self.env._("Matrix Rate"), 11),
            (self.env._("Rating Factor"), 11),
            (self.env._("Tax Left Out"), 11),
            (self.env._("Loss Rate"), 11),
            (self.env._("Rate of the Covered Part"), 15),
            (self.env._("Expected Loss"), 17),
            (self.env._("Account"), 28),
        ]
        if len(self.names.branches) > 1:
            columns.append((self.env._("Company"), 24))
        return columns

    def is_number(self, column):
        return column == 5 or 12 <= column <= 21

    def write_sheet(self, items):
        """Write the items and their sums, and return how many there are."""
        count = 0
        totals = dict.fromkeys(("gross", "offset", "covered", "amount"), 0.0)
        for item in items:
            if self.row >= SHEET_ROWS - 2:
                self.close_page()
                self.open_page()
            self.write_item(item)
            for name in totals:
                totals[name] += getattr(item, name) or 0
            count += 1
        self.close_page()
        self.write_sums(
            self.env._("Total"),
            HEADING_ROWS if self.pages == 1 and count else None,
            zip((13, 14, 15, 21), totals.values(), strict=True),
        )
        return count

    def write_item(self, item):
        sheet, row, formats = self.sheet, self.row, self.formats
        currency, money = self.names.currencies[item.currency_id]
        sheet.write_string(row, 0, item.partner or self.env._("Without customer"))
        self.write_text(1, item.name)
        self.write_text(2, item.ref)
        self.write_day(3, item.invoice_date)
        self.write_day(4, item.date_maturity)
        if item.days_past_due is not None:
            sheet.write_number(row, 5, item.days_past_due, formats.days)
        self.write_text(6, self.buckets.get(item.bucket_id), formats.indented)
        self.write_text(7, self.segments.get(item.segment_id))
        self.write_text(8, self.names.ratings.get(item.rating_id))
        self.write_text(9, self.treatments[item.treatment])
        self.write_text(10, self.least.get(item.least))
        sheet.write_string(row, 11, currency)
        self.write_money(12, item.gross_currency, money)
        self.write_money(13, item.gross)
        self.write_money(14, item.offset)
        self.write_money(15, item.covered)
        self.write_percent(16, item.base_rate)
        if item.rating_factor is not None:
            sheet.write_number(row, 17, item.rating_factor, self.factor)
        self.write_percent(18, item.tax_share)
        self.write_percent(19, item.rate)
        self.write_percent(20, item.cover_rate)
        self.write_money(21, item.amount)
        self.write_text(22, self.names.accounts.get(item.account_id), formats.indented)
        if len(self.names.branches) > 1:
            self.write_text(23, self.names.branches.get(item.company_id))
        self.row += 1


class MovementSheet(Sheet):
    """The movement of the allowance in a period, against the ledger."""

    def __init__(self, env, workbook, formats, company, report):
        self.report = report
        super().__init__(env, workbook, formats, company)

    def get_title(self):
        return self.env._("Movement")

    def get_columns(self):
        fields = self.env["ar.provision.movement.report.line"]._fields
        return [
            (self.env._("Company"), 30),
            (self.env._("Allowance Account"), 32),
            (self.env._("Segment"), 24),
            *((fields[name]._description_string(self.env), 16) for name in COLUMNS),
        ]

    def is_number(self, column):
        return column >= 3

    def write_heading(self):
        sheet, formats = self.sheet, self.formats
        title = self.env._("Movement of the loss allowance: %s", self.company.name)
        sheet.write_string(0, 0, title, formats.title)
        sheet.write_string(1, 0, self.env._("Period"), formats.label)
        sheet.write_number(1, 1, (self.report.date_from - EPOCH).days, formats.date_bold)
        sheet.write_number(1, 2, (self.report.date_to - EPOCH).days, formats.date_bold)
        self.write_currency()

    def write_sheet(self, rows):
        """Write rows of company, account, segment (ids) and ``COLUMNS``, their sums and the ledger."""
        # sudo: branches, accounts and segments are named here whether or not the user may open them.
        everything = self.env(su=True)
        accounts = everything["account.account"].with_company(self.company)
        for company_id, account_id, segment_id, *amounts in rows:
            self.sheet.write_string(self.row, 0, everything["res.company"].browse(company_id).name)
            self.sheet.write_string(self.row, 1, accounts.browse(account_id).display_name)
            if segment_id:
                name = everything["ar.provision.segment"].browse(segment_id).name
                self.sheet.write_string(self.row, 2, name)
            for column, amount in enumerate(amounts, 3):
                self.sheet.write_number(self.row, column, round(amount, 6), self.money)
            self.row += 1
        self.close_page()
        sums = [sum(row[column] for row in rows) for column in range(3, 3 + len(COLUMNS))]
        self.write_sums(self.env._("Total"), HEADING_ROWS if rows else None, list(enumerate(sums, 3)))
        ledger = self.report._get_ledger()
        lines = [
            (self.env._("General ledger"), ledger),
            (self.env._("Difference"), self.company.currency_id.round(ledger - sums[-1])),
        ]
        self.write_below(2 + len(COLUMNS), lines)
