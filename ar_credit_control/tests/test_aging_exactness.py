from contextlib import suppress
from datetime import timedelta

from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from odoo import fields
from odoo.fields import Command
from odoo.tests import tagged

from .common_aging import AgingCase

DAYS = ["2025-01-31", "2025-03-15", "2025-06-30", "2025-09-30", "2026-02-28"]


class RollbackError(Exception):
    """Ends a generated case."""


@tagged("post_install", "-at_install")
class TestAgingExactness(AgingCase):
    """Invariant 1: at any date the open items sum to the receivable accounts of the ledger."""

    def test_payment_later_than_the_date(self):
        invoice = self.invoice(1000, "2025-01-10", due="2025-02-10")
        receipt = self.payment(400, "2025-03-20")
        self.match(invoice, receipt)
        item = self.receivable(invoice).id
        self.assertEqual(self.rows("2025-01-09"), {})
        self.assertEqual(self.rows("2025-01-10"), {item: (1000.0, 1000.0)})
        self.assertEqual(self.rows("2025-03-19"), {item: (1000.0, 1000.0)})
        self.assertEqual(self.rows("2025-03-20"), {item: (600.0, 600.0)})
        self.assert_ties(*DAYS)

    def test_unapplied_receipt_and_credit_note_are_negative_rows(self):
        receipt = self.payment(250, "2025-01-05")
        credit_note = self.invoice(90, "2025-01-06", move_type="out_refund")
        rows = self.rows("2025-01-31")
        self.assertEqual(rows[self.receivable(receipt).id], (-250.0, -250.0))
        self.assertEqual(rows[self.receivable(credit_note).id], (-90.0, -90.0))
        refund = self.payment(90, "2025-02-01", outbound=True)
        self.match(credit_note, refund)
        self.assertNotIn(self.receivable(credit_note).id, self.rows("2025-02-01"))
        self.assertIn(self.receivable(credit_note).id, self.rows("2025-01-31"))
        self.assert_ties(*DAYS)

    def test_exchange_difference(self):
        invoice = self.invoice(1000, "2025-01-10", currency=self.foreign)
        receipt = self.payment(1000, "2025-07-01", currency=self.foreign)
        self.match(invoice, receipt)
        self.assertTrue(self.receivable(invoice).matched_credit_ids.exchange_move_id)
        self.assertEqual(self.rows("2025-06-30"), {self.receivable(invoice).id: (500.0, 1000.0)})
        self.assertEqual(self.rows("2025-07-31"), {})
        self.assert_ties(*DAYS)

    def test_foreign_invoice_paid_in_company_currency(self):
        invoice = self.invoice(1000, "2025-01-10", currency=self.foreign)
        receipt = self.payment(300, "2025-04-01")
        self.match(invoice, receipt)
        self.assert_ties(*DAYS)

    def test_unreconciling_brings_everything_back(self):
        invoice = self.invoice(1000, "2025-01-10")
        receipt = self.payment(1000, "2025-02-10")
        self.match(invoice, receipt)
        self.assertEqual(self.rows("2025-02-10"), {})
        self.receivable(invoice).remove_move_reconcile()
        self.assertEqual(
            self.rows("2025-02-10"),
            {self.receivable(invoice).id: (1000.0, 1000.0), self.receivable(receipt).id: (-1000.0, -1000.0)},
        )
        self.assert_ties(*DAYS)

    def test_matching_kept_by_an_entry_set_back_to_draft(self):
        """Odoo keeps the matching of a draft: the ledger counts the posted side alone, so must the ageing."""
        invoice = self.invoice(1000, "2025-01-10")
        receipt = self.payment(1000, "2025-02-10")
        self.match(invoice, receipt)
        receipt.button_draft()
        self.assertTrue(self.receivable(invoice).reconciled, "else this test proves nothing")
        self.assertEqual(self.rows("2025-02-28"), {self.receivable(invoice).id: (1000.0, 1000.0)})
        self.assert_ties(*DAYS)

    def test_entries_without_partner_or_due_date(self):
        without_partner = self.entry(70, "2025-02-01", due="2025-03-01")
        without_due_date = self.entry(80, "2025-02-01", partner=self.contact, account=self.account_2)
        self.receivable(without_due_date).date_maturity = False
        rows = self.as_of("2025-03-15").search([("root_company_id", "=", self.company.id)])
        row = rows.filtered(lambda row: row.move_id == without_partner)
        self.assertFalse(row.partner_id)
        self.assertEqual((row.days_overdue, row.no_due_date), (14, False))
        row = rows.filtered(lambda row: row.move_id == without_due_date)
        self.assertEqual(row.partner_id, self.customer, "the company owes, not its contact")
        self.assertEqual((row.days_overdue, row.no_due_date), (42, True))
        self.assert_ties(*DAYS)

    def test_item_with_amount_in_currency_only(self):
        line = {"currency_id": self.foreign.id, "amount_currency": 0.0}
        move = self.entry(0.0, "2025-02-01", partner=self.customer, **{**line, "amount_currency": 12.0})
        self.assertEqual(self.rows("2025-02-28"), {self.receivable(move).id: (0.0, 12.0)})
        self.assert_ties(*DAYS)

    def test_cash_basis_entries(self):
        """Cash basis tax entries touch no receivable account, whatever they do to the tax accounts."""
        tax = self.company_data["default_tax_sale"].copy(
            {
                "name": "Cash basis",
                "tax_exigibility": "on_payment",
                "cash_basis_transition_account_id": self.copy_account(self.revenue, {"reconcile": True}).id,
            }
        )
        self.company.tax_exigibility = True
        invoice = self.invoice(1000, "2025-01-10")
        invoice.button_draft()
        invoice.invoice_line_ids.tax_ids = tax
        invoice.action_post()
        receipt = self.payment(500, "2025-03-10")
        self.match(invoice, receipt)
        self.assertTrue(self.env["account.move"].search([("tax_cash_basis_origin_move_id", "=", invoice.id)]))
        self.assert_ties(*DAYS)

    def test_future_entries(self):
        """A date leaves out what is booked later; no date takes everything."""
        now = self.invoice(10, "2025-01-10")
        later = self.invoice(20, "2031-01-10")
        self.assertEqual(list(self.rows("2025-01-31")), self.receivable(now).ids)
        booked = self.env.execute_query_dict(self.report._open_items_sql())
        amounts = {
            row["move_id"]: row["amount"] for row in booked if row["root_company_id"] == self.company.id
        }
        self.assertEqual(amounts, {now.id: 10, later.id: 20})

    def test_no_date_undoes_matchings_of_drafts(self):
        invoice = self.invoice(1000, "2025-01-10")
        receipt = self.payment(300, "2025-02-10")
        self.match(invoice, receipt)
        receipt.button_draft()
        self.env.flush_all()
        booked = self.env.execute_query_dict(self.report._open_items_sql())
        amounts = [row["amount"] for row in booked if row["move_id"] == invoice.id]
        self.assertEqual(amounts, [1000])

    def test_branches_belong_to_their_main_company(self):
        branch = self.env["res.company"].create({"name": "Branch", "parent_id": self.company.id})
        self.env.user.company_ids += branch
        self.env = self.env(context={**self.env.context, "allowed_company_ids": [self.company.id, branch.id]})
        self.report = self.env["ar.aging.report"]
        branch_move = self.entry(500, "2025-01-10", partner=self.customer, company=branch)
        self.assertEqual(branch_move.company_id, branch)
        receipt = self.payment(200, "2025-02-10")
        self.match(branch_move, receipt)
        row = self.as_of("2025-02-28").search([("move_id", "=", branch_move.id)])
        self.assertEqual((row.company_id, row.root_company_id, row.amount), (branch, self.company, 300.0))
        self.assertEqual(row.bucket_id.company_id, self.company)
        self.assert_ties(*DAYS)

    def test_companies_do_not_mix(self):
        other = self.setup_other_company()
        other_company = other["company"]
        self.invoice(100, "2025-01-10")
        self.env["ar.aging.bucket"].search(
            [("company_id", "=", other_company.id), ("day_from", "=", 31)]
        ).unlink()
        move = (
            self.env["account.move"]
            .with_company(other_company)
            .create(
                {
                    "move_type": "out_invoice",
                    "partner_id": self.customer.id,
                    "invoice_payment_term_id": False,
                    "invoice_date": "2025-01-10",
                    "invoice_date_due": "2025-01-10",
                    "company_id": other_company.id,
                    "invoice_line_ids": [
                        Command.create({"name": "Goods", "price_unit": 40, "tax_ids": [Command.clear()]})
                    ],
                }
            )
        )
        move.action_post()
        self.env.user.company_ids += other_company
        self.env = self.env(
            context={**self.env.context, "allowed_company_ids": [self.company.id, other_company.id]}
        )
        self.report = self.env["ar.aging.report"]
        self.assert_ties(*DAYS)
        self.assert_ties(*DAYS, company=other_company)
        row = self.as_of("2025-03-01").search([("move_id", "=", move.id)])
        self.assertEqual((row.bucket_id.name, row.bucket_id.company_id), ("1-60", other_company))

    @settings(
        max_examples=6,
        deadline=None,
        derandomize=True,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
        database=None,
    )
    @given(
        st.lists(
            st.tuples(
                st.sampled_from(
                    ["invoice", "receipt", "credit_note", "refund", "entry"]
                    + ["match", "match", "match", "unmatch", "draft", "post"]
                ),
                st.integers(1, 500),
                st.integers(0, 300),
            ),
            min_size=4,
            max_size=10,
        )
    )
    def test_generated_lives(self, steps):
        with suppress(RollbackError), self.env.cr.savepoint():
            moves = [self.invoice(100, DAYS[0], terms=self.instalments), self.payment(80, DAYS[1])]
            for step, number, day in steps:
                self.take_step(moves, step, number, day)
            self.assert_ties(*DAYS)
            self.assert_ties_by_currency(*DAYS)
            raise RollbackError
        self.env.invalidate_all()

    def take_step(self, moves, step, number, offset):
        # On the dates looked at, and the day before and after: that is where dates go wrong.
        day = fields.Date.to_date(DAYS[offset % len(DAYS)]) + timedelta(days=offset // len(DAYS) % 3 - 1)
        currency = self.foreign if number % 3 == 0 else None
        if step == "invoice":
            terms = self.instalments if number % 2 else None
            moves.append(self.invoice(number, day, currency=currency, terms=terms))
        elif step == "credit_note":
            moves.append(self.invoice(number, day, currency=currency, move_type="out_refund"))
        elif step in ("receipt", "refund"):
            moves.append(self.payment(number, day, currency=currency, outbound=step == "refund"))
        elif step == "entry":
            partner = self.contact if number % 2 else None
            account = self.account_2 if number % 5 == 0 else None
            moves.append(self.entry(number * (-1) ** offset, day, partner=partner, account=account))
        elif step == "match":
            self.match_some(moves, number, offset)
        elif moves:
            self.take_step_back(step, moves[number % len(moves)])

    def match_some(self, moves, number, offset):
        """Match one open receivable with one open receipt or credit note of the same account."""
        lines = self.env["account.move.line"].union(*(self.receivable(move) for move in moves))
        lines = lines.filtered(lambda line: line.move_id.state == "posted" and not line.reconciled)
        debits = lines.filtered(lambda line: line.balance > 0)
        if debits:
            debit = debits[number % len(debits)]
            credits = lines.filtered(lambda line: line.balance < 0 and line.account_id == debit.account_id)
            if credits:
                (debit + credits[offset % len(credits)]).reconcile()

    def take_step_back(self, step, move):
        if step == "unmatch":
            self.receivable(move).remove_move_reconcile()
        elif step == "draft" and move.state == "posted":
            move.button_draft()
        elif step == "post" and move.state == "draft":
            move.action_post()

    def assert_ties_by_currency(self, *days):
        """In document currency too, but for what was matched with an item of another currency."""
        for day in days:
            lines = self.env["account.move.line"].browse(self.slow_rows(day))
            expected = {}
            for line_id, (_amount, amount_currency) in self.slow_rows(day).items():
                currency = lines.browse(line_id).currency_id
                expected[currency] = expected.get(currency, 0) + amount_currency
            groups = self.as_of(day)._read_group(
                [("root_company_id", "=", self.company.id)], ["currency_id"], ["amount_currency:sum"]
            )
            for currency, amount in groups:
                self.assertAlmostEqual(amount, expected[currency], 2)
