from datetime import timedelta

from odoo.exceptions import AccessError, UserError
from odoo.tests import tagged

from .common_provision import ProvisionCase


@tagged("post_install", "-at_install")
class TestProvisionRun(ProvisionCase):
    """What a run values, what it books, and in which order runs may be posted."""

    def test_example_12(self):
        for amount, days in ((15e6, -10), (7.5e6, 30), (4e6, 60), (2.5e6, 90), (1e6, 91)):
            self.make_invoice(amount, days)
        run = self.make_run()
        self.assertEqual(run.amount, 580_000)
        self.assertEqual(run.gross, 30e6)
        self.assertEqual(
            run.cell_ids.sorted("bucket_age").mapped("amount"), [45_000, 120_000, 144_000, 165_000, 106_000]
        )
        self.assertEqual(self.allowance_at(), 580_000)
        self.assertEqual(run.change, 580_000)
        self.assertEqual(run.state, "posted")

    def test_running_twice_books_nothing(self):
        self.make_invoice(1_000, 40)
        self.make_run(self.today - timedelta(days=1))
        again = self.make_run()
        self.assertEqual(again.change, 0)
        self.assertFalse(again.move_ids)
        self.assertEqual(again.state, "posted")

    def test_own_credits_reduce_the_oldest_items_of_the_same_customer_only(self):
        other = self.make_partner("Other")
        old = self.make_invoice(100, 100)
        self.make_invoice(300, 40)
        self.make_invoice(1_000, 40, partner_id=other.id)
        self.env["account.payment"].create(
            {"partner_id": self.customer.id, "amount": 150, "payment_type": "inbound", "date": self.today}
        ).action_post()
        run = self.make_run(post=False)
        lines = {line.move_id: line for line in run.line_ids}
        self.assertEqual(lines[old].offset, 100)
        self.assertEqual(sum(run.line_ids.mapped("offset")), 150)
        self.assertEqual(run.amount, round(250 * 0.036, 2) + 36)
        self.assertEqual(run.gross, 1_250)

    def test_posting_order_does_not_matter(self):
        early, late = self.today - timedelta(days=60), self.today
        self.make_invoice(10_000, 70)
        results = []
        for order in ((early, late), (late, early)):
            runs = {date: self.make_run(date, post=False) for date in order}
            for date in order:
                self.approve(runs[date])
                runs[date].with_user(self.controller).action_post()
            results.append((self.allowance_at(early), self.allowance_at(late)))
            self.assertEqual(results[-1], (160, 660))
            for run in runs.values():
                run.with_user(self.manager).action_cancel("Wrong")
            self.assertEqual((self.allowance_at(early), self.allowance_at(late)), (0, 0))

    def test_cancelling_an_earlier_run_leaves_the_later_one(self):
        early, middle = self.today - timedelta(days=60), self.today - timedelta(days=20)
        self.make_invoice(10_000, 70)
        runs = [self.make_run(date) for date in (early, middle, self.today)]
        self.assertEqual([self.allowance_at(date) for date in (early, middle, self.today)], [160, 360, 660])
        runs[1].with_user(self.manager).action_cancel("Wrong")
        self.assertEqual([self.allowance_at(date) for date in (early, middle, self.today)], [160, 160, 660])
        runs[0].with_user(self.manager).action_cancel("Wrong")
        self.assertEqual([self.allowance_at(date) for date in (early, middle, self.today)], [0, 0, 660])

    def test_who_submits_does_not_approve(self):
        self.make_invoice(1_000, 40)
        run = self.make_run(post=False)
        run.with_user(self.manager).action_submit()
        with self.assertRaises(AccessError):
            run.with_user(self.manager).action_approve()

    def test_closed_period(self):
        self.make_invoice(1_000, 40)
        run = self.make_run(post=False)
        self.approve(run)
        self.company.fiscalyear_lock_date = self.today
        with self.assertRaisesRegex(UserError, "closed period"):
            run.with_user(self.controller).action_post()
        self.assertEqual(run.state, "approved")
