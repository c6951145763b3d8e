from odoo.fields import Command
from odoo.tests import tagged

from .common_agreement import AgreementCase


@tagged("post_install", "-at_install")
class TestPlanInterest(AgreementCase):
    """Interest of a plan: 10 % a year, actual/365."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.company.interest_scheme_id = cls.env["ar.interest.scheme"].create(
            {
                "name": "Contract",
                "company_id": cls.company.id,
                "currency_id": cls.company.currency_id.id,
                "rate_ids": [Command.create({"date_from": "2000-01-01", "rate": 10.0})],
            }
        )

    def test_of_what_an_instalment_pays_from_the_original_due_date(self):
        plan = self.plan([10, 40], self.due(1000, 20), with_interest=True)
        # 500 × 10 % × 30/365 and 500 × 10 % × 60/365
        self.assertEqual(plan.line_ids.mapped("interest"), [4.11, 8.22])
        self.assertEqual(plan.line_ids.mapped("amount_total"), [504.11, 508.22])

    def test_two_items_are_paid_in_their_order(self):
        moves = self.due(300, 40), self.due(300, 20)
        plan = self.plan([10, 40], *moves, with_interest=True)
        # 300 × 10 % × 50/365 and 300 × 10 % × 60/365
        self.assertEqual(plan.line_ids.mapped("interest"), [4.11, 4.93])

    def test_part_payment_before(self):
        invoice = self.due(1000, 30)
        self.pay(400, -10, invoice)
        plan = self.plan([10], invoice, kind="deferral", with_interest=True)
        # 1,000 × 10 % × 20/365 and 600 × 10 % × 20/365
        self.assertEqual(plan.line_ids.interest, 8.77)

    def test_only_if_agreed(self):
        plan = self.plan([10, 40], self.due(1000, 20))
        self.assertFalse(any(plan.line_ids.mapped("interest")))
        plan.with_interest = True
        self.assertEqual(plan.line_ids.mapped("interest"), [4.11, 8.22])
        plan.line_ids = [Command.update(plan.line_ids[1].id, {"date": self.day(70)})]
        self.assertEqual(plan.line_ids.mapped("interest"), [4.11, 12.33])
        self.assertIn("12.33", plan._render_html())
        plan.with_interest = False
        self.assertFalse(any(plan.line_ids.mapped("interest")))

    def test_claimed_days_are_not_counted_twice(self):
        invoice = self.due(1000, 20)
        self.env["ar.interest.claim"].sudo()._claim(
            self.company, self.day(0), partner_ids=invoice.commercial_partner_id.ids
        )
        plan = self.plan([10], invoice, kind="deferral", with_interest=True)
        # 1,000 × 10 % × 10/365: twenty days are claimed
        self.assertEqual(plan.line_ids.interest, 2.74)

    # in force

    def claim(self, *moves, days=0):
        """What is claimed of invoices until a day."""
        items = self.env["account.move"].union(*moves).line_ids
        return self.env["ar.interest.claim"].sudo()._claim(self.company, self.day(days), line_ids=items.ids)

    def test_nothing_is_claimed_while_it_is_in_force(self):
        for kind, agreed in (("plan", True), ("plan", False), ("deferral", True), ("deferral", False)):
            invoice = self.due(1000, 30)
            plan = self.plan([20], invoice, kind=kind, with_interest=agreed)
            self.activate(plan)
            self.assertEqual(plan.state, "active")
            self.assertFalse(self.claim(invoice), f"{kind} {agreed}")

    # without interest

    def kept(self, *moves, with_interest=False, **values):
        """A plan agreed 20 days ago about invoices, paid 5 days ago."""
        plan = self.plan([20], *moves, with_interest=with_interest, **values)
        plan.sudo().write({"state": "active", "decided_on": self.day(-20), "paused_until": self.day(100)})
        self.pay(sum(plan.item_ids.mapped("amount_open")), -5, *moves)
        plan.sudo()._judge()
        self.assertEqual(plan.state, "kept")
        return plan

    def add_fixed_sum(self):
        self.company.interest_scheme_id.fee_ids = [Command.create({"amount": 40.0})]

    def test_days_of_what_was_kept_without_interest_are_free(self):
        self.add_fixed_sum()
        for kind in ("plan", "deferral"):
            invoice = self.due(1000, 50)
            self.kept(invoice, kind=kind)
            claim = self.claim(invoice)
            # the day after the due date to the day before the agreement
            self.assertEqual((claim.date_from, claim.date_to), (self.day(-49), self.day(-21)))
            self.assertEqual((claim.amount_interest, claim.amount_fee), (7.95, 0.0))
            self.assertFalse(self.claim(invoice))

    def test_agreed_before_the_due_date_and_kept(self):
        self.add_fixed_sum()
        invoice = self.due(1000, 10)
        self.kept(invoice)
        self.assertFalse(self.claim(invoice))

    def test_fixed_sum_that_was_claimed_before_stays(self):
        self.add_fixed_sum()
        invoice = self.due(1000, 50)
        before = self.claim(invoice, days=-30)
        self.assertEqual(before.amount_fee, 40.0)
        self.kept(invoice)
        self.assertEqual((self.claim(invoice).days, before.state), (9, "open"))
        self.assertFalse(self.claim(invoice))

    def test_kept_with_interest(self):
        self.add_fixed_sum()
        invoice = self.due(1000, 50)
        self.kept(invoice, with_interest=True)
        claim = self.claim(invoice)
        self.assertEqual((claim.date_from, claim.date_to), (self.day(-49), self.day(-5)))
        self.assertEqual((claim.amount_interest, claim.amount_fee), (12.33, 40.0))

    def test_missed_or_ended_early_it_is_as_if_nothing_had_been_agreed(self):
        self.add_fixed_sum()
        missed, ended = self.due(1000, 50), self.due(1000, 50)
        plan = self.plan([20], missed)
        self.activate(plan, [-10])
        self.assertEqual(plan.state, "defaulted")
        other = self.plan([20], ended)
        self.activate(other)
        other.action_cancel("They do not need it any more")
        for claim in (self.claim(missed), self.claim(ended)):
            self.assertEqual((claim.days, claim.amount_interest, claim.amount_fee), (50, 13.7, 40.0))

    def test_payment_that_is_undone_opens_the_days_again(self):
        invoice = self.due(1000, 50)
        plan = self.kept(invoice)
        self.claim(invoice)
        invoice.line_ids.remove_move_reconcile()
        plan.sudo()._judge()
        self.assertEqual(plan.state, "active")
        self.assertFalse(self.claim(invoice))
        plan.action_cancel("They take it back")
        self.assertEqual(self.claim(invoice).days, 21)

    def test_claimed_after_a_missed_date_and_paid_in_time_after_all(self):
        self.add_fixed_sum()
        invoice = self.due(1000, 50)
        plan = self.plan([20], invoice)
        self.activate(plan, [-10])
        plan.sudo().write({"decided_on": self.day(-20)})
        self.assertEqual(plan.state, "defaulted")
        claim = self.claim(invoice)
        self.assertEqual((claim.days, claim.amount_fee), (50, 40.0))
        # the bank's date
        self.pay(1000, -12, invoice)
        plan.sudo()._judge()
        self.assertEqual(plan.state, "kept")
        correction = self.claim(invoice)
        self.assertEqual((correction.date_from, correction.date_to), (self.day(-20), self.day(0)))
        self.assertAlmostEqual(correction.amount_interest, -1000 * 0.1 * 21 / 365, delta=0.011)
        self.assertEqual(correction.amount_fee, -40.0)

    def test_schedule_says_what_without_interest_means(self):
        plan = self.plan([10], self.due(1000, 20))
        words = "we claim no late interest for the days from this agreement"
        self.assertIn(words, " ".join(plan._render_html().split()))
        plan.with_interest = True
        self.assertNotIn(words, " ".join(plan._render_html().split()))
        plan.with_interest = False
        self.company.interest_scheme_id = False
        self.assertNotIn(words, " ".join(plan._render_html().split()))
