"""What a file of credit decisions says: columns in English and Chinese, amounts as people write them."""

import math
import re

from odoo.exceptions import UserError
from odoo.tools import format_list

from .table_file import DELIMITERS, MAX_ROWS, TableError, as_text, normalize_header, read_table

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
KNOWN = {normalize_header(name): column for column, names in COLUMNS.items() for name in names}


def read(env, content, encoding="auto"):
    """Return the lines of a file.

    :param bytes content: the file
    :param str encoding: ``auto`` or a name that Python knows, for CSV
    :return: header cells, position of each known column, list of pairs of line number and cells
    :raise UserError: when the file is no table of customers
    """
    try:
        header, lines = read_table(content, _get_encodings(env, content, encoding), _is_known)
    except TableError as error:
        raise UserError(_explain(env, *error.args)) from error
    return header, _find_columns(env, header), lines


def _explain(env, why, detail=None):
    return {
        "empty": env._("The file is empty."),
        "large": env._("The file is larger than 20 MB: split it."),
        "rows": env._("The file has more than %s lines: split it.", f"{MAX_ROWS:,}"),
        "old": env._("This is a workbook of an old kind (XLS): save it as XLSX or CSV."),
        "workbook": env._("The workbook cannot be read: save it again as XLSX or as CSV."),
        "binary": env._("This is neither a CSV file nor an XLSX workbook."),
        "csv": env._("The CSV file cannot be read: %s", detail),
        "characters": env._("The characters of the file cannot be read: save it as CSV UTF-8."),
    }[why]


def _get_encodings(env, content, encoding):
    if encoding != "auto":
        return (encoding,)
    chinese_first = (env.lang or "").startswith("zh") or _has_chinese_header(content)
    return ("utf-8-sig", *(("gb18030", "cp1252") if chinese_first else ("cp1252", "gb18030")))


def _has_chinese_header(content):
    first = content.lstrip().partition(b"\n")[0].decode("gb18030", errors="replace")
    return any("\u4e00" <= sign <= "\u9fff" for sign in first) and any(
        any(_is_known(cell) for cell in first.split(mark)) for mark in DELIMITERS
    )


def _is_known(cell):
    return normalize_header(cell) in KNOWN


def _find_columns(env, header):
    positions = {}
    for position, cell in enumerate(header):
        column = KNOWN.get(normalize_header(cell))
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
                customer=format_list(env, [COLUMNS[column][0] for column in CUSTOMER_COLUMNS], "or"),
                values=format_list(env, [COLUMNS[column][0] for column in VALUE_COLUMNS]),
            )
        )
    return positions


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
