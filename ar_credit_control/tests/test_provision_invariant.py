from collections import defaultdict
from contextlib import suppress
from datetime import timedelta
from decimal import ROUND_HALF_UP, Decimal

from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from odoo import fields
from odoo.tests import tagged

from .common_aging import AgingCase
from .common_provision import EXAMPLE_DAYS, EXAMPLE_RATES, ProvisionCase

DAYS = [fields.Date.to_date(day) for day in ("2025-01-31", "2025-03-15", "2025-06-30", "2025-09-30")]
GENERATED = {
    "deadline": None,
    "derandomize": True,
    "phases": [Phase.generate],
    "suppress_health_check": list(HealthCheck),
    "database": None,
}


class RollbackError(Exception):
    """Ends a generated case."""


class ProvisionInvariantCase(ProvisionCase, AgingCase):
    """A company with a branch, its ledger read item by item, and a valuation in Python."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.branch = cls.env["res.company"].create({"name": "Branch", "parent_id": cls.company.id})
        for user in (cls.env.user, cls.controller, cls.manager):
            user.company_ids += cls.branch
        cls.env = cls.env(context={**cls.env.context, "allowed_company_ids": [cls.company.id, cls.branch.id]})
        cls.report = cls.env["ar.aging.report"]
        cls.second = cls.make_partner("Second")

    def slow_losses(self, day, rounding="0.01", days=EXAMPLE_DAYS, rates=EXAMPLE_RATES, company=None):
        """{journal item: loss}, each customer's items valued one after the other, oldest first."""
        items = defaultdict(list)
        for line_id, (amount, _currency) in self.slow_rows(day, company).items():
            line = self.env["account.move.line"].browse(line_id)
            due = line.date_maturity or line.date
            items[line.partner_id.commercial_partner_id].append((due, line_id, Decimal(str(amount))))
        losses = {}
        for partner, rows in items.items():
            credit = -sum(amount for _due, _id, amount in rows if amount < 0) if partner else Decimal(0)
            for due, line_id, amount in sorted(rows):
                losses[line_id] = Decimal(0)
                if amount <= 0:
                    continue
                used = min(credit, amount)
                credit -= used
                age = (day - due).days
                rate = [rate for first, rate in zip(days, rates, strict=True) if age >= first] or rates[:1]
                loss = (amount - used) * Decimal(str(rate[-1])) / 100
                step = Decimal(rounding)
                losses[line_id] = (loss / step).quantize(Decimal(1), ROUND_HALF_UP) * step
        return losses

    def booked(self, date, company=None, account=None):
        """What the ledger holds on the allowance account, of a company alone where one is given."""
        self.env.flush_all()
        domain = [("company_id", "=", company.id)] if company else []
        lines = self.env["account.move.line"].search(
            [
                *domain,
                ("account_id", "=", (account or self.allowance).id),
                ("parent_state", "=", "posted"),
                ("date", "<=", date),
            ]
        )
        return round(-sum(lines.mapped("balance")), 2)

    def assert_valued(self, run, losses):
        """A run is the ageing, the ledger, the valuation in Python, its cells and its own totals."""
        amounts = {line.move_line_id.id: Decimal(str(round(line.amount, 2))) for line in run.line_ids}
        self.assertEqual(amounts, losses)
        ageing = sum(amount for amount, _currency in self.rows(run.date).values())
        for figures in (run.line_ids, run.cell_ids, run):
            self.assertAlmostEqual(sum(figures.mapped("gross")), ageing, 2)
            self.assertAlmostEqual(sum(figures.mapped("amount")), float(sum(losses.values())), 2)
        self.assertAlmostEqual(ageing, self.ledger(run.date), 2)
        self.assertEqual(sum(run.cell_ids.mapped("item_count")), run.item_count)
        self.assertAlmostEqual(sum(run.change_ids.mapped("change")), run.change, 2)

    def assert_booked(self, run):
        """The ledger holds what a run says at its date, in each company, by the entries of its rows."""
        for company in self.company | self.branch:
            needed = sum(line.amount for line in run.line_ids if line.company_id == company)
            self.assertAlmostEqual(self.booked(run.date, company), needed, 2)
        self.assertAlmostEqual(self.booked(run.date), run.amount, 2)
        for move in run.move_ids:
            rows = run.movement_ids.filtered(lambda row, move=move: row.move_id == move)
            lines = move.line_ids.filtered(lambda line: line.account_id == self.allowance)
            self.assertAlmostEqual(-sum(lines.mapped("balance")), sum(rows.mapped("amount")), 2)
            self.assertEqual(move.company_id, rows.company_id)


