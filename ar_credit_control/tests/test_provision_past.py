from datetime import datetime, time, timedelta

from freezegun import freeze_time

from odoo.tests import tagged

from .common_provision import ProvisionCase


@tagged("post_install", "-at_install")
class TestProvisionPast(ProvisionCase):
    """A run at a past date takes cover, disputes, hand-overs and ratings as they were then."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.then = cls.today - timedelta(days=60)
        cls.invoice = cls.make_invoice(1_000, 100)

    def on(self, day):
        return freeze_time(datetime.combine(day, time(12)))

    def make_past_run(self, date=None):
        return self.make_run(date or self.then, post=False)

    def make_deposit(self, amount=1_000):
        security = (
            self.env["ar.credit.security"]
            .with_user(self.controller)
            .create(
                {
                    "partner_id": self.customer.id,
                    "company_id": self.company.id,
                    "kind": "deposit",
                    "amount": amount,
                    "date_from": self.today - timedelta(days=300),
                }
            )
        )
        security.action_submit()
        security.with_user(self.manager).action_validate()
        return security

    def items_of(self, *moves):
        self.env.flush_all()
        return self.env["ar.aging.report"].search(
            [("move_id", "in", [move.id for move in moves]), ("amount_currency", ">", 0)]
        )

    def test_cover_that_ended_since(self):
        for end in ("action_release", "action_call"):
            with self.subTest(end=end):
                security = self.make_deposit()
                self.assertEqual(self.make_past_run().covered, 1_000)
                getattr(security.with_user(self.controller), end)("Over")
                self.assertEqual(security.ended_on, self.today)
                run = self.make_past_run()
                self.assertEqual((run.covered, run.amount), (1_000, 0))
                self.assertEqual(self.make_past_run(self.today).covered, 0)

    def test_called_first_and_discharged_later(self):
        security = self.make_deposit()
        with self.on(self.then):
            security.with_user(self.controller).action_call("Insolvent")
        security.with_user(self.controller).action_release("Paid out")
        self.assertEqual(security.ended_on, self.then)
        self.assertEqual(self.make_past_run().covered, 0)
        self.assertEqual(self.make_past_run(self.then - timedelta(days=1)).covered, 1_000)

    def test_disputes_of_then(self):
        self.policy.disputed_rate = 50
        disputes = self.env["ar.dispute"]
        category = self.env.ref("ar_credit_control.dispute_category_price")
        with self.on(self.today - timedelta(days=70)):
            early = disputes._record(category, {self.items_of(self.invoice)[0]: 400.0}, "Too expensive")
        early.with_user(self.controller)._withdraw("Paid after all")
        other = self.make_invoice(1_000, 100)
        disputes._record(category, {self.items_of(other)[0]: 1_000.0}, "Too expensive")
        then = {line.move_id: line for line in self.make_past_run().line_ids}
        # 3.6 % and of 400 of 1,000 at least 50 %
        self.assertAlmostEqual(then[self.invoice].rate, 3.6 + 0.4 * (50 - 3.6))
        self.assertEqual(then[self.invoice].least, "disputed")
        self.assertEqual((then[other].rate, then[other].least), (3.6, False))
        now = {line.move_id: line for line in self.make_past_run(self.today).line_ids}
        self.assertEqual((now[self.invoice].rate, now[other].rate), (10.6, 50))

    def test_disputes_decided_since(self):
        """Of what was accepted the rest to be credited then, of what was rejected the days of grace."""
        self.policy.disputed_rate = 50
        category = self.env.ref("ar_credit_control.dispute_category_price")
        with self.on(self.today - timedelta(days=70)):
            items = {self.items_of(self.invoice)[0]: 400.0}
            dispute = self.env["ar.dispute"]._record(category, items, "Too expensive")
        decided = self.today - timedelta(days=50)
        with self.on(decided):
            dispute.with_user(self.controller)._decide({dispute.line_ids: 100.0}, "In part", 10)
        rates = {
            days: self.make_past_run(self.today - timedelta(days=days)).line_ids.rate
            for days in (80, 60, 45, 20)
        }
        for days, share in ((80, 0), (60, 0.4), (45, 0.4), (20, 0.1)):
            rate = {80: 1.6, 60: 3.6, 45: 3.6, 20: 6.6}[days]
            self.assertAlmostEqual(rates[days], rate + share * (50 - rate), msg=f"{days} days ago")

    def test_placements_of_then(self):
        self.policy.legal_rate = 70
        agent = self.make_partner("Inkasso Nord")
        placements = self.env["ar.placement"].with_user(self.collector)

        def place(move):
            items = self.items_of(move).with_user(self.collector)
            placement = placements._propose(items, "agency", agent)
            placement.action_submit()
            placement.with_user(self.controller).action_approve()
            return placement

        with self.on(self.today - timedelta(days=70)):
            early = place(self.invoice)
        early.with_user(self.controller)._end("recalled", "They do nothing")
        other = self.make_invoice(1_000, 100)
        place(other)
        then = {line.move_id: line for line in self.make_past_run().line_ids}
        self.assertEqual((then[self.invoice].rate, then[self.invoice].least), (70, "legal"))
        self.assertEqual((then[other].rate, then[other].least), (3.6, False))
        now = {line.move_id: line for line in self.make_past_run(self.today).line_ids}
        self.assertEqual((now[self.invoice].rate, now[other].rate), (10.6, 70))
