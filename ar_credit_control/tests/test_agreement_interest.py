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
