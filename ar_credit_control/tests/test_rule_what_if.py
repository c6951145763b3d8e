from odoo.exceptions import AccessError
from odoo.tests import Form, tagged

from .common_hold import HoldCase


@tagged("post_install", "-at_install")
class TestWhatIf(HoldCase):
    """What credit control would say to an amount, before there is an order."""

    def ask(self, user, amount, partner=None, **values):
        action = (partner or self.customer).with_user(user).action_credit_what_if()
        wizard = self.env["ar.credit.what.if"].with_user(user).with_context(**action["context"])
        with Form(wizard) as form:
            form.amount = amount
            for name, value in values.items():
                setattr(form, name, value)
        return form.record

    def test_the_same_as_an_order_would_find(self):
        invoice = self.make_invoice(300.0, 60)
        answer = self.ask(self.manager, 900.0)
        order = self.make_order(9)
        verdict = self.env["ar.credit.check"]._judge(order)[order.id]
        self.assertEqual((answer.outcome, answer.left, answer.pay), ("hold", -200.0, verdict.pay))
        self.assertIn(invoice.name, answer.pay_items)
        self.assertEqual(answer.pay, 300.0)
        self.assertIn("overdue", answer.findings)
        self.assertIn(self.controller.name, answer.approvers)
        self.assertNotIn(self.manager.name, answer.approvers, "who asks is not who releases")

    def test_passes_and_says_what_looked(self):
        answer = self.ask(self.manager, 100.0)
        self.assertEqual((answer.outcome, answer.left, answer.pay), ("pass", 900.0, 0.0))
        self.assertIn("1,000.00", answer.fine)
        self.assertFalse(answer.approvers)

    def test_another_currency_and_terms(self):
        euro = self.env.ref("base.EUR")
        answer = self.ask(self.manager, 100.0, currency_id=euro)
        expected = euro._convert(100.0, self.company.currency_id, self.company, self.company._credit_today())
        self.assertAlmostEqual(answer.asked, expected, 2)
        self.set_rules(terms={})
        term = self.env.ref("account.account_payment_term_30days")
        self.assertEqual(self.ask(self.manager, 1.0, payment_term_id=term).outcome, "hold")

    def test_nothing_is_written(self):
        holds, locks = (
            self.env[model].sudo().search_count([]) for model in ("ar.credit.hold", "ar.credit.lock")
        )
        self.ask(self.manager, 9999.0)
        self.assertEqual(self.env["ar.credit.hold"].sudo().search_count([]), holds)
        self.assertEqual(self.env["ar.credit.lock"].sudo().search_count([]), locks)

    def test_who_sells_asks_about_own_customers(self):
        with self.assertRaises(AccessError):
            self.customer.with_user(self.salesperson).action_credit_what_if()
        self.customer.user_id = self.salesperson
        answer = self.ask(self.salesperson, 2000.0)
        self.assertEqual(answer.outcome, "hold")
        other = self.make_customer("Of somebody else", 10.0)
        wizard = self.env["ar.credit.what.if"].with_user(self.salesperson).create({"partner_id": other.id})
        with self.assertRaises(AccessError):
            wizard.read(["outcome"])

    def test_a_company_of_others_is_refused(self):
        other = self.env["res.company"].create({"name": "Foreign"})
        wizard = (
            self.env["ar.credit.what.if"]
            .with_user(self.manager)
            .create({"partner_id": self.customer.id, "company_id": other.id})
        )
        with self.assertRaises(AccessError):
            wizard.read(["outcome"])

    def test_the_auditor_may_ask(self):
        self.assertEqual(self.ask(self.auditor, 100.0).outcome, "pass")
