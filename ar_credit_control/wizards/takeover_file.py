"""Reading a table of customers from CSV and XLSX files as they come out of spreadsheets and other systems."""

import csv
import datetime
import io
import math
import re
import zipfile

import openpyxl

from odoo.exceptions import UserError

MAX_BYTES = 20 * 1024 * 1024
MAX_UNPACKED = 300 * 1024 * 1024
MAX_ROWS = 50_000
# Names of columns, in English and Chinese, without spaces and punctuation. The first one heads the template.
COLUMNS = {
    "customer": ("Customer", "partner", "客户"),
    "external_id": ("External ID", "id", "xmlid", "外部ID", "外部标识"),
    "ref": ("Reference", "ref", "code", "customercode", "customerno", "customernumber", "internalreference")
    + ("客户编号", "客户编码", "客户代码", "编码", "编号"),
    "vat": ("Tax ID", "vat", "vatnumber", "vatno", "taxno", "税号", "纳税人识别号", "统一社会信用代码"),
    "email": ("Email", "mail", "邮箱", "电子邮件", "电子邮箱"),
    "name": ("Name", "customername", "company", "companyname", "名称", "客户名称", "公司名称"),
    "limit": ("Credit Limit", "limit", "额度", "信用额度", "授信额度", "信用限额"),
    "currency": ("Currency", "币种", "货币"),
    "rating": ("Rating", "grade", "creditrating", "评级", "信用评级", "信用等级", "等级"),
    "days": ("Days of Credit", "days", "paymentdays", "creditdays", "账期", "账期天数", "信用天数", "天数"),
    "collector": ("Collector", "催收专员", "催收员", "催收人", "收款负责人"),
    "valid_until": ("Valid Until", "limitvaliduntil", "validto", "expiry", "有效期", "有效期至", "到期日"),
}
CUSTOMER_COLUMNS = ("external_id", "ref", "vat", "email", "name", "customer")
VALUE_COLUMNS = ("limit", "rating", "days", "collector", "valid_until")
# What spreadsheets would take for a formula when a refused line is opened again.
FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n")


def read(env, content, filename, encoding="auto"):
    """Return the lines of a file.

    :param bytes content: the file
    :param str encoding: ``auto`` or a name that Python knows, for CSV
    :return: header cells, position of each known column, list of pairs of line number and cells
    :raise UserError: when the file is no table of customers
    """
    if not content:
        raise UserError(env._("The file is empty."))
    if len(content) > MAX_BYTES:
        raise UserError(env._("The file is larger than 20 MB: split it."))
    if content[:4] == b"PK\x03\x04":
        rows = _read_xlsx(env, content)
    elif content[:4] == b"\xd0\xcf\x11\xe0":
        raise UserError(env._("This is a workbook of an old kind (XLS): save it as XLSX or CSV."))
    else:
        rows = _read_csv(env, content, encoding)
    numbered = [(number, row) for number, row in enumerate(rows, 1) if any(_is_filled(cell) for cell in row)]
    if not numbered:
        raise UserError(env._("The file is empty."))
    (_number, header), *lines = numbered
    header = [as_text(cell) for cell in header]
    positions = _find_columns(env, header)
    if len(lines) > MAX_ROWS:
        raise UserError(env._("The file has more than %s lines: split it.", f"{MAX_ROWS:,}"))
    return header, positions, lines


def _read_xlsx(env, content):
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            unpacked = sum(entry.file_size for entry in archive.infolist())
        if unpacked > MAX_UNPACKED:
            raise UserError(env._("The file is larger than 20 MB: split it."))
        book = openpyxl.load_workbook(io.BytesIO(content), read_only=True, data_only=True)
        sheet = book.worksheets[0]
        # Programs write sizes that are not true; without one every row is read.
        sheet.reset_dimensions()
        rows = []
        for row in sheet.iter_rows(values_only=True):
            rows.append(list(row))
            if len(rows) > MAX_ROWS + 100:
                break
        return rows
    except UserError:
        raise
    except Exception as error:  # openpyxl meets broken files with errors of every kind
        raise UserError(env._("The workbook cannot be read: save it again as XLSX or as CSV.")) from error


def _read_csv(env, content, encoding):
    text = _decode(env, content, encoding)
    if "\0" in text:
        raise UserError(env._("This is neither a CSV file nor an XLSX workbook."))
    first = next((line for line in text.splitlines() if line.strip()), "")
    delimiter = max(",;\t|", key=lambda mark: (_count_known(first.split(mark)), first.count(mark)))
    try:
        return list(csv.reader(io.StringIO(text, newline=""), delimiter=delimiter))
    except csv.Error as error:
        raise UserError(env._("The CSV file cannot be read: %s", error)) from error


