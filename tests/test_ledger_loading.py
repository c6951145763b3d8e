"""The ledger loader in Odoo: what it books, that it never doubles, and the ageing of what it booked."""

import dataclasses
import datetime
from pathlib import Path

import ledger_figures

from odoo.tests import tagged

from odoo.addons.ar_credit_control.tests.common import AccountingCase

from tools.ledger import loading, reading

CSV = Path(__file__).parent / "data" / "ledger.csv"
COLUMNS = {
    "customer": "Customer ID",
    "invoiced": "Invoice Date",
    "due": "Due Date",
    "amount": "Invoice Amount",
    "settled": "Settled Date",
}


@tagged("post_install", "-at_install")
class LedgerLoadingTest(AccountingCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.company = cls.company_data["company"]
        cls.ledger = reading.read(CSV)
        cls.progress = []
        cls.outcome = cls._load(cls.ledger.invoices, lambda *done: cls.progress.append(done))

    @classmethod
    def _load(cls, invoices, progress=None):
        # Everything is rolled back after the test, so nothing is committed between the batches.
        loader = loading.LedgerLoader(cls.env, cls.company, {"99X": "FR"})
        return loader.load(invoices, lambda: None, progress)

    def _invoices(self, **values):
        journal = self.env["account.journal"].search(
            [("code", "=", loading.JOURNAL_CODE), ("company_id", "=", self.company.id)]
        )
        domain = [("journal_id", "=", journal.id), *((name, "=", value) for name, value in values.items())]
        return self.env["account.move"].search(domain, order="invoice_date, id")

    def test_outcome(self):
        expected = ledger_figures.rows(CSV, COLUMNS, {refusal.line for refusal in self.ledger.refusals})
        self.assertEqual(self.outcome.invoices, len(expected))
        self.assertEqual(self.outcome.receipts, sum(1 for row in expected if row[4]))
        self.assertEqual(round(self.outcome.amount * 100), sum(row[3] for row in expected))
        self.assertEqual(self.outcome.customers, len({row[0] for row in expected}))
        self.assertEqual((self.outcome.present, self.outcome.differences), (0, []))
        self.assertEqual(self.progress[-1], (54, 54))

    def test_ageing_equals_the_file_at_every_date(self):
        """One environment reads many dates one after the other, back and forth."""
        expected = ledger_figures.rows(CSV, COLUMNS, {refusal.line for refusal in self.ledger.refusals})
        first = min(row[1] for row in expected)
        dates = [first + datetime.timedelta(days=step) for step in (-10, 700, 0, 45, 365, 100, 180, 45, 500)]
        dates += [row[4] for row in expected[::9] if row[4]]
        for as_of in dates:
            with self.subTest(as_of=as_of):
                self.assertEqual(self._ageing(as_of), ledger_figures.ageing(expected, as_of))

    def _ageing(self, as_of):
        report = self.env["ar.aging.report"].with_context(ar_as_of=as_of.isoformat())
        groups = report._read_group(
            [("company_id", "=", self.company.id)], ["partner_id", "bucket_id"], ["amount:sum"]
        )
        figures = {
            (partner.ref, max(bucket.day_from, 0)): round(amount * 100) for partner, bucket, amount in groups
        }
        return {key: amount for key, amount in figures.items() if amount}

    def test_again_without_doubling(self):
        outcome = self._load(self.ledger.invoices)
        self.assertEqual((outcome.invoices, outcome.receipts, outcome.customers), (0, 0, 0))
        self.assertEqual((outcome.present, outcome.differences), (54, []))
        self.assertEqual(len(self._invoices()), 54)

    def test_settled_since(self):
        """A later file says that an open invoice is settled: the receipt is added, nothing else changes."""
        invoice = next(invoice for invoice in self.ledger.invoices if not invoice.settled_date)
        self.assertEqual(self._invoices(name=invoice.number).payment_state, "not_paid")
        settled = dataclasses.replace(invoice, settled_date=datetime.date(2025, 12, 31))
        outcome = self._load([settled])
        self.assertEqual((outcome.invoices, outcome.receipts), (0, 1))
        self.assertEqual(self._invoices(name=invoice.number).payment_state, "paid")

    def test_another_amount_is_told_and_left(self):
        invoice = self.ledger.invoices[0]
        outcome = self._load([dataclasses.replace(invoice, amount=invoice.amount + 1)])
        self.assertEqual(
            outcome.differences,
            ["line 2, invoice A004106: there already as 7890.10 of Aldgate Hardware, due on 2024-02-03"],
        )
        self.assertEqual(self._invoices(name=invoice.number).amount_total, 7890.10)

    def test_what_an_invoice_looks_like(self):
        invoice = self._invoices(name="A004119")
        self.assertRecordValues(
            invoice,
            [
                {
                    "state": "posted",
                    "payment_state": "paid",
                    "invoice_date": datetime.date(2024, 1, 20),
                    "invoice_date_due": datetime.date(2024, 1, 20),
                    "amount_total": 1234.56,
                    "currency_id": self.company.currency_id.id,
                }
            ],
        )
        self.assertIn("Disputed", invoice.narration)
        self.assertFalse(self._invoices(name="A004106").narration)
        payment = invoice.matched_payment_ids
        self.assertEqual(payment.date, datetime.date(2024, 2, 20))
        self.assertEqual((payment.state, payment.is_matched), ("paid", True))

    def test_countries(self):
        customers = self._invoices().partner_id
        countries = {customer.ref: customer.country_code for customer in customers}
        self.assertEqual(countries["Chengdu Teahouse"], "CN")
        self.assertEqual(countries["Ferry Books"], "FR")
        self.assertFalse(self.outcome.strange_countries)
        strange = dataclasses.replace(self.ledger.invoices[0], number="X1", customer="X", country="391")
        outcome = self._load([strange])
        self.assertEqual(list(outcome.strange_countries), ["391"])
        tags = self._invoices(name="X1").partner_id.category_id
        self.assertEqual(tags.mapped("name"), ["Country 391"])

    def test_company_that_is_not_ready(self):
        company = self.env["res.company"].create({"name": "Without chart"})
        with self.assertRaisesRegex(loading.CannotLoadError, "no chart of accounts"):
            loading.LedgerLoader(self.env, company).load(self.ledger.invoices, lambda: None)

    def test_a_cancelled_invoice_stays_cancelled(self):
        invoice = self._invoices(payment_state="not_paid")[0]
        invoice.button_cancel()
        number = next(line for line in self.ledger.invoices if line.number == invoice.name)
        outcome = self._load([dataclasses.replace(number, settled_date=datetime.date(2025, 12, 31))])
        self.assertEqual((outcome.invoices, outcome.receipts), (0, 0))
        self.assertEqual(invoice.state, "cancel")

    def test_bank_journal_of_the_loaded_receipts_is_balanced(self):
        entries = self._invoices().line_ids.matched_credit_ids.credit_move_id.move_id
        self.assertEqual(sum(entries.line_ids.mapped("balance")), 0)
        self.assertEqual(entries.journal_id, self.company_data["default_journal_bank"])
