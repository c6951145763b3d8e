from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from odoo.exceptions import UserError
from odoo.tests import tagged

from .common_cash import CashCase

AMOUNTS = st.sampled_from([10, 33.33, 70, 100, 100.01, 250])
CLAIM = st.tuples(
    st.sampled_from(["invoice", "instalments", "entry"]), AMOUNTS, st.integers(-10, 60), st.booleans()
)
MONEY = st.tuples(
    st.sampled_from(["payment", "bank_line", "credit_note", "entry"]),
    AMOUNTS,
    st.integers(0, 50),
    st.booleans(),
)


@tagged("post_install", "-at_install")
class TestCashInvariant(CashCase):
    """Whatever is owed and paid: applying takes only what is open, once, and undoing brings it back."""

    def make_claim(self, kind, amount, days, is_foreign):
        currency = self.foreign if is_foreign else None
        if kind == "instalments":
            return self.invoice(amount, self.day(-50), terms=self.instalments, currency=currency)
        if kind == "entry":
            return self.entry(amount, self.day(-50), self.customer, due=self.day(-days))
        return self.due(amount, days, currency=currency)

    def make_money(self, kind, amount, days, is_foreign):
        currency = self.foreign if is_foreign else None
        if kind == "bank_line":
            return self.bank_line(amount, "Transfer", days=days).move_id
        if kind == "credit_note":
            return self.invoice(amount, self.day(-days), move_type="out_refund", currency=currency)
        if kind == "entry":
            return self.entry(-amount, self.day(-days), self.customer)
        return self.payment(amount, self.day(-days), currency=currency)

    def ledger_sum(self):
        self.env.flush_all()
        lines = self.env["account.move.line"].search(
            [("company_id", "=", self.company.id), ("parent_state", "=", "posted")]
        )
        return self.company.currency_id.round(sum(lines.mapped("balance")))

    def open_amounts(self, moves):
        """What is open of each journal item, in its own currency."""
        self.env.invalidate_all()
        lines = self.receivable(moves)
        return {line: (line.amount_residual, line.amount_residual_currency) for line in lines}

    def assert_within(self, lines):
        """Nothing is reconciled beyond what it is."""
        for line in lines:
            if line.amount_currency > 0:
                self.assertGreaterEqual(line.amount_residual_currency, 0, line.display_name)
                self.assertLessEqual(line.amount_residual_currency, line.amount_currency)
            else:
                self.assertLessEqual(line.amount_residual_currency, 0, line.display_name)
                self.assertGreaterEqual(line.amount_residual_currency, line.amount_currency)

    def assert_proposals(self, receipts):
        proposals = self.env["ar.cash.proposal"]._propose(receipts)
        for receipt in receipts:
            items = proposals[receipt.id]["items"]
            taken = receipt.currency_id.round(sum(item["amount"] for item in items))
            self.assertLessEqual(taken, receipt.amount_currency)
            self.assertEqual(len({item["line_id"] for item in items}), len(items))
            for item in items:
                line = self.env["account.move.line"].browse(item["line_id"])
                self.assertGreater(item["amount"], 0)
                self.assertLessEqual(item["amount"], item["open"])
                if line.currency_id == receipt.currency_id:
                    self.assertLessEqual(item["amount"], abs(line.amount_residual_currency))

    @settings(max_examples=12, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))
    @given(st.lists(CLAIM, min_size=1, max_size=4), st.lists(MONEY, min_size=1, max_size=4))
    def test_any_mix(self, claims, money):
        with self.env.cr.savepoint() as savepoint:
            self.check_mix(claims, money)
            savepoint.rollback()
        self.env.invalidate_all()

    def check_mix(self, claims, money):
        owed = self.env["account.move"].union(*(self.make_claim(*claim) for claim in claims))
        paid = self.env["account.move"].union(*(self.make_money(*one) for one in money))
        balance = self.ledger_sum()
        total = sum(self.receivable(owed | paid).mapped("balance"))
        before = self.open_amounts(owed)
        receipts = self.receipts.search([("move_id", "in", paid.ids)])
        self.assert_proposals(receipts)

        try:
            receipts.with_user(self.controller).action_apply()
        except UserError:
            # An entry is no debt of a receipt on another account; then nothing was to be done at all.
            self.assertEqual(set(receipts.mapped("confidence")), {"none"})
            return
        applied = self.env["ar.cash.application"].search([("partner_id", "=", self.customer.id)])
        after = self.open_amounts(owed | paid)
        self.assertEqual(self.ledger_sum(), balance)
        self.assert_within(after)
        for application in applied:
            self.assertLessEqual(application.amount_applied, application.amount)
            self.assertEqual(
                application.amount_applied,
                application.currency_id.round(sum(application.line_ids.mapped("amount"))),
            )
        ledger = self.receivable(owed | paid)
        exchange = ledger.matched_debit_ids.exchange_move_id | ledger.matched_credit_ids.exchange_move_id
        booked = sum(self.receivable(owed | paid | exchange).mapped("balance"))
        residual = sum(self.receivable(owed | paid | exchange).mapped("amount_residual"))
        self.assertAlmostEqual(residual, booked, 2, "matching takes the same off both sides")
        bank_lines = paid.statement_line_id.filtered("is_reconciled").move_id
        self.assertAlmostEqual(
            sum(self.receivable(owed | paid - bank_lines).mapped("balance")),
            total,
            2,
            "claims are what they were",
        )

        self.apply_again(receipts, after)

        applied.with_user(self.controller).action_undo()
        self.assertEqual(self.open_amounts(owed), before, "undone, everything is open as it was")
        self.assertEqual(set(applied.mapped("state")), {"undone"})

    def apply_again(self, receipts, after):
        """The same rows once more, as a second click sends them: what is applied is not applied again."""
        gone = receipts - self.receipts.search([("id", "in", receipts.ids)])
        if not gone:
            return
        with self.assertRaises(UserError):
            gone.with_user(self.controller).action_apply()
        self.env.invalidate_all()
        for line, amounts in after.items():
            self.assertEqual((line.amount_residual, line.amount_residual_currency), amounts)
