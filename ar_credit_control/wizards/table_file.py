"""Tables that people upload (CSV, XLSX), and lists that they get back: plain functions without models."""

import csv
import io
import math
import re
import zipfile
from datetime import date, datetime

import openpyxl

MAX_BYTES = 20 * 1024 * 1024
MAX_UNPACKED = 300 * 1024 * 1024
MAX_ROWS = 50_000
DELIMITERS = ",;\t|"
ENCODINGS = ("utf-8-sig", "gb18030", "cp1252")
DATE_FORMATS = ("%Y-%m-%d", "%Y/%m/%d", "%Y.%m.%d", "%Y%m%d", "%d.%m.%Y", "%Y年%m月%d日")
# What a spreadsheet takes for a formula.
FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r", "\n")


class TableError(Exception):
    """The file cannot be read at all.

    The first argument says why: ``large``, ``rows``, ``empty``, ``old`` (an XLS workbook), ``workbook``,
    ``characters``, ``binary`` (neither CSV nor XLSX) or ``csv`` (a second one says what is wrong).
    """


def read_table(content, encodings=ENCODINGS, is_known=None):
    """Return the header and the rows of a CSV or XLSX file.

    :param bytes content: the file; what it is follows from its content, not from its name
    :param encodings: those that a CSV file may have, the likeliest first; UTF-16 tells itself
    :param is_known: whether a text is the name of a column; it finds the delimiter where signs are many
    :return: ``(header, rows)``: header texts; rows are pairs of the number of the line in the file and the
        list of values (texts, numbers, dates; None where empty), without blank lines
    :raise TableError: too large, not a table, not a single line
    """
    if len(content) > MAX_BYTES:
        raise TableError("large")
    if content[:4] == b"PK\x03\x04":
        lines = _read_xlsx(content)
    elif content[:4] == b"\xd0\xcf\x11\xe0":
        raise TableError("old")
    else:
        lines = _read_csv(content, encodings, is_known)
    numbered = []
    for number, values in enumerate(lines, 1):
        values = [_clean(value) for value in values]
        if any(value is not None for value in values):
            numbered.append((number, values))
        if len(numbered) > MAX_ROWS + 1:
            raise TableError("rows")
    if not numbered:
        raise TableError("empty")
    (_number, header), *rows = numbered
    return [as_text(value) for value in header], rows


def _read_xlsx(content):
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            unpacked = sum(entry.file_size for entry in archive.infolist())
        if unpacked > MAX_UNPACKED:
            raise TableError("large")
        book = openpyxl.load_workbook(io.BytesIO(content), read_only=True, data_only=True)
        sheet = book.worksheets[0]
        # Programs write sizes that are not true; without one every row is read.
        sheet.reset_dimensions()
        yield from sheet.iter_rows(values_only=True)
    except TableError:
        raise
    except Exception as error:  # openpyxl meets broken files with errors of every kind
        raise TableError("workbook") from error


def _read_csv(content, encodings, is_known):
    text = _decode(content, encodings)
    if "\0" in text:
        raise TableError("binary")
    first = next((line for line in text.splitlines() if line.strip()), "")
    delimiter = max(DELIMITERS, key=lambda mark: (_count_known(first, mark, is_known), first.count(mark)))
    try:
        yield from csv.reader(io.StringIO(text, newline=""), delimiter=delimiter)
    except csv.Error as error:
        raise TableError("csv", error) from error


def _count_known(line, delimiter, is_known):
    return sum(is_known(cell) for cell in line.split(delimiter)) if is_known else 0


def _decode(content, encodings):
    if content[:2] in (b"\xff\xfe", b"\xfe\xff"):
        encodings = ("utf-16",)
    for encoding in encodings:
        try:
            return content.decode(encoding).removeprefix("\ufeff")
        except UnicodeDecodeError:
            continue
    raise TableError("characters")


def _clean(value):
    """Return a value without blanks around it; None when nothing is left."""
    if isinstance(value, str):
        value = value.replace("\u00a0", " ").replace("\u3000", " ").strip()
        # the apostrophe with which spreadsheets (and our own lists) mark texts that look like formulas
        if value[:1] == "'" and value[1:2] in FORMULA_STARTS:
            value = value[1:]
        return value or None
    return value


def as_text(value):
    """Return a cell as the person sees it."""
    value = _clean(value)
    if value is None:
        return ""
    if isinstance(value, float) and math.isfinite(value) and value == int(value):
        value = int(value)
    if isinstance(value, datetime):
        value = value.date()
    return str(value)


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
    if not math.isfinite(number):
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
    text = str(value)
    # Some programs write a time behind the date.
    for part in dict.fromkeys((text, text.split(" ")[0])):
        for pattern in (date_format, *DATE_FORMATS):
            if pattern:
                try:
                    return datetime.strptime(part, pattern).date()
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