@tagged("post_install", "-at_install")
class TestProvisionLedger(ProvisionInvariantCase):
    """Any ledger at any date: gross is the ageing and the ledger, the entry is the sum of the lines."""

    @settings(max_examples=8, **GENERATED)
    @given(
        st.lists(
            st.tuples(
                st.sampled_from(
                    ["invoice", "invoice", "instalments", "foreign", "credit_note", "receipt", "receipt"]
                    + ["entry", "branch", "match", "match"]
                ),
                st.integers(1, 30000),
                st.integers(0, 300),
            ),
            min_size=3,
            max_size=8,
        ),
        st.sampled_from(DAYS),
    )
    def test_any_ledger_any_date(self, steps, day):
        with suppress(RollbackError), self.env.cr.savepoint():
            moves = []
            for step, number, offset in steps:
                self.take_step(moves, step, number, offset)
            run = self.make_run(day)
            self.assert_valued(run, self.slow_losses(day))
            self.assert_booked(run)
            self.assert_nothing_left(day)
            run.with_user(self.manager).action_cancel("Wrong")
            self.assertEqual({self.booked(other) for other in DAYS}, {0})
            again = self.make_run(day)
            self.assertAlmostEqual(again.amount, run.amount, 2)
            self.assert_booked(again)
            raise RollbackError
        self.env.invalidate_all()

    def take_step(self, moves, step, number, offset):
        # Around the dates looked at, with amounts that do not divide.
        day = DAYS[offset % len(DAYS)] + timedelta(days=offset // len(DAYS) % 3 - 1)
        due = day + timedelta(days=offset % 97 - 30)
        partner = (self.customer, self.contact, self.second)[number % 3]
        amount = number / 100
        if step == "match":
            self.match_some(moves, number, offset)
        elif step == "entry":
            owner = None if number % 2 else partner
            value = amount * (-1 if offset % 3 == 0 else 1)
            moves.append(self.entry(value, day, partner=owner, due=False if number % 5 else due))
        elif step == "branch":
            moves.append(self.entry(amount, day, partner=partner, due=due, company=self.branch))
        elif step == "receipt":
            moves.append(self.payment(amount, day, partner=partner))
        else:
            moves.append(
                self.invoice(
                    amount,
                    day,
                    due=due,
                    partner=partner,
                    currency=self.foreign if step == "foreign" else None,
                    terms=self.instalments if step == "instalments" else None,
                    move_type="out_refund" if step == "credit_note" else "out_invoice",
                )
            )

    def match_some(self, moves, number, offset):
        """Match an open claim with an open receipt, credit note or entry of the same account."""
        lines = self.env["account.move.line"].union(*(self.receivable(move) for move in moves))
        lines = lines.filtered(lambda line: not line.reconciled)
        debits, credits = (
            lines.filtered(lambda line, sign=sign: line.balance * sign > 0) for sign in (1, -1)
        )
        if debits and credits:
            (debits[number % len(debits)] + credits[offset % len(credits)]).reconcile()

    def assert_nothing_left(self, day):
        """A second computation finds nothing to book: at the date, and at a later one with the same items."""
        second = self.runs.with_user(self.controller).create({"date": day, "company_id": self.company.id})
        second.action_compute()
        self.assertFalse(second.change)
        self.assertFalse([row for row in second.change_ids if round(row.change, 2)])
        second.action_cancel("Generated")

    def test_line_sums_are_the_entry_with_any_rounding(self):
        """Cents, five-cent pieces, and currencies without decimals."""
        for rounding in (0.01, 0.05, 1.0):
            with self.subTest(rounding=rounding), suppress(RollbackError), self.env.cr.savepoint():
                self.company.currency_id = self.env["res.currency"].create(
                    {"name": "XRD", "symbol": "x", "rounding": rounding}
                )
                for number in range(7):
                    amount = self.company.currency_id.round(101 + 33.35 * number)
                    self.invoice(amount, DAYS[0], due=DAYS[0] - timedelta(days=20 * number))
                run = self.make_run(DAYS[1])
                self.assert_valued(run, self.slow_losses(DAYS[1], str(rounding)))
                self.assert_booked(run)
                self.assertNotEqual(run.amount, 0)
                raise RollbackError
            self.env.invalidate_all()


@tagged("post_install", "-at_install")
class TestProvisionOrder(ProvisionInvariantCase):
    """Runs posted and cancelled in any order: each posted run's date shows that run's figure."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.taken_over = 7.77
        cls.entry(-cls.taken_over, "2024-12-31", account=cls.allowance)
        for number, day in enumerate(["2024-12-20", *DAYS]):
            cls.invoice(
                1000.01 + 333.33 * number, day, due=day, partner=(cls.customer, cls.second)[number % 2]
            )
            cls.entry(500.55 * (number + 1), day, partner=cls.second, company=cls.branch)
        for amount, day in ((999.99, "2025-02-20"), (2000, "2025-07-20"), (700, "2025-09-25")):
            cls.payment(amount, day)
        cls.match(*cls.env["account.move"].search([("partner_id", "=", cls.customer.id)]))

    @settings(max_examples=7, **GENERATED)
    @given(st.lists(st.tuples(st.integers(0, len(DAYS) - 1), st.booleans()), min_size=3, max_size=7))
    def test_any_order(self, steps):
        with suppress(RollbackError), self.env.cr.savepoint():
            posted = {}
            for number, cancels in steps:
                day = DAYS[number]
                if day in posted and not cancels:
                    continue
                if day in posted:
                    posted.pop(day).with_user(self.manager).action_cancel("Wrong")
                elif not cancels or not posted:
                    posted[day] = self.make_run(day)
                for run in posted.values():
                    self.assert_booked(run)
                self.assert_movements_are_the_ledger()
            for run in posted.values():
                run.with_user(self.manager).action_cancel("Wrong")
            self.assertEqual({self.booked(day) for day in DAYS}, {self.taken_over}, "the ledger is restored")
            raise RollbackError
        self.env.invalidate_all()

    def assert_movements_are_the_ledger(self):
        """What no movement explains is at every date what was there before all runs."""
        movements = self.env["ar.provision.movement"]
        for day in DAYS:
            rows = self.env.execute_query(movements._booked_sql(self.policy, day))
            self.assertAlmostEqual(float(sum(row[3] for row in rows)), self.booked(day), 2)
            self.assertAlmostEqual(float(sum(row[4] for row in rows)), self.taken_over, 2)

    def test_a_payment_dated_back_is_absorbed_by_the_next_run(self):
        first = self.make_run(DAYS[1])
        self.payment(100, DAYS[0], partner=self.second)
        second = self.make_run(DAYS[2])
        self.assert_booked(first)
        self.assert_booked(second)
        self.assert_valued(second, self.slow_losses(DAYS[2]))

    def test_frozen(self):
        """A posted run keeps its figures whatever is booked, matched or renamed afterwards."""
        run = self.make_run(DAYS[2])
        kept = self.read_figures(run)
        invoice = self.env["account.move"].search([("partner_id", "=", self.second.id)], limit=1)
        invoice.button_draft()
        invoice.with_context(force_delete=True).unlink()
        self.payment(50, DAYS[0])
        self.customer.name = "Renamed"
        self.policy.cover_rate = 50
        self.env.flush_all()
        self.env.invalidate_all()
        self.assertEqual(self.read_figures(run), kept)
        self.assertNotEqual(
            sum(amount for amount, _currency in self.rows(DAYS[2]).values()),
            run.gross,
            "else this test proves nothing",
        )

    def read_figures(self, run):
        figures = ["gross", "offset", "covered", "amount"]
        return (
            run.read([*figures, "change", "booked"]),
            run.line_ids.read([*figures, "name", "partner_name", "rate", "date_maturity", "treatment"]),
            run.cell_ids.read([*figures, "bucket_name", "base_rate", "item_count"]),
        )
