from odoo.tests import new_test_user, tagged

from .common_agreement import AgreementCase


@tagged("post_install", "-at_install")
class TestAgreementReceived(AgreementCase):
    """A promise whose money came in time and is not matched yet: accounting has work, not the collector."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.company.collection_active = True
        cls.cash_desk = new_test_user(
            cls.env,
            "agreement_cash",
            groups="ar_credit_control.group_credit_controller",
            company_id=cls.company.id,
        )
        cls.company.collection_cash_user_id = cls.cash_desk
        cls.invoice_due = cls.due(2000)
        profile = cls.env["ar.credit.profile"]._get_or_create(cls.customer, cls.company)
        cls.case = cls.env["ar.collection.case"]._get_or_open(profile, "Asked by a test")

    def missed(self, amount=None, days=-10):
        promise = self.promise(amount, days)
        self.judge()
        return promise

    def tasks(self, promise):
        promise.invalidate_recordset()
        names = {
            self.env.ref(f"ar_credit_control.mail_activity_{name}"): name
            for name in ("promise_missed", "contact_cash")
        }
        return [(names[task.activity_type_id], task.user_id) for task in promise.activity_ids]

    def figures(self):
        return self.case._get_case_figures()[self.case.id]

    def count_broken(self):
        measured = self.env["ar.credit.behaviour"]._measure(self.customer, self.company)
        return measured[self.customer.id]["broken_promises"]

    def test_money_that_is_not_matched_asks_the_cash_desk(self):
        self.payment(2000, self.day(-8))
        promise = self.missed()
        self.assertEqual((promise.state, promise.money_waits), ("broken", True), "the ledger decides")
        self.assertEqual(self.tasks(promise), [("contact_cash", self.cash_desk)])
        self.assertEqual((self.figures()["priority"], self.figures()["waiting"]), ("5_value", "covered"))
        self.assertEqual(self.count_broken(), 0)
        rule = self.set_rules(broken_promises={"count": 1, "period_days": 90})
        figures = self.env["ar.credit.check"]._get_figures(self.customer, self.company, [rule._as_data()])
        self.assertFalse(figures[self.customer.id].get("broken_promises"))

    def test_matched_it_was_kept(self):
        receipt = self.payment(2000, self.day(-8))
        promise = self.missed()
        self.match(receipt, self.invoice_due)
        self.commit()
        self.assertEqual((promise.state, promise.money_waits), ("kept", False))
        self.assertFalse(self.tasks(promise))

    def test_matched_with_something_else_it_was_broken(self):
        receipt = self.payment(2000, self.day(-8))
        promise = self.missed()
        self.match(receipt, self.due(5000))
        self.judge()
        self.assertEqual((promise.state, promise.money_waits), ("broken", False))
        self.assertEqual([name for name, _user in self.tasks(promise)], ["promise_missed"])
        self.assertEqual(self.figures()["priority"], "1_broken")
        self.assertEqual(self.count_broken(), 1)

    def test_money_that_is_booked_after_the_promise_was_judged(self):
        promise = self.missed()
        self.assertEqual([name for name, _user in self.tasks(promise)], ["promise_missed"])
        self.payment(2000, self.day(-8))
        self.assertNotEqual(self.figures()["priority"], "1_broken", "at once: nothing is left to ask for")
        self.judge()
        self.assertEqual(self.tasks(promise), [("contact_cash", self.cash_desk)])

    def test_money_of_another_time_or_too_little_is_none(self):
        self.payment(2000, self.day(-30))
        self.payment(1500, self.day(-8))
        self.payment(2000, self.day(-1))
        self.due(9000)
        promise = self.missed(2000)
        self.assertFalse(promise.money_waits)
        self.assertEqual(self.figures()["priority"], "1_broken")

    def test_money_in_another_currency_is_none(self):
        self.payment(2000, self.day(-8), currency=self.foreign)
        self.assertFalse(self.missed().money_waits)

    def test_what_is_no_receipt_of_the_company(self):
        self.payment(2000, self.day(-8)).button_draft()
        deposits = self.account.copy({"non_trade": True})
        self.entry(-2000, self.day(-8), self.customer, account=deposits)
        other = self.setup_other_company()
        self.env.user.company_ids += other["company"]
        self.env["account.payment"].with_company(other["company"]).create(
            {
                "amount": 2000,
                "date": self.day(-8),
                "payment_type": "inbound",
                "partner_type": "customer",
                "partner_id": self.customer.id,
                "journal_id": other["default_journal_bank"].id,
            }
        ).action_post()
        promise = self.missed()
        self.assertFalse(promise.money_waits)
        self.payment(2000, self.day(-8))
        self.judge()
        self.assertTrue(promise.money_waits)

    def test_who_paid_late_broke_it_whatever_else_came(self):
        promise = self.promise(2000, -10)
        self.payment(2000, self.day(-8))
        self.pay(500, -2, self.invoice_due)
        self.judge()
        self.assertEqual((promise.amount_late, promise.money_waits), (500, False))

    def test_promises_that_need_no_money_any_more_leave_it(self):
        """Withdrawn ones, those that ended before this one was given, those in another currency."""
        self.promise(1000, -60)
        withdrawn = self.promise(1000, -12)
        self.promise(1000, -12, self.due(1000, currency=self.foreign))
        withdrawn._withdraw("A mistake.")
        self.payment(1000, self.day(-8))
        promise = self.promise(1000, -10, self.due(1000))
        self.judge()
        self.assertTrue(promise.money_waits)

    def test_one_receipt_is_the_money_of_one_promise(self):
        self.payment(1000, self.day(-8))
        first = self.promise(1000, -10)
        second = self.promise(1000, -10)
        self.judge()
        self.judge()
        self.assertEqual((first | second).mapped("money_waits").count(True), 1)

    def test_the_customer_may_have_a_parent_since(self):
        self.payment(2000, self.day(-8))
        promise = self.missed()
        self.customer.parent_id = self.env["res.partner"].create({"name": "Holding", "is_company": True})
        self.env.flush_all()
        self.judge()
        self.assertTrue(promise.money_waits)

    def test_finding_many_costs_what_finding_one_costs(self):
        def queries(count):
            for _number in range(count):
                self.promise(10, -10, self.due(10))
            self.env.flush_all()
            before = self.env.cr.sql_log_count
            self.env["ar.payment.promise"]._get_outdated()
            queries = self.env.cr.sql_log_count - before
            self.judge()
            return queries

        queries(1)
        self.assertEqual(queries(1), queries(4))
