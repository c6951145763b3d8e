from datetime import timedelta

from odoo.fields import Command
from odoo.tests import tagged

from .common_cover import CoverCase
from .common_provision import EXAMPLE_RATES, ProvisionCase

PARTS = ("new", "gone", "gross_change", "cover_change", "moved", "rate_change", "exchange")


@tagged("post_install", "-at_install")
class TestProvisionComparison(ProvisionCase, CoverCase):
    """What changed the expected loss since the run before, part by part."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.earlier = cls.today - timedelta(days=30)

    def compare(self, run):
        """{entry: row}, after checking that the parts of each row and of the run sum exactly."""
        self.env.flush_all()
        rows = self.env["ar.provision.comparison"].search([("run_id", "=", run.id)])
        for row in rows:
            parts = sum(row[name] for name in PARTS)
            self.assertAlmostEqual(parts, row.difference, 9)
            self.assertAlmostEqual(row.previous_amount + parts, row.amount, 9)
        self.assertAlmostEqual(sum(rows.mapped("amount")), run.amount, 9)
        self.assertAlmostEqual(sum(rows.mapped("previous_amount")), run.previous_id.amount, 9)
        for name in ("previous_amount", *PARTS):
            self.assertAlmostEqual(run[f"compared_{name}"], sum(rows.mapped(name)), 6)
        return {row.move_id: row for row in rows}

    def assertChanged(self, row, **parts):
        self.assertEqual({name: round(row[name], 2) for name in PARTS if row[name]}, parts)

    def test_parts(self):
        moved = self.make_invoice(1_000, 40)
        paid = self.make_invoice(500, 40)
        part_paid = self.make_invoice(1_000, 100, partner_id=self.make_partner("Part").id)
        same = self.make_invoice(700, 150)
        before = self.make_run(self.earlier)
        self.assertEqual(before.amount, 16 + 8 + 66 + 74.2)
        self.assertFalse(before.previous_id)
        self.pay(paid)
        self.pay(part_paid, 250)
        new = self.make_invoice(200, -5)
        run = self.make_run(post=False)
        self.assertEqual(run.previous_id, before)
        rows = self.compare(run)
        self.assertChanged(rows[moved], moved=20)
        self.assertChanged(rows[paid], gone=-8)
        # 250 less at 6.6 %, and 750 from 6.6 to 10.6 %
        self.assertChanged(rows[part_paid], gross_change=-16.5, moved=30)
        self.assertChanged(rows[new], new=0.6)
        self.assertChanged(rows[same])
        self.assertEqual(rows[paid].status, "gone")
        self.assertEqual(rows[moved].previous_bucket_id, before.policy_id.bucket_ids.sorted("age_from")[1])

    def test_higher_rates_and_another_bucket(self):
        invoice = self.make_invoice(1_000, 40)
        self.make_run(self.earlier)
        self.make_matrix(
            self.policy, [2 * rate for rate in EXAMPLE_RATES], date_from=self.earlier + timedelta(days=1)
        )
        rows = self.compare(self.make_run(post=False))
        self.assertChanged(rows[invoice], moved=20, rate_change=36)

    def test_own_credits_and_rounding(self):
        """A credit takes the oldest item first; what rounding leaves stands where something changed."""
        old, young = self.make_invoice(33.33, 70), self.make_invoice(66.67, 69)
        self.make_run(self.earlier)
        self.env["account.payment"].create(
            {"partner_id": self.customer.id, "amount": 20.01, "payment_type": "inbound", "date": self.today}
        ).action_post()
        rows = self.compare(self.make_run(post=False))
        self.assertTrue(rows[old].gross_change < 0 < rows[old].moved)
        self.assertFalse(rows[young].gross_change)
        self.assertFalse(rows[old].rate_change or rows[young].rate_change)

    def test_exchange(self):
        """What rates of exchange made is a movement of its own, on the account for it."""
        euro = self.env.ref("base.EUR")
        euro.active = True
        self.env["res.currency.rate"].create(
            [
                {"currency_id": euro.id, "company_id": self.company.id, "name": day, "rate": rate}
                for day, rate in ((self.today - timedelta(days=90), 0.5), (self.today, 0.4))
            ]
        )
        self.policy.write({"closing_rate": True})
        invoice = self.make_invoice(1_000, 40, currency_id=euro.id)
        before = self.make_run(self.earlier)
        self.assertEqual((before.gross, before.amount), (2_000, 32))
        for account in (self.env["account.account"], self.loss):
            with self.subTest(account=account.name):
                self.policy.exchange_account_id = account
                run = self.make_run()
                rows = self.compare(run)
                # 1,000 EUR are worth 2,500 now; then 1.6 % becomes 3.6 %
                self.assertChanged(rows[invoice], exchange=8, moved=50)
                self.assertEqual((run.gross, run.amount, self.allowance_at()), (2_000, 90, 90))
                movements = {movement.kind: movement for movement in run.movement_ids}
                self.assertEqual(
                    {kind: row.amount for kind, row in movements.items()}, {"charge": 50, "exchange": 8}
                )
                self.assertEqual(movements["exchange"].against_account_id, account or self.charge)
                run.with_user(self.manager).action_cancel("Wrong")
                self.assertEqual(self.allowance_at(), 32)

    def carry_foreign(self):
        """An invoice of CHF 1,000 that the ledger carries at 900 and that is worth 1,000 at the closing rate;
        what is not covered is lost."""
        franc = self.setup_other_currency("CHF", rates=[("2020-01-01", 1 / 0.9), (self.today, 1.0)])
        self.policy.write({"closing_rate": True, "cover_rate": 0})
        self.make_matrix(self.policy, (100,) * 5, date_from="2000-01-02")
        return self.make_invoice(1_000, 40, currency_id=franc.id), franc

    def test_assessed_at_the_closing_rate(self):
        """What is not expected is lost of what the items are worth, not of what the ledger says."""
        self.carry_foreign()
        for date_from, loss, values in (
            (self.earlier, 500, {"method": "rate", "rate": 50}),
            (self.today, 400, {"flow_ids": [Command.create({"date": self.today, "amount": 600})]}),
        ):
            assessment = self.env["ar.provision.assessment"].create(
                {
                    "partner_id": self.customer.id,
                    "company_id": self.company.id,
                    "date_from": date_from,
                    "reason": "Insolvency opened",
                    **values,
                }
            )
            self.approve(assessment)
            with self.subTest(**values):
                line = self.make_run(post=False).line_ids
                self.assertEqual((line.gross, line.treatment), (900, "individual"))
                self.assertEqual((line.amount, line.amount_currency, line.rate), (loss, loss, loss / 10))

    def test_covered_at_the_closing_rate(self):
        """A guarantee covers what the items are worth: 900 of 1,000, and no more than that."""
        self.carry_foreign()
        self.make_security(amount=900)
        line = self.make_run(post=False).line_ids
        self.assertEqual((line.gross, line.covered, line.amount, line.amount_currency), (900, 900, 100, 100))
        self.make_security(amount=5_000)
        line = self.make_run(post=False).line_ids
        self.assertEqual((line.covered, line.amount), (1_000, 0))
        self.policy.closing_rate = False
        line = self.make_run(post=False).line_ids
        self.assertEqual((line.covered, line.amount), (900, 0))

    def compare_covered(self, amount, foreign=False):
        """The parts of an invoice that a guarantee covers since before the rates of exchange changed."""
        invoice, franc = self.carry_foreign()
        self.make_security(
            amount=amount,
            currency_id=(franc if foreign else self.company.currency_id).id,
            date_from=self.earlier - timedelta(days=90),
        )
        before = self.make_run(self.earlier)
        self.assertEqual((before.covered, before.amount), (900, 0))
        return self.compare(self.make_run(post=False))[invoice]

    def test_exchange_of_what_is_covered_in_own_currency(self):
        self.assertChanged(self.compare_covered(900), exchange=100)

    def test_exchange_of_what_is_covered_in_its_currency(self):
        self.assertChanged(self.compare_covered(1_000, foreign=True))

    def test_compared_with_the_last_one_that_is_posted(self):
        self.make_invoice(1_000, 40)
        first = self.make_run(self.earlier)
        second = self.make_run(self.today - timedelta(days=10))
        run = self.make_run(post=False)
        self.assertEqual(run.previous_id, second)
        second.with_user(self.manager).action_cancel("Wrong")
        self.approve(run)
        run.with_user(self.controller).action_post()
        self.assertEqual(run.previous_id, first)
        self.compare(run)

    def test_opens_the_entry(self):
        invoice = self.make_invoice(1_000, 40)
        self.make_run(self.earlier)
        run = self.make_run(post=False)
        row = self.compare(run)[invoice].with_user(self.auditor)
        self.env.invalidate_all()
        self.assertEqual(row.action_open_entry()["res_id"], invoice.id)
        self.assertEqual(run.line_ids.with_user(self.auditor).action_open_entry()["res_id"], invoice.id)
