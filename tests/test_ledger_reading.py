"""The ledger loader's reading of CSV files: what is refused, and why."""

import datetime
import tempfile
import unittest
from decimal import Decimal
from pathlib import Path

from tools.ledger import reading

DATA = Path(__file__).parent / "data"
HEADER = "customer,invoice number,invoice date,due date,amount,settled date\n"


class LedgerReadingTest(unittest.TestCase):
    def read(self, text, encoding="utf-8", **options):
        with tempfile.NamedTemporaryFile("w", suffix=".csv", encoding=encoding) as file:
            file.write(text)
            file.flush()
            return reading.read(file.name, **options)

    def test_own_ledger(self):
        ledger = reading.read(DATA / "ledger.csv")
        self.assertEqual(len(ledger.invoices), 54)
        self.assertEqual(ledger.unknown_columns, ["Sales Channel"])
        self.assertEqual(
            [str(refusal) for refusal in ledger.refusals],
            [
                "line 5, invoice A900001: invoice date 13/45/2024 is not month/day/year or year-month-day",
                "line 9, invoice A900002: no due date",
                "line 13, invoice A900003: no amount",
                "line 17, invoice A900004: amount ten is not a number",
                "line 21, invoice A900005: amount -25.00 is negative; this is no place for credit notes",
                "line 25, invoice A900006: the amount is zero",
                "line 29, invoice A900007: amount 10.005 has more than 2 decimals",
                "line 34, invoice A900008: due on 2024-01-04, before the invoice date 2024-02-03",
                "line 38, invoice A900009: settled on 2199-01-01, in the future",
                "line 42, invoice A900010: no customer",
                "line 46, invoice (no number): no number",
                "line 50, invoice A004128: the number is already on line 7",
                "line 54, invoice A900011: amount NaN is not a usable number",
                "line 58, invoice A900012: 10 cells under 9 columns",
            ],
        )

    def test_a_row(self):
        (invoice,) = self.read(HEADER + 'Ötzi,007,2/29/2024,2024-03-30,"1,234.5",\n').invoices
        self.assertEqual(
            invoice,
            reading.Invoice(
                line=2,
                number="007",
                customer="Ötzi",
                country="",
                invoice_date=datetime.date(2024, 2, 29),
                due_date=datetime.date(2024, 3, 30),
                amount=Decimal("1234.50"),
                settled_date=None,
                disputed=False,
            ),
        )

    def test_semicolons_and_byte_order_mark(self):
        ledger = self.read(HEADER.replace(",", ";") + "A;1;2024-01-01;2024-01-31;5,000;\n", "utf-8-sig")
        self.assertEqual([invoice.amount for invoice in ledger.invoices], [5000])

    def test_a_comma_is_no_decimal_point(self):
        ledger = self.read(HEADER.replace(",", ";") + "A;1;2024-01-01;2024-01-31;12,34;\n")
        self.assertEqual(
            [str(refusal) for refusal in ledger.refusals], ["line 2, invoice 1: amount 12,34 is not a number"]
        )

    def test_short_row(self):
        ledger = self.read(HEADER + "A,1,2024-01-01\n")
        self.assertEqual([refusal.reason for refusal in ledger.refusals], ["no due date"])

    def test_currency_without_decimals(self):
        ledger = self.read(
            HEADER + "A,1,2024-01-01,2024-01-31,10.50,\nA,2,2024-01-01,2024-01-31,10.00,\n", decimals=0
        )
        self.assertEqual([invoice.number for invoice in ledger.invoices], ["2"])

    def test_unreadable(self):
        for text, reason in (
            ("", "empty"),
            ("customer,number\nA,1\n", "no column for invoice date"),
            (HEADER.replace("settled date", "amount"), "2 times"),
        ):
            with self.subTest(reason), self.assertRaisesRegex(reading.UnreadableLedgerError, reason):
                self.read(text)
        with self.assertRaisesRegex(reading.UnreadableLedgerError, "UTF-8"):
            self.read(HEADER + "Ä,1,2024-01-01,2024-01-31,1,\n", "latin-1")
        with self.assertRaisesRegex(reading.UnreadableLedgerError, "No such file"):
            reading.read("/nowhere/ledger.csv")
