from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from odoo.tests import tagged

from .common_hold import HoldCase


@tagged("post_install", "-at_install")
class TestRulePay(HoldCase):
    """ "Pay X (these invoices) to release" is tried: the payments are posted and matched, then it passes."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        bank = cls.company_data["default_journal_bank"]
        outstanding = cls.env["account.account"].create(
            {"name": "Receipts", "code": "PAYX1", "account_type": "asset_current", "reconcile": True}
        )
        bank.inbound_payment_method_line_ids.payment_account_id = outstanding

    def judge(self, order):
        self.env.flush_all()
        return self.env["ar.credit.check"]._judge(order)[order.id]

    def pay(self, payments, less=0.0):
        """Post and match a payment for each entry, the last one by ``less`` smaller."""
        for number, payment in enumerate(payments):
            amount = round(payment["amount"] - (less if number == len(payments) - 1 else 0.0), 2)
            if not amount:
                continue
            if not payment["move_id"]:
                advance = self.env["account.payment"].create(
                    {
                        "partner_id": self.customer.id,
                        "amount": amount,
                        "payment_type": "inbound",
                        "journal_id": self.company_data["default_journal_bank"].id,
                    }
                )
                advance.action_post()
                continue
            wizard = self.env["account.payment.register"].with_context(
                active_model="account.move", active_ids=[payment["move_id"]]
            )
            wizard.create({"amount": amount, "payment_difference_handling": "open"})._create_payments()

    def assertPayIsRight(self, order):
        """What is said is enough, and a cent less is not."""
        verdict = self.judge(order)
        if verdict.outcome != "hold":
            self.assertEqual((verdict.pay, verdict.payments), (0.0, []))
            return
        self.assertGreater(verdict.pay, 0.0)
        payments = verdict.payments
        with self.env.cr.savepoint() as savepoint:
            self.pay(payments, less=0.01)
            self.assertEqual(self.judge(order).outcome, "hold", "a cent less would do")
            savepoint.rollback()
        self.env.invalidate_all()
        with self.env.cr.savepoint() as savepoint:
            self.pay(payments)
            self.assertNotEqual(self.judge(order).outcome, "hold", (verdict.pay, payments))
            savepoint.rollback()
        self.env.invalidate_all()

    def test_overdue_needs_less_than_all_of_it_where_a_share_may_stay(self):
        self.set_rules(overdue={"days": 30, "share_percent": 10.0})
        old = self.make_invoice(300.0, 60)
        self.make_invoice(700.0, -10)
        order = self.make_order(1)
        verdict = self.judge(order)
        # 300 - x is at most a tenth of 1,000 - x, to the cent
        self.assertAlmostEqual(verdict.pay, 222.22, 2)
        self.assertEqual([payment["move_id"] for payment in verdict.payments], [old.id])
        self.assertPayIsRight(order)

    def test_limit_and_overdue_together(self):
        old = self.make_invoice(200.0, 60)
        self.make_invoice(600.0, 5)
        order = self.make_order(6)
        verdict = self.judge(order)
        self.assertEqual(verdict.pay, 400.0)
        self.assertEqual(verdict.payments[0], {"move_id": old.id, "name": old.name, "amount": 200.0})
        self.assertPayIsRight(order)

    def test_the_limit_alone_takes_the_oldest_items_then_an_advance(self):
        self.set_rules(limit={})
        self.make_invoice(100.0, -5)
        order = self.make_order(15)
        verdict = self.judge(order)
        self.assertEqual(verdict.pay, 600.0)
        self.assertEqual([payment["amount"] for payment in verdict.payments], [100.0, 500.0])
        self.assertIn(
            "advance", self.env["ar.credit.check"]._format_payments(verdict.payments, verdict.currency)
        )
        self.assertPayIsRight(order)

    def test_a_rule_that_asks_for_a_person_leaves_nothing_to_pay(self):
        self.set_rules(limit={}, order_amount={"amount": 10.0})
        order = self.make_order(15)
        self.assertEqual(self.judge(order).pay, 0.0)

    def test_an_item_in_foreign_currency_is_asked_for_in_full(self):
        self.set_rules(overdue={"days": 30})
        invoice = self.make_invoice(300.0, 60)
        euro = self.env.ref("base.EUR")
        invoice.button_draft()
        invoice.write({"currency_id": euro.id})
        invoice.action_post()
        order = self.make_order(1)
        verdict = self.judge(order)
        self.assertEqual(verdict.payments[0]["move_id"], invoice.id)
        line = invoice.line_ids.filtered(lambda item: item.account_id.account_type == "asset_receivable")
        self.assertAlmostEqual(verdict.pay, line.amount_residual, 2)

    def test_the_hold_keeps_what_was_said(self):
        invoice = self.make_invoice(50.0, 60)
        order = self.make_order(1)
        order.action_confirm()
        hold = order.sudo().credit_hold_id
        self.assertEqual(hold.pay_to_release, 50.0)
        self.assertIn(invoice.name, hold.pay_items)
        invoice.button_cancel()
        self.env.invalidate_all()
        self.assertIn(invoice.name, hold.pay_items, "as it was then")

    @settings(max_examples=8, deadline=None, suppress_health_check=list(HealthCheck))
    @given(
        invoices=st.lists(
            st.tuples(st.integers(1, 60000), st.sampled_from((-10, 5, 20, 40, 80))), min_size=1, max_size=4
        ),
        credit=st.integers(0, 30000),
        quantity=st.integers(1, 12),
        days=st.sampled_from((0, 15, 30)),
        share=st.sampled_from((0.0, 1.0, 12.5, 50.0)),
        smallest=st.sampled_from((0.0, 100.0)),
        amount=st.sampled_from((0.0, 150.0)),
    )
    def test_any_ledger(self, invoices, credit, quantity, days, share, smallest, amount):
        with self.env.cr.savepoint() as savepoint:
            self.set_rules(
                limit={"tolerance_percent": 5.0},
                overdue={"days": days, "share_percent": share, "min_amount": smallest},
                overdue_amount={"days": 30, "amount": amount},
            )
            for cents, age in invoices:
                self.make_invoice(cents / 100, age)
            if credit:
                self.pay([{"move_id": False, "amount": credit / 100}])
            self.assertPayIsRight(self.make_order(quantity))
            savepoint.rollback()
        self.env.invalidate_all()
        self.env.registry.clear_cache()
