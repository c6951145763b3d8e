from odoo.fields import Command
from odoo.tests import tagged

from .common_agreement import AgreementCase


@tagged("post_install", "-at_install")
class TestItemsAlike(AgreementCase):
    """An entry may hold several items of a customer that are due on the same day, as opening balances do."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        day = cls.day(-20)
        cls.opening = cls.env["account.move"].create(
            {
                "move_type": "entry",
                "journal_id": cls.company_data["default_journal_misc"].id,
                "date": day,
                "line_ids": [
                    *(
                        Command.create(
                            {
                                "partner_id": cls.customer.id,
                                "account_id": cls.account.id,
                                "name": f"Opening {amount}",
                                "balance": amount,
                                "date_maturity": day,
                            }
                        )
                        for amount in (500, 300)
                    ),
                    Command.create({"account_id": cls.revenue.id, "name": "Opening", "balance": -800}),
                ],
            }
        )
        cls.opening.action_post()
        cls.large, cls.small = cls.receivable(cls.opening).sorted("balance", reverse=True)

    def item(self, line):
        return self.env["ar.aging.report"].browse(line.id)

    def settle(self, line, amount=None):
        (line | self.receivable(self.payment(amount or line.balance, self.today))).reconcile()
        self.commit()

    def test_a_promise_about_one_of_them(self):
        promise = self.promises._record(self.customer, self.company, 500, self.day(3), self.item(self.large))
        self.settle(self.small)
        self.assertEqual((promise.state, promise.amount_paid), ("open", 0), "the other one was paid")
        self.settle(self.large)
        self.assertEqual((promise.state, promise.amount_paid), ("kept", 500))

    def test_a_promise_about_both(self):
        promise = self.promise(None, 3, self.opening)
        self.settle(self.large)
        self.assertEqual((promise.state, promise.amount_paid), ("open", 500))
        self.settle(self.small)
        self.assertEqual((promise.state, promise.amount_paid), ("kept", 800))

    def test_the_journal_item_may_be_gone(self):
        promise = self.promises._record(self.customer, self.company, 300, self.day(3), self.item(self.small))
        promise.line_ids.sudo().move_line_id = False
        self.settle(self.large)
        self.settle(self.small)
        self.assertEqual((promise.state, promise.amount_paid), ("kept", 300))

    def test_a_plan_about_both(self):
        plan = self.plan([5, 10], self.opening)
        self.activate(plan)
        self.settle(self.large)
        self.assertEqual((plan.amount_paid, plan.line_ids.mapped("amount_paid")), (500, [400, 100]))

    def test_both_are_handed_over(self):
        placement = self.env["ar.placement"]._propose(self.items(self.opening))
        placement.sudo().write({"state": "placed", "date_placed": self.today})
        self.assertEqual(placement.amount_open, 800)
        self.settle(self.large)
        placement.invalidate_recordset()
        self.assertEqual((placement.amount_open, placement.amount_recovered), (300, 500))
        self.assertFalse(placement.settled_on)
        self.settle(self.small)
        self.assertEqual(placement.settled_on, self.today)

    def test_one_of_them_is_handed_over(self):
        placement = self.env["ar.placement"]._propose(self.item(self.small))
        placement.sudo().write({"state": "placed", "date_placed": self.today})
        self.settle(self.large)
        self.assertEqual((placement.amount_open, placement.amount_recovered), (300, 0))
        self.settle(self.small)
        self.assertEqual(placement.settled_on, self.today, "whatever is left of the other one")

    def test_both_are_disputed(self):
        category = self.env.ref("ar_credit_control.dispute_category_price")
        items = {item: item.amount_currency for item in self.items(self.opening)}
        dispute = self.env["ar.dispute"]._record(category, items, "Paid to the former owner")
        self.assertEqual(dispute.amount_open, 800)
        self.settle(self.large)
        dispute.invalidate_recordset()
        self.assertEqual((dispute.state, dispute.amount_open), ("new", 300))

    def test_one_of_them_is_disputed_and_paid(self):
        category = self.env.ref("ar_credit_control.dispute_category_price")
        dispute = self.env["ar.dispute"]._record(category, {self.item(self.large): 500.0}, "Not ours")
        self.settle(self.large)
        self.assertEqual((dispute.state, dispute.amount_open), ("resolved_paid", 0))
