import itertools
from collections import namedtuple
from operator import attrgetter

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

# Rows fetched from the database at once.
CHUNK = 5000

Item = namedtuple(
    "Item",
    "root_company_id company_id partner_id partner move ref invoice_date date_maturity days_overdue phase"
    " currency_id amount_currency amount amount_overdue bucket_id salesperson collector rating_id account_id",
)


def _stream_by(items, name):
    """Yield each value of an attribute with the consecutive items that have it, without collecting them."""
    return itertools.groupby(items, attrgetter(name))  # pylint: disable=bad-builtin-groupby  # Odoo's collects


class ArAgingXlsx(models.AbstractModel):
    """Workbook of the ageing: a sheet by customer and a sheet of open items for each main company.

    Rows stream from a database cursor into xlsxwriter's constant memory mode, so that memory does not grow
    with the number of items::

        with open("ageing.xlsx", "wb") as file:
            env["ar.aging.xlsx"].with_context(ar_as_of="2026-06-30")._write_workbook(file)
    """

    _name = "ar.aging.xlsx"
    _description = "Receivables Ageing Workbook"

    @api.model
    def _write_workbook(self, file, domain=()):
        """Write the workbook of the open items in the domain that the user may see to a binary file.

        Date and basis come from the context as for ``ar.aging.report``.

        :return: the number of items written.
        """
        report = self.env["ar.aging.report"]
        report.check_access("read")
        workbook = open_workbook(file)
        formats = Formats(self.env, workbook)
        count = 0
        companies = _stream_by(self._fetch_items(domain), "root_company_id")
        for company_id, items in companies:
            # sudo: the main company of a branch that the user works in need not be selected.
            company = self.env["res.company"].sudo().browse(company_id)
            count += self._write_company(workbook, formats, company, items, domain)
        if not count:
            sheet = workbook.add_worksheet(self.env._("Ageing"))
            self._write_heading(sheet, formats, self.env.company, domain)
            sheet.write_string(HEADING_ROWS - 1, 0, self.env._("Nothing is open at this date."))
        workbook.close()
        return count

    @api.model
    def _fetch_items(self, domain):
        """Return the open items by company, customer and due date, in chunks from a database cursor."""
        rows = fetch_rows(self.env, self._prepare_query(domain), "ar_aging_items", CHUNK)
        return map(Item._make, rows)

    @api.model
    def _prepare_query(self, domain) -> SQL:
        """Return the query of the items, one column for each field of ``Item``, dates as workbook dates."""
        query = self.env["ar.aging.report"]._search(list(domain))
        items = query.select(SQL("ar_aging_report.*"))
        return SQL(
            """SELECT item.root_company_id,
                      item.company_id,
                      item.partner_id,
                      COALESCE(partner.complete_name, partner.name),
                      item.move_name,
                      item.ref,
                      item.invoice_date - %(epoch)s,
                      item.date_maturity - %(epoch)s,
                      item.days_overdue,
                      item.phase,
                      item.currency_id,
                      item.amount_currency::float,
                      item.amount::float,
                      item.amount_overdue::float,
                      item.bucket_id,
                      salesperson.name,
                      collector.name,
                      item.rating_id,
                      item.account_id
                 FROM (%(items)s) item
            LEFT JOIN res_partner partner ON partner.id = item.partner_id
            LEFT JOIN res_users salesperson_user ON salesperson_user.id = item.salesperson_id
            LEFT JOIN res_partner salesperson ON salesperson.id = salesperson_user.partner_id
            LEFT JOIN res_users collector_user ON collector_user.id = item.collector_id
            LEFT JOIN res_partner collector ON collector.id = collector_user.partner_id
             ORDER BY item.root_company_id,
                      COALESCE(partner.complete_name, partner.name) NULLS LAST,
                      item.partner_id,
                      item.date_maturity,
                      item.id""",
            items=items,
            epoch=EPOCH,
        )

    @api.model
    def _write_company(self, workbook, formats, company, items, domain):
        """Write both sheets of a company and return the number of items."""
        buckets = self.env["ar.aging.bucket"].search([("company_id", "=", company.id)])
        customers = CustomerSheet(self, workbook, formats, company, buckets, domain)
        details = ItemSheet(self, workbook, formats, company, buckets, domain)
        for _partner, group in _stream_by(items, "partner_id"):
            customers.write_customer(details.write_customer(group))
        details.close()
        customers.close()
        report = self.env["ar.aging.report"]
        if not domain and report._sees_all_customers():
            as_of = report._get_as_of()
            ledger = float(report._get_ledger_by_company(as_of).get(company.id, 0))
            matched = company.currency_id.is_zero(ledger - customers.totals.amount)
            elsewhere = 0.0 if matched else float(report._get_matched_elsewhere(as_of, company))
            customers.write_reconciliation(ledger, elsewhere)
        return details.totals.count

    @api.model
    def _write_heading(self, sheet, formats, company, domain):
        """Write company, date, basis and whether only a selection is shown, above the table."""
        report = self.env["ar.aging.report"]
        basis = {
            "due": self.env._("by due date"),
            "invoice": self.env._("by invoice date"),
            "delivery": self.env._("by delivery date"),
        }[report._get_aging_by()]
        sheet.write_string(0, 0, self.env._("Receivables ageing: %s", company.name), formats.title)
        sheet.write_string(1, 0, self.env._("As of"), formats.label)
        sheet.write_number(1, 1, (report._get_as_of() - EPOCH).days, formats.date_bold)
        sheet.write_string(1, 2, basis, formats.label)
        sheet.write_string(2, 0, self.env._("Amounts in %s", company.currency_id.name), formats.label)
        if domain:
            sheet.write_string(2, 1, self.env._("Only the items selected on the screen."), formats.label)


