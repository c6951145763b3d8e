from contextlib import suppress
from datetime import timedelta

from hypothesis import given, settings
from hypothesis import strategies as st

from odoo.fields import Command
from odoo.tests import tagged

from .test_provision_invariant import DAYS, GENERATED, ProvisionInvariantCase, RollbackError

STEP = st.tuples(
    st.integers(0, 1),
    st.sampled_from(["invoice", "invoice", "foreign", "receipt", "receipt", "match", "run", "cancel"]),
    st.integers(1, 30000),
    st.integers(0, 300),
)


@tagged("post_install", "-at_install")
class TestProvisionSecondCompany(ProvisionInvariantCase):
    """Two main companies with the same customers: neither sees what the other one has."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        own = {**cls.company_data, "allowance": cls.allowance, "policy": cls.policy}
        other = cls._create_company(name="Second main company")
        for user in (cls.env.user, cls.controller, cls.manager):
            user.company_ids += other
        cls.env = cls.env(
            context={
                **cls.env.context,
                "allowed_company_ids": [cls.company.id, cls.branch.id, other.id],
            }
        )
        cls.runs = cls.env["ar.provision.run"]
        cls.report = cls.env["ar.aging.report"]
        data = cls.collect_company_accounting_data(other.with_env(cls.env))
        accounts = [
            account.copy({"code": f"98990{number}", "company_ids": [Command.set(other.ids)]})
            for number, account in enumerate((cls.allowance, cls.charge, cls.loss))
        ]
        policy = cls.make_policy(
            rates=(1, 2, 4, 8, 50),
            name="Local rules",
            company_id=other.id,
            journal_id=data["default_journal_misc"].id,
            allowance_account_id=accounts[0].id,
            expense_account_id=accounts[1].id,
            loss_account_id=accounts[2].id,
        )
        cls.roots = [own, {**data, "allowance": accounts[0], "policy": policy}]
        cls.rates = [
            policy.matrix_id.rate_ids.sorted("bucket_age").mapped("rate")
            for policy in (
                cls.policy,
                policy,
            )
        ]

    def book(self, place, step, number, offset):
        root = self.roots[place]
        day = DAYS[offset % len(DAYS)] + timedelta(days=offset // len(DAYS) % 3 - 1)
        partner = (self.customer, self.contact, self.second)[number % 3]
        if step in ("invoice", "foreign"):
            return self.invoice(
                number / 100,
                day,
                due=day + timedelta(days=offset % 97 - 30),
                partner=partner,
                currency=self.foreign if step == "foreign" else root["currency"],
                journal_id=root["default_journal_sale"].id,
            )
        receivable = root["default_account_receivable"]
        move = self.env["account.move"].create(
            {
                "journal_id": root["default_journal_misc"].id,
                "date": day,
                "line_ids": [
                    Command.create(
                        {"account_id": receivable.id, "credit": number / 100, "partner_id": partner.id}
                    ),
                    Command.create({"account_id": root["default_account_revenue"].id, "debit": number / 100}),
                ],
            }
        )
        move.action_post()
        return move

    def match_one(self, moves, number, offset):
        lines = self.env["account.move.line"].union(*(self.receivable(move) for move in moves))
        lines = lines.filtered(lambda line: not line.reconciled)
        debits, credits = (
            lines.filtered(lambda line, sign=sign: line.balance * sign > 0) for sign in (1, -1)
        )
        if debits and credits:
            (debits[number % len(debits)] + credits[offset % len(credits)]).reconcile()

    def assert_of(self, place, run):
        """A run values the items of its company alone, with its rates, and books on its account."""
        root = self.roots[place]
        company = root["company"]
        self.assertFalse(run.line_ids.company_id - (company | self.branch))
        amounts = {line.move_line_id.id: round(line.amount, 2) for line in run.line_ids}
        losses = self.slow_losses(run.date, rates=self.rates[place], company=company)
        self.assertEqual(amounts, {line_id: float(loss) for line_id, loss in losses.items()})
        self.assertAlmostEqual(run.gross, self.ledger(run.date, company), 2)
        self.assertFalse(run.move_ids.company_id - company)
        self.assertAlmostEqual(self.booked(run.date, account=root["allowance"]), run.amount, 2)

    @settings(max_examples=5, **GENERATED)
    @given(st.lists(STEP, min_size=4, max_size=9))
    def test_neither_touches_the_other(self, steps):
        with suppress(RollbackError), self.env.cr.savepoint():
            moves, posted = ([], []), ({}, {})
            for place, step, number, offset in steps:
                day = DAYS[offset % len(DAYS)]
                if step == "match":
                    self.match_one(moves[place], number, offset)
                elif step == "cancel":
                    if day in posted[place]:
                        posted[place].pop(day).with_user(self.manager).action_cancel("Wrong")
                elif step != "run":
                    moves[place].append(self.book(place, step, number, offset))
                elif day not in posted[place]:
                    posted[place][day] = self.run_of(place, day)
            for place in (0, 1):
                last = DAYS[-1] + timedelta(days=30)
                run = self.run_of(place, last)
                self.assert_of(place, run)
                for day, earlier in posted[place].items():
                    self.assertAlmostEqual(
                        self.booked(day, account=self.roots[place]["allowance"]), earlier.amount, 2
                    )
                earlier = self.env["ar.provision.run"].browse()
                if posted[place]:
                    earlier = posted[place][max(posted[place])]
                self.assertEqual(run.previous_id, earlier)
                table = self.env["ar.provision.movement.report"].create(
                    {
                        "company_id": self.roots[place]["company"].id,
                        "date_from": DAYS[0] - timedelta(days=60),
                        "date_to": last,
                    }
                )
                self.assertAlmostEqual(table.closing, run.amount, 2)
                self.assertAlmostEqual(table.difference, 0, 2)
            raise RollbackError
        self.env.invalidate_all()

    def run_of(self, place, day):
        return self.make_run(day, company_id=self.roots[place]["company"].id)

    def test_a_credit_in_one_company_is_none_in_the_other(self):
        day = DAYS[1]
        self.book(0, "invoice", 30000, 1)
        credit = self.book(1, "receipt", 30000, 1)
        self.assertEqual(credit.company_id, self.roots[1]["company"])
        run, other = self.run_of(0, day + timedelta(days=60)), self.run_of(1, day + timedelta(days=60))
        self.assertEqual((run.gross, run.offset), (300, 0))
        self.assertEqual((other.gross, other.amount), (-300, 0))
        for place, of_company in ((0, run), (1, other)):
            self.assert_of(place, of_company)


@tagged("post_install", "-at_install")
class TestProvisionCashBasis(ProvisionInvariantCase):
    """Taxes that are due when an invoice is paid: their entries are no receivables and no losses."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.company.write(
            {
                "tax_exigibility": True,
                "tax_cash_basis_journal_id": cls.company_data["default_journal_misc"].id,
            }
        )
        cls.tax = cls.env["account.tax"].create(
            {
                "name": "20 % when paid",
                "amount": 20,
                "tax_exigibility": "on_payment",
                "cash_basis_transition_account_id": cls.copy_account(cls.revenue, {"reconcile": True}).id,
            }
        )

    def invoice_with_tax(self, amount, day, due=None, **values):
        lines = [Command.create({"name": "Goods", "price_unit": amount, "tax_ids": self.tax.ids})]
        return self.invoice(amount, day, due=due, **{"invoice_line_ids": lines, **values})

    def test_open_with_tax_at_every_date(self):
        paid = self.invoice_with_tax(1_000, DAYS[0])
        credited = self.invoice_with_tax(500, DAYS[0])
        before = self.make_run(DAYS[1])
        self.assert_valued(before, self.slow_losses(DAYS[1]))
        self.assertEqual(before.gross, 1_800)
        self.match(paid, self.payment(700, DAYS[1] + timedelta(days=10)))
        self.match(credited, self.invoice_with_tax(200, DAYS[1] + timedelta(days=5), move_type="out_refund"))
        entries = self.env["account.move"].search([("tax_cash_basis_rec_id", "!=", False)])
        self.assertTrue(entries, "else this test proves nothing")
        run = self.make_run(DAYS[2])
        self.assert_valued(run, self.slow_losses(DAYS[2]))
        self.assertEqual(run.gross, 1_800 - 700 - 240)
        self.assertFalse(run.line_ids.move_id & entries)
        self.assert_booked(run)
        self.assertEqual(run.compared_gross_change, round(-940 * before.line_ids[0].rate / 100, 2))
        self.assertEqual(self.env["ar.item.loss"]._find_entries(entries), entries.browse())

    def test_taken_back_with_the_matching(self):
        """Undoing a receipt reverses its tax entry: the open amount is what it was."""
        invoice = self.invoice_with_tax(1_000, DAYS[0])
        receipt = self.payment(700, DAYS[1])
        self.match(invoice, receipt)
        first = self.make_run(DAYS[2])
        self.receivable(invoice).remove_move_reconcile()
        run = self.make_run(DAYS[3])
        self.assert_valued(run, self.slow_losses(DAYS[3]))
        self.assert_booked(first)
        self.assert_booked(run)
        self.assertEqual((run.gross, run.offset), (500, 700))

    def test_history_rolls_the_invoice_alone(self):
        """Neither the entries of the tax nor its part of a payment change what rolled."""
        invoice = self.invoice_with_tax(1_000, "2025-01-10", due="2025-02-01")
        self.match(invoice, self.payment(300, "2025-02-10"))
        derivation = self.env["ar.provision.derivation"].create(
            {"policy_id": self.policy.id, "date_to": "2025-12-31", "months": 12}
        )
        derivation.action_compute()
        young, next_one, *_older = derivation.result_ids.sorted("bucket_age")
        self.assertEqual((young.at_risk, young.roll_rate), (1_200, 100))
        self.assertEqual((next_one.at_risk, next_one.roll_rate), (1_200, 75))
