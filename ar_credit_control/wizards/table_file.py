"""Tables that people upload (CSV, XLSX), and lists that they get back: plain functions without models."""

import csv
import io
import re
from datetime import date, datetime

import openpyxl

MAX_BYTES = 20 * 1024 * 1024
MAX_ROWS = 50_000
ENCODINGS = ("utf-8-sig", "gb18030", "cp1252")
DATE_FORMATS = ("%Y-%m-%d", "%Y/%m/%d", "%Y.%m.%d", "%Y%m%d", "%d.%m.%Y", "%Y年%m月%d日")
# What a spreadsheet takes for a formula.
FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r")


class TableError(Exception):
    """The file cannot be read at all; the argument says why: ``large``, ``rows``, ``format`` or ``empty``."""


def read_table(content):
    """Return the header and the rows of a CSV or XLSX file.

    :param bytes content: the file; what it is follows from its content, not from its name
    :return: ``(header, rows)``: header texts; rows are pairs of the number of the line in the file and the
        list of values (texts, numbers, dates; None where empty), without blank lines
    :raise TableError: too large, not a table, no line below the header
    """
    if len(content) > MAX_BYTES:
        raise TableError("large")
    lines = _read_xlsx(content) if content[:2] == b"PK" else _read_csv(content)
    numbered = []
    for number, values in enumerate(lines, 1):
        values = [_clean(value) for value in values]
        if any(value is not None for value in values):
            numbered.append((number, values))
        if len(numbered) > MAX_ROWS + 1:
            raise TableError("rows")
    if len(numbered) < 2:
        raise TableError("empty")
    header = ["" if value is None else str(value) for value in numbered[0][1]]
    return header, numbered[1:]


def _read_xlsx(content):
    try:
        book = openpyxl.load_workbook(io.BytesIO(content), read_only=True, data_only=True)
        sheet = book.worksheets[0]
        yield from sheet.iter_rows(values_only=True)
    except (KeyError, ValueError, IndexError, OSError, EOFError, SyntaxError) as error:
        raise TableError("format") from error
    except Exception as error:
        # zipfile and the XML reader have exceptions of their own for each kind of damage
        if type(error).__module__.split(".")[0] in ("zipfile", "xml", "lxml", "openpyxl", "zlib"):
            raise TableError("format") from error
        raise


def _read_csv(content):
    if b"\x00" in content:
        raise TableError("format")
    text = _decode(content)
    sample = text[:20_000]
    first = sample.split("\n", 1)[0]
    delimiter = max(";,\t|", key=first.count)
    try:
        yield from csv.reader(io.StringIO(text, newline=""), delimiter=delimiter)
    except csv.Error as error:
        raise TableError("format") from error


def _decode(content):
    for encoding in ENCODINGS:
        try:
            return content.decode(encoding)
        except UnicodeDecodeError:
            continue
    raise TableError("format")


def _clean(value):
    """Return a value without blanks around it; None when nothing is left."""
    if isinstance(value, str):
        value = value.replace("\u00a0", " ").strip()
        # the apostrophe with which spreadsheets (and our own lists) mark texts that look like formulas
        if value[:1] == "'" and value[1:2] in FORMULA_STARTS:
            value = value[1:]
        return value or None
    return value


def normalize_header(text):
    """Return a header without case, blanks and signs, to compare it."""
    return re.sub(r"[\W_]+", "", str(text).casefold())


def parse_number(value, thousands=","):
    """Return a number from a cell, None when it is empty.

    A lone separator followed by three figures is the thousands separator where that is ``thousands``.

    :raise ValueError: not a number
    """
    if value is None:
        return None
    if isinstance(value, bool):
        raise ValueError(value)
    if isinstance(value, (int, float)):
        return _finite(float(value))
    text = re.sub(r"[\s'’]", "", str(value))
    if not re.fullmatch(r"[-+]?[\d.,]*\d", text):
        raise ValueError(value)
    marks = [mark for mark in text if mark in ".,"]
    whole, decimals = text, ""
    if len(set(marks)) == 2:
        whole, decimals = text.rsplit(marks[-1], 1)
    elif len(marks) == 1 and not (marks[0] == thousands and re.search(r"\D\d{3}$", text)):
        whole, decimals = text.split(marks[0])
    if not re.fullmatch(r"[-+]?(\d*|\d{1,3}(\.\d{3})+|\d{1,3}(,\d{3})+)", whole):
        raise ValueError(value)
    return _finite(float(f"{re.sub('[.,]', '', whole)}.{decimals}"))


def _finite(number):
    if number != number or number in (float("inf"), float("-inf")):
        raise ValueError(number)
    return number


def parse_date(value, date_format=None):
    """Return a date from a cell, None when it is empty.

    :param str date_format: that of the user's language, tried first
    :raise ValueError: not a date
    """
    if value is None:
        return None
    if isinstance(value, datetime):
        return value.date()
    if isinstance(value, date):
        return value
    for pattern in (date_format, *DATE_FORMATS):
        if pattern:
            try:
                return datetime.strptime(str(value), pattern).date()
            except ValueError:
                continue
    raise ValueError(value)


def write_csv(rows):
    """Return rows as a CSV file that spreadsheets open safely: no text is taken for a formula."""
    buffer = io.StringIO(newline="")
    csv.writer(buffer).writerows([_escape(value) for value in row] for row in rows)
    return buffer.getvalue().encode("utf-8-sig")


def _escape(value):
    if value is None:
        return ""
    text = value.isoformat() if isinstance(value, (date, datetime)) else str(value)
    if text.startswith(FORMULA_STARTS) and not re.fullmatch(r"[-+]?\d+([.,]\d+)*", text):
        return f"'{text}"
    return text
