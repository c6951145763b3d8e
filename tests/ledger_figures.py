"""What a ledger's ageing must be, computed from the CSV by other means than the loader's and Odoo's.

It shares no code with tools.ledger: a test that used the same parser would confirm the parser's mistakes.
"""

import csv
import datetime
from collections import defaultdict

BUCKETS = ((0, 0), (1, 30), (31, 60), (61, 90), (91, 180), (181, 365), (366, None))


def day(text):
    if "-" in text:
        return datetime.date.fromisoformat(text)
    month, of_month, year = (int(part) for part in text.split("/"))
    return datetime.date(year, month, of_month)


def cents(text):
    units, _dot, decimals = text.replace(",", "").partition(".")
    return int(units) * 100 + int(decimals.ljust(2, "0"))


def rows(path, columns, left_out=()):
    """The ledger as (customer, invoiced, due, cents, settled or None), without the lines in `left_out`."""
    with open(path, newline="", encoding="utf-8") as source:
        reader = csv.DictReader(source)
        result = []
        for row in reader:
            if reader.line_num in left_out:
                continue
            settled = row[columns["settled"]]
            result.append(
                (
                    row[columns["customer"]],
                    day(row[columns["invoiced"]]),
                    day(row[columns["due"]]),
                    cents(row[columns["amount"]]),
                    day(settled) if settled else None,
                )
            )
        return result


def ageing(ledger, as_of):
    """Open cents by (customer, first day of the bucket) at the end of `as_of`, zeros left out.

    Money received before its invoice is open, too: negative, and due since it came.
    """
    figures = defaultdict(int)
    for customer, invoiced, due, amount, settled in ledger:
        is_invoiced = invoiced <= as_of
        is_settled = settled is not None and settled <= as_of
        if is_invoiced and not is_settled:
            figures[customer, _bucket((as_of - due).days)] += amount
        elif is_settled and not is_invoiced:
            figures[customer, _bucket((as_of - settled).days)] -= amount
    return {key: amount for key, amount in figures.items() if amount}


def _bucket(days_overdue):
    for first, last in BUCKETS:
        if last is None or days_overdue <= last:
            return first
    raise AssertionError("the last bucket has no end")