class AgingSheet(Sheet):
    """A sheet of one main company."""

    def __init__(self, exporter, workbook, formats, company, buckets, domain):
        self.exporter = exporter
        self.buckets = buckets
        self.domain = domain
        self.totals = Totals()
        super().__init__(exporter.env, workbook, formats, company)

    def write_heading(self):
        self.exporter._write_heading(self.sheet, self.formats, self.company, self.domain)


class Totals:
    """Sums of some items: all, overdue, by bucket, and the age of the oldest receivable."""

    def __init__(self):
        self.name = ""
        self.count = 0
        self.amount = 0.0
        self.overdue = 0.0
        self.oldest = 0
        self.by_bucket = {}

    def add(self, other):
        self.count += other.count
        self.amount += other.amount
        self.overdue += other.overdue
        for bucket_id, amount in other.by_bucket.items():
            self.by_bucket[bucket_id] = self.by_bucket.get(bucket_id, 0.0) + amount


class CustomerSheet(AgingSheet):
    """One row for each customer with the buckets as columns."""

    def get_title(self):
        return self.env._("By customer")

    def get_columns(self):
        return [
            (self.env._("Customer"), 36),
            (self.env._("Open Amount"), 17),
            (self.env._("Overdue Amount"), 17),
            (self.env._("Oldest (days)"), 10),
            *((bucket.name, 16) for bucket in self.buckets),
        ]

    def write_customer(self, totals):
        if self.row >= SHEET_ROWS - 5:
            self.close_page()
            self.open_page()
        sheet, row, money = self.sheet, self.row, self.money
        sheet.write_string(row, 0, totals.name)
        sheet.write_number(row, 1, round(totals.amount, 6), money)
        sheet.write_number(row, 2, round(totals.overdue, 6), money)
        if totals.oldest:
            sheet.write_number(row, 3, totals.oldest, self.formats.days)
        for position, bucket in enumerate(self.buckets.ids):
            amount = totals.by_bucket.get(bucket)
            if amount:
                sheet.write_number(row, 4 + position, round(amount, 6), money)
        self.totals.add(totals)
        self.row += 1

    def close(self):
        self.close_page()
        by_bucket = [self.totals.by_bucket.get(bucket, 0.0) for bucket in self.buckets.ids]
        first_row = HEADING_ROWS if self.pages == 1 else None
        columns = [(1, self.totals.amount), (2, self.totals.overdue)]
        columns += [(4 + position, amount) for position, amount in enumerate(by_bucket)]
        self.write_sums(self.env._("Total"), first_row, columns)

    def write_reconciliation(self, ledger, elsewhere):
        """Write the balance of the general ledger below the total and the difference, which is zero."""
        currency = self.company.currency_id
        lines = [(self.env._("General ledger"), ledger)]
        if not currency.is_zero(elsewhere):
            lines.append((self.env._("Matched in other branches"), elsewhere))
        difference = currency.round(ledger - elsewhere - self.totals.amount)
        lines.append((self.env._("Difference"), difference))
        self.write_below(1, lines)