def _decode(env, content, encoding):
    if encoding != "auto":
        candidates = [encoding]
    elif content[:2] in (b"\xff\xfe", b"\xfe\xff"):
        candidates = ["utf-16"]
    else:
        chinese_first = (env.lang or "").startswith("zh") or _has_chinese_header(content)
        candidates = ["utf-8-sig", *(["gb18030", "cp1252"] if chinese_first else ["cp1252", "gb18030"])]
    for candidate in candidates:
        try:
            return content.decode(candidate).removeprefix("\ufeff")
        except UnicodeDecodeError:
            continue
    raise UserError(env._("The characters of the file cannot be read: save it as CSV UTF-8."))


def _has_chinese_header(content):
    first = content.lstrip().partition(b"\n")[0].decode("gb18030", errors="replace")
    return any("\u4e00" <= sign <= "\u9fff" for sign in first) and any(
        _count_known(first.split(mark)) for mark in ",;\t|"
    )


def _normalised(header):
    return re.sub(r"[\W_]+", "", header).lower()


KNOWN = {_normalised(name): column for column, names in COLUMNS.items() for name in names}


def _count_known(cells):
    return sum(_normalised(cell) in KNOWN for cell in cells)


def _find_columns(env, header):
    positions = {}
    for position, cell in enumerate(header):
        column = KNOWN.get(_normalised(cell))
        if column in positions:
            raise UserError(
                env._(
                    "Two columns say the same: “%(one)s” and “%(other)s”.",
                    one=header[positions[column]],
                    other=cell,
                )
            )
        if column:
            positions[column] = position
    if not set(CUSTOMER_COLUMNS) & positions.keys() or not set(VALUE_COLUMNS) & positions.keys():
        raise UserError(
            env._(
                "The first line of the file names the columns: one for the customer (%(customer)s) and at "
                "least one of %(values)s. Download the template to begin with.",
                customer=", ".join(COLUMNS[column][0] for column in CUSTOMER_COLUMNS),
                values=", ".join(COLUMNS[column][0] for column in VALUE_COLUMNS),
            )
        )
    return positions


def _is_filled(cell):
    return cell is not None and as_text(cell) != ""


def as_text(cell):
    """Return a cell as the person sees it."""
    if cell is None:
        return ""
    if isinstance(cell, float) and math.isfinite(cell) and cell == int(cell):
        cell = int(cell)
    if isinstance(cell, datetime.datetime):
        cell = cell.date()
    text = str(cell).replace("\xa0", " ").replace("\u3000", " ").strip()
    # the mark that keeps a spreadsheet from calculating, see `safe`
    if text.startswith("'") and text[1:2] in FORMULA:
        text = text[1:]
    return text


def safe(cell):
    """Return a cell for a CSV file that no spreadsheet takes for a formula."""
    text = as_text(cell)
    return f"'{text}" if text.startswith(FORMULA) else text


def as_amount(cell, decimal_point=".", thousands_sep=","):
    """Return an amount.

    :raise ValueError: when it is none
    """
    if isinstance(cell, bool):
        raise ValueError(cell)
    if isinstance(cell, (int, float)):
        amount = float(cell)
    else:
        amount = _parse_amount(as_text(cell), decimal_point, thousands_sep)
    if not math.isfinite(amount) or abs(amount) >= 1e13:
        raise ValueError(cell)
    return amount


def _parse_amount(text, decimal_point, thousands_sep):
    factor = 10_000 if text.endswith("万") else 1
    text = text.removesuffix("万").removesuffix("元")
    text = re.sub(r"^[A-Z]{3}\s|\s?[A-Z]{3}$|[¥￥€$£\s'’_]", "", text)
    text = text.replace("，", ",")
    marks = re.findall(r"[.,]", text)
    if len(set(marks)) == 2:
        # the last one of both kinds parts the decimals
        decimal = marks[-1]
    elif len(marks) == 1 and re.search(r"[.,]\d{3}$", text):
        decimal = "" if marks[0] == thousands_sep or marks[0] != decimal_point else marks[0]
    else:
        decimal = marks[0] if len(marks) == 1 else ""
    for mark in ".,":
        text = text.replace(mark, "." if mark == decimal else "")
    if not re.fullmatch(r"[-+]?\d+(\.\d*)?", text):
        raise ValueError(text)
    return float(text) * factor


def as_days(cell):
    """Return a number of days.

    :raise ValueError: when it is none
    """
    text = re.sub(r"\s*(days?|天|日)$", "", as_text(cell), flags=re.IGNORECASE)
    if isinstance(cell, bool) or not re.fullmatch(r"\d{1,4}", text) or int(text) > 3650:
        raise ValueError(cell)
    return int(text)


def as_date(cell, date_format="%Y-%m-%d"):
    """Return a date, of the user's own way to write it or one that every reader understands.

    :raise ValueError: when it is none
    """
    if isinstance(cell, datetime.datetime):
        return cell.date()
    if isinstance(cell, datetime.date):
        return cell
    text = as_text(cell).split(" ")[0]
    for known in ("%Y-%m-%d", "%Y/%m/%d", "%Y.%m.%d", "%Y年%m月%d日", "%Y%m%d", "%d.%m.%Y", date_format):
        try:
            return datetime.datetime.strptime(text, known).date()
        except ValueError:
            continue
    raise ValueError(cell)
