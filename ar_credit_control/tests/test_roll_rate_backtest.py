from datetime import date, timedelta

from odoo.exceptions import AccessError, UserError, ValidationError
from odoo.fields import Command
from odoo.tests import Form, tagged

from .common_roll_rate import RollRateCase

FIGURES = ("gross", "collected", "credited", "written_off", "still_open", "overdue_long", "lost")


@tagged("post_install", "-at_install")
class TestRollRateBacktest(RollRateCase):
    """What became of the items of a posted run."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.run_date = date(2024, 3, 31)
        cls.tested_on = date(2025, 6, 30)

    @classmethod
    def make_test(cls, run, **values):
        test = cls.env["ar.provision.backtest"].create({"run_id": run.id, "date_to": cls.tested_on, **values})
        test.action_compute()
        return test

    def figures(self, line):
        return tuple(line[name] for name in FIGURES)

    def test_what_became_of_it(self):
        old = self.invoice_due(1_000, date(2024, 1, 31))  # 60 days past due: 31 to 60, 3.6 %
        young = self.invoice_due(500, date(2024, 4, 30))  # not due: 0.3 %
        self.settle(old, 100, date(2024, 2, 10))
        run = self.make_run(self.run_date)
        self.settle(old, 300, date(2024, 4, 10))
        self.settle(old, 200, date(2024, 5, 10), self.loss)
        credit = self.make_invoice(
            150, 0, move_type="out_refund", invoice_date=date(2024, 6, 1), invoice_date_due=date(2024, 6, 1)
        )
        self.match(old, credit)
        self.settle(young, 400, date(2024, 5, 1))
        self.settle(old, 50, date(2025, 7, 1))  # after the test
        test = self.make_test(run)
        first, third = test.line_ids.sorted("bucket_age")
        self.assertEqual(self.figures(first), (500, 400, 0, 0, 100, 100, 100))
        self.assertEqual(self.figures(third), (900, 300, 150, 200, 250, 250, 450))
        self.assertEqual((third.expected, third.expected_rate, third.actual_rate), (32.4, 3.6, 50))
        self.assertEqual((test.gross, test.expected, test.lost), (1_400, 33.9, 550))
        self.assertAlmostEqual(test.difference, 33.9 - 550)

    def test_what_is_open_not_long_is_not_lost(self):
        invoice = self.invoice_due(100, date(2024, 3, 1))
        run = self.make_run(self.run_date)
        self.assertEqual(self.make_test(run, date_to=date(2024, 6, 30)).default_days, 365)
        self.assertEqual(self.make_test(run, date_to=date(2024, 6, 30)).lost, 0)
        self.assertEqual(self.make_test(run, date_to=date(2024, 6, 30), default_days=90).lost, 100)
        self.settle(invoice, 100, date(2024, 7, 1))
        self.assertEqual(self.make_test(run, date_to=date(2024, 6, 30), default_days=90).lost, 100)
        self.assertEqual(self.make_test(run, date_to=date(2024, 7, 1), default_days=90).lost, 0)

    def test_the_default_of_the_policy_counts(self):
        self.policy.default_days = 90
        self.invoice_due(100, date(2024, 3, 1))
        self.assertEqual(self.make_test(self.make_run(self.run_date)).default_days, 90)

    def test_a_receipt_of_before_that_is_matched_later_collects(self):
        invoice = self.invoice_due(100, date(2024, 3, 1))
        receipt = self.make_entry(
            date(2024, 3, 20),
            (self.company_data["default_account_receivable"], -100, self.customer),
            (self.company_data["default_account_revenue"], 100),
        )
        run = self.make_run(self.run_date)
        self.assertEqual(run.gross, 0)
        self.match(invoice, receipt)
        line = self.make_test(run).line_ids
        self.assertEqual(self.figures(line), (100, 100, 0, 0, 0, 0, 0))

    def test_an_invoice_that_is_taken_back_was_credited(self):
        invoice = self.invoice_due(100, date(2024, 3, 1))
        run = self.make_run(self.run_date)
        invoice.button_draft()
        line = self.make_test(run).line_ids
        self.assertEqual(self.figures(line), (100, 0, 100, 0, 0, 0, 0))

    def test_a_journal_item_that_was_made_again_is_the_same_claim(self):
        """An instalment whose journal item is another one now is found by entry, customer and due date."""
        term = self.env["account.payment.term"].create(
            {
                "name": "In halves",
                "line_ids": [
                    Command.create({"value": "percent", "value_amount": 50, "nb_days": days})
                    for days in (30, 60)
                ],
            }
        )
        invoice = self.make_invoice(
            100, 0, invoice_date=date(2024, 1, 1), invoice_payment_term_id=term.id, invoice_date_due=False
        )
        run = self.make_run(self.run_date)
        before = run.line_ids.move_line_id
        self.assertEqual(len(before), 2)
        invoice.button_draft()
        invoice.invoice_payment_term_id = False
        invoice.invoice_payment_term_id = term
        invoice.action_post()
        self.assertNotEqual(before.exists(), before, "a journal item was made again")
        self.settle(invoice, 30, date(2024, 5, 1))
        test = self.make_test(run)
        self.assertEqual(sum(test.line_ids.mapped("item_count")), 2)
        self.assertEqual(sum(test.line_ids.mapped("collected")), 30)
        self.assertEqual(sum(test.line_ids.mapped("credited")), 0)
        self.assertEqual(sum(test.line_ids.mapped("still_open")), 70)
        self.assertEqual(test.lost, 70)

    def test_an_entry_that_is_less_now_took_back_the_rest(self):
        invoice = self.invoice_due(100, date(2024, 3, 1))
        run = self.make_run(self.run_date)
        invoice.button_draft()
        invoice.invoice_line_ids.price_unit = 60
        invoice.action_post()
        line = self.make_test(run).line_ids
        self.assertEqual(self.figures(line), (100, 0, 40, 0, 60, 60, 60))
        invoice.button_draft()
        invoice.invoice_line_ids.price_unit = 150
        invoice.action_post()
        line = self.make_test(run).line_ids
        self.assertEqual(self.figures(line), (100, 0, 0, 0, 100, 100, 100))

    def test_the_run_is_posted_and_the_day_is_over_but_later(self):
        self.invoice_due(100, date(2024, 3, 1))
        draft = self.make_run(date(2024, 2, 29), post=False)
        run = self.make_run(self.run_date)
        for values in (
            {"run": draft},
            {"run": run, "date_to": self.run_date},
            {"run": run, "date_to": date(2099, 1, 1)},
        ):
            with self.assertRaises(ValidationError):
                self.make_test(**values)
        test = self.make_test(run)
        with self.assertRaises(UserError):
            test.date_to = date(2025, 1, 1)

    def test_a_computed_test_is_a_record(self):
        """Who set the rates cannot take away what proves them wrong."""
        self.invoice_due(100, date(2024, 3, 1))
        run = self.make_run(self.run_date)
        tests = self.env["ar.provision.backtest"].with_user(self.controller)
        test = tests.create({"run_id": run.id, "date_to": self.tested_on})
        test.action_compute()
        self.assertEqual((test.computed_by_id, test.state), (self.controller, "current"))
        for user in (self.controller, self.manager, self.accountant):
            own = test.with_user(user)
            for act in (
                own.unlink,
                own.action_compute,
                lambda own=own: own.write({"computed_on": False}),
                lambda own=own: own.write({"lost": 0}),
                lambda own=own: own.write({"date_to": date(2025, 1, 1)}),
            ):
                with self.assertRaises(UserError):
                    act()
        with self.assertRaises(AccessError):
            tests.create({"run_id": run.id, "date_to": self.tested_on, "computed_on": "2025-01-01"})
        tests.create({"run_id": run.id, "date_to": self.tested_on}).unlink()
        self.assertTrue(test.exists())

    def test_the_test_that_looks_furthest_counts(self):
        self.invoice_due(100, date(2024, 3, 1))
        run = self.make_run(self.run_date)
        first = self.make_test(run, date_to=date(2024, 12, 31))
        self.assertEqual(first.state, "current")
        second = self.make_test(run)
        self.assertEqual((first.state, first.superseded_by_id), ("superseded", second))
        earlier = self.make_test(run, date_to=date(2024, 9, 30))
        self.assertEqual((earlier.state, second.state), ("superseded", "current"))
        again = second.with_user(self.controller).action_repeat()["context"]
        self.assertEqual(again["default_run_id"], run.id)
        run._write_evidence({"state": "cancelled"})
        self.assertEqual((second.state, first.state), ("cancelled", "cancelled"))
        self.assertFalse(self.rates([("run_id", "=", run.id)]))

    def rates(self, domain):
        self.env.flush_all()
        return self.env["ar.provision.backtest.rate"].with_user(self.auditor).search(domain)

    def test_expected_and_actual_rates_by_run(self):
        invoice = self.invoice_due(100, date(2024, 3, 1))
        first = self.make_run(date(2024, 2, 29))
        self.invoice_due(900, date(2024, 4, 30))
        second = self.make_run(self.run_date)
        self.settle(invoice, 50, date(2024, 5, 1))
        tests = [self.make_test(run) for run in (first, second)]
        self.assertEqual([test.expected_rate for test in tests], [0.3, 0.43])
        self.assertEqual([test.actual_rate for test in tests], [50, 95])
        rates = self.rates([("run_id", "in", (first + second).ids)])
        self.assertEqual(
            [(row.date, row.kind, row.rate) for row in rates],
            [
                (first.date, "expected", 0.3),
                (first.date, "actual", 50),
                (second.date, "expected", 0.43),
                (second.date, "actual", 95),
            ],
        )
        together = dict(rates._read_group([("id", "in", rates.ids)], ["kind"], ["rate:avg"]))
        self.assertAlmostEqual(together["actual"], 100 * 1_000 / 1_100, 6)
        with self.assertRaises(AccessError):
            rates.with_user(self.salesperson).read(["rate"])

    def test_the_run_of_a_year_ago_is_proposed(self):
        self.invoice_due(100, date(2024, 3, 1))
        tests = self.env["ar.provision.backtest"].with_user(self.controller)
        with self.assertRaises(UserError):
            tests.action_propose()
        runs = [self.make_run(self.today - timedelta(days=days)) for days in (800, 400, 100)]
        form = Form(tests.with_context(**tests.action_propose()["context"]))
        self.assertEqual(form.run_id, runs[1])
        form.months_back = 24
        self.assertEqual(form.run_id, runs[0])
        form.months_back = 240
        self.assertEqual(form.run_id, runs[0], "none is as old")
        form.months_back = 3
        self.assertEqual(form.run_id, runs[2])
        self.assertEqual(form.save().run_id, runs[2])

    def test_rights(self):
        self.invoice_due(100, date(2024, 3, 1))
        run = self.make_run(self.run_date)
        for user in (self.controller, self.accountant, self.manager):
            test = self.env["ar.provision.backtest"].with_user(user)
            test = test.create({"run_id": run.id, "date_to": self.tested_on})
            test.action_compute()
        audited = test.with_user(self.auditor)
        audited.read(["name", "lost"])
        audited.line_ids.read(["actual_rate"])
        with self.assertRaises(AccessError):
            audited.action_compute()
        with self.assertRaises(AccessError):
            test.with_user(self.salesperson).read(["name"])