class ItemSheet(AgingSheet):
    """One row for each open item, with subtotals by customer; its amount stands in its bucket too."""

    FIRST_BUCKET = 10

    key_columns = 2

    def __init__(self, exporter, workbook, formats, company, buckets, domain):
        self.phases = dict(
            exporter.env["ar.aging.report"]._fields["phase"]._description_selection(exporter.env)
        )
        self.names = Names(exporter.env, formats, company)
        self.positions = {bucket: self.FIRST_BUCKET + place for place, bucket in enumerate(buckets.ids)}
        super().__init__(exporter, workbook, formats, company, buckets, domain)

    def get_title(self):
        return self.env._("Open items")

    def get_columns(self):
        columns = [
            (self.env._("Customer"), 36),
            (self.env._("Entry"), 19),
            (self.env._("Reference"), 19),
            (self.env._("Invoice Date"), 12),
            (self.env._("Due Date"), 12),
            (self.env._("Days"), 8),
            (self.env._("Phase"), 13),
            (self.env._("Currency"), 9),
            (self.env._("Amount in Currency"), 17),
            (self.env._("Open Amount"), 17),
            *((bucket.name, 16) for bucket in self.buckets),
            (self.env._("Salesperson"), 20),
            (self.env._("Collector"), 20),
            (self.env._("Rating"), 10),
            (self.env._("Account"), 28),
        ]
        if len(self.names.branches) > 1:
            columns.append((self.env._("Company"), 24))
        return columns

    def write_customer(self, items):
        """Write the items of one customer and their subtotal; return the totals."""
        totals = Totals()
        first_row = self.row
        page = self.pages
        for item in items:
            if self.row >= SHEET_ROWS - 3:
                self.close_page()
                self.open_page()
            self.write_item(item)
            totals.name = item.partner or self.env._("Without customer")
            totals.count += 1
            totals.amount += item.amount
            totals.overdue += item.amount_overdue
            totals.by_bucket[item.bucket_id] = totals.by_bucket.get(item.bucket_id, 0.0) + item.amount
            if item.amount > 0 and item.days_overdue > totals.oldest:
                totals.oldest = item.days_overdue
        columns = [(self.FIRST_BUCKET - 1, totals.amount)]
        columns += [
            (self.FIRST_BUCKET + position, totals.by_bucket[bucket])
            for position, bucket in enumerate(self.buckets.ids)
            if bucket in totals.by_bucket
        ]
        label = self.env._("Total %s", totals.name)
        self.write_sums(label, first_row if page == self.pages else None, columns)
        self.totals.add(totals)
        return totals

    def write_item(self, item):
        sheet, row, formats = self.sheet, self.row, self.formats
        currency, money = self.names.currencies[item.currency_id]
        column = self.FIRST_BUCKET + len(self.buckets)
        sheet.write_string(row, 0, item.partner or "")
        sheet.write_string(row, 1, item.move or "")
        self.write_text(2, item.ref)
        self.write_day(3, item.invoice_date)
        self.write_day(4, item.date_maturity)
        sheet.write_number(row, 5, item.days_overdue, formats.days)
        sheet.write_string(row, 6, self.phases[item.phase])
        sheet.write_string(row, 7, currency)
        sheet.write_number(row, 8, item.amount_currency, money)
        sheet.write_number(row, 9, item.amount, self.money)
        if item.bucket_id in self.positions:
            sheet.write_number(row, self.positions[item.bucket_id], item.amount, self.money)
        self.write_text(column, item.salesperson)
        self.write_text(column + 1, item.collector)
        self.write_text(column + 2, self.names.ratings.get(item.rating_id))
        self.write_text(column + 3, self.names.accounts.get(item.account_id))
        if len(self.names.branches) > 1:
            sheet.write_string(row, column + 4, self.names.branches[item.company_id])
        self.row += 1

    def close(self):
        self.close_page()
        first_row = HEADING_ROWS if self.pages == 1 else None
        columns = [(self.FIRST_BUCKET - 1, self.totals.amount)]
        columns += [
            (self.FIRST_BUCKET + position, self.totals.by_bucket.get(bucket, 0.0))
            for position, bucket in enumerate(self.buckets.ids)
        ]
        self.write_sums(self.env._("Total"), first_row, columns)
