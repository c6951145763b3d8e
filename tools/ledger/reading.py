"""Read a receivables ledger from a CSV file; nothing here knows Odoo.

One row is one invoice: customer, number, dates, amount and, when it was paid in full, the day of settlement.
A row that cannot be loaded is refused with the reason; the others are kept.
"""

import csv
import re
from collections import Counter
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal, InvalidOperation

# Headers are compared without case, blanks and punctuation.
COLUMNS = {
    "number": ("invoicenumber", "invoiceno", "invoiceid", "invoice", "number", "documentnumber"),
    "customer": ("customerid", "customernumber", "customerno", "customer", "customername", "debtor"),
    "country": ("countrycode", "country"),
    "invoice_date": ("invoicedate", "documentdate", "date"),
    "due_date": ("duedate", "invoiceduedate", "datedue", "maturity"),
    "amount": ("invoiceamount", "amount", "total", "amounttotal"),
    "settled_date": ("settleddate", "settlementdate", "paiddate", "paymentdate"),
    "disputed": ("disputed", "dispute"),
}
REQUIRED = ("number", "customer", "invoice_date", "due_date", "amount")
# Known, and not needed: either recomputed from the dates or without meaning for receivables.
PASSED_OVER = {"paperlessdate", "paperlessbill", "daystosettle", "dayslate"}
YES = {"yes", "y", "true", "1"}
LARGEST_AMOUNT = Decimal("1e12")


class UnreadableLedgerError(Exception):
    """The file as a whole cannot be used; the message says why."""


class RefusedRowError(Exception):
    """One row cannot be loaded; the message says why."""


@dataclass(frozen=True)
class Invoice:
    """One row of the ledger; the amount is in the company's currency."""

    line: int
    number: str
    customer: str
    country: str
    invoice_date: date
    due_date: date
    amount: Decimal
    settled_date: date | None
    disputed: bool


@dataclass(frozen=True)
class Refusal:
    line: int
    number: str
    reason: str

    def __str__(self):
        return f"line {self.line}, invoice {self.number or '(no number)'}: {self.reason}"


@dataclass
class Ledger:
    """What a file holds: invoices by date, refused rows as they stand in the file, columns of no use here."""

    invoices: list = field(default_factory=list)
    refusals: list = field(default_factory=list)
    unknown_columns: list = field(default_factory=list)


def read(path, decimals=2, today=None):
    """Return the `Ledger` in a CSV file (UTF-8, comma or semicolon).

    :param decimals: decimal places of the currency that amounts are in
    :param today: settlements after this date are refused
    :raise UnreadableLedgerError: not a text file, no header, or a needed column is missing
    """
    try:
        with open(path, newline="", encoding="utf-8-sig") as source:
            return _read_rows(source, decimals, today or datetime.now().date())
    except OSError as problem:
        raise UnreadableLedgerError(f"{path}: {problem.strerror}") from problem
    except (UnicodeDecodeError, csv.Error) as problem:
        raise UnreadableLedgerError(f"{path} is not a CSV file in UTF-8: {problem}") from problem


def _read_rows(source, decimals, today):
    head = source.readline()
    source.seek(0)
    rows = csv.reader(source, delimiter=";" if head.count(";") > head.count(",") else ",")
    header = next(rows, None)
    if not header:
        raise UnreadableLedgerError("the file is empty")
    positions, unknown = _match_header(header)
    ledger = Ledger(unknown_columns=unknown)
    first_lines = {}
    for row in rows:
        if not any(cell.strip() for cell in row):
            continue
        values = {name: _cell(row, position) for name, position in positions.items()}
        line = rows.line_num
        try:
            _check_width(row, header)
            invoice = _parse(line, values, decimals, today)
            if invoice.number in first_lines:
                raise RefusedRowError(f"the number is already on line {first_lines[invoice.number]}")
        except RefusedRowError as refusal:
            ledger.refusals.append(Refusal(line, values["number"], str(refusal)))
        else:
            first_lines[invoice.number] = line
            ledger.invoices.append(invoice)
    ledger.invoices.sort(key=lambda invoice: (invoice.invoice_date, invoice.number))
    return ledger


def _cell(row, position):
    return row[position].strip() if position < len(row) else ""


def _check_width(row, header):
    if len(row) > len(header):
        raise RefusedRowError(f"{len(row)} cells under {len(header)} columns")


def _match_header(header):
    """Return the position of each known column and the names of the unknown ones."""
    plain = [re.sub(r"[^a-z0-9]", "", name.lower()) for name in header]
    for name, times in Counter(plain).items():
        if name and times > 1:
            raise UnreadableLedgerError(f"column {header[plain.index(name)]} is there {times} times")
    positions = {}
    for name, aliases in COLUMNS.items():
        found = [plain.index(alias) for alias in aliases if alias in plain]
        if found:
            positions[name] = found[0]
        elif name in REQUIRED:
            raise UnreadableLedgerError(
                f"no column for {name.replace('_', ' ')}: one must be called {' or '.join(COLUMNS[name][:2])}"
            )
    used = set(positions.values())
    unknown = {i for i, name in enumerate(plain) if name and name not in PASSED_OVER} - used
    return positions, [header[i] for i in sorted(unknown)]


def _parse(line, values, decimals, today):
    for name in REQUIRED:
        if not values[name]:
            raise RefusedRowError(f"no {name.replace('_', ' ')}")
    invoice_date = _parse_date(values["invoice_date"], "invoice date")
    due_date = _parse_date(values["due_date"], "due date")
    settled_text = values.get("settled_date")
    settled_date = _parse_date(settled_text, "settled date") if settled_text else None
    if due_date < invoice_date:
        raise RefusedRowError(f"due on {due_date}, before the invoice date {invoice_date}")
    if settled_date and settled_date > today:
        raise RefusedRowError(f"settled on {settled_date}, in the future")
    return Invoice(
        line=line,
        number=values["number"],
        customer=values["customer"],
        country=values.get("country", ""),
        invoice_date=invoice_date,
        due_date=due_date,
        amount=_parse_amount(values["amount"], decimals),
        settled_date=settled_date,
        disputed=values.get("disputed", "").lower() in YES,
    )


def _parse_date(text, what):
    """Read month/day/year or year-month-day."""
    for form in ("%m/%d/%Y", "%Y-%m-%d"):
        try:
            return datetime.strptime(text, form).date()
        except ValueError:
            continue
    raise RefusedRowError(f"{what} {text} is not month/day/year or year-month-day")


def _parse_amount(text, decimals):
    try:
        amount = Decimal(re.sub(r"(?<=\d),(?=\d{3}(?:\D|$))", "", text))
    except InvalidOperation:
        raise RefusedRowError(f"amount {text} is not a number") from None
    if not amount.is_finite() or abs(amount) >= LARGEST_AMOUNT:
        raise RefusedRowError(f"amount {text} is not a usable number")
    if amount < 0:
        raise RefusedRowError(f"amount {text} is negative; this is no place for credit notes")
    if amount == 0:
        raise RefusedRowError("the amount is zero")
    if amount != round(amount, decimals):
        raise RefusedRowError(f"amount {text} has more than {decimals} decimals")
    return round(amount, decimals)
