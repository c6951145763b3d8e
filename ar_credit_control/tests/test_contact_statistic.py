from datetime import timedelta

from odoo.tests import tagged

from .common_contact import ContactCase


@tagged("post_install", "-at_install")
class TestContactStatistic(ContactCase):
    """What collectors did, and what came of it."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.invoice = cls.make_invoice(days=60)
        cls.statistics = cls.env["ar.collection.statistic"]

    def receive(self, invoice, amount, days):
        """A receipt of so many days ago, matched with an invoice."""
        wizard = (
            self.env["account.payment.register"]
            .with_context(active_model="account.move", active_ids=invoice.ids)
            .create({"amount": amount, "payment_date": self.today - timedelta(days=days)})
        )
        return wizard._create_payments()

    def of(self, *activities):
        self.env.flush_all()
        self.env.invalidate_all()
        return self.statistics.search([("activity_id", "in", [activity.id for activity in activities])])

    def test_contacts_attempts_and_minutes(self):
        attempt = self.log_past(3, "no_answer", minutes=1)
        contact = self.log_past(2, minutes=7)
        rows = self.of(attempt, contact)
        self.assertEqual((sum(rows.mapped("count")), sum(rows.mapped("reached"))), (2, 1))
        self.assertEqual(sum(rows.mapped("minutes")), 8)
        [(rate,)] = self.statistics._read_group([("id", "in", rows.ids)], [], ["reached_rate:avg"])
        self.assertEqual(rate, 50.0)

    def test_notes_and_corrected_contacts_do_not_count(self):
        self.log(kind="note", note="They moved")
        wrong, right = self.log_past(2), self.log_past(2)
        right._take_place_of(wrong)
        self.assertEqual(self.of(wrong, right).activity_id, right)
        self.assertFalse(self.statistics.search([("kind", "=", "note")]))

    def test_a_receipt_counts_once_for_the_last_contact_before_it(self):
        first, second = self.log_past(20), self.log_past(10)
        attempt = self.log_past(9, "no_answer")
        self.receive(self.invoice, 100.0, 15)
        self.receive(self.invoice, 250.0, 8)
        self.assertEqual(self.of(first).collected, 100.0)
        self.assertEqual(self.of(second).collected, 250.0)
        self.assertEqual(self.of(attempt).collected, 0.0)

    def test_what_comes_late_or_before_is_not_collected_by_it(self):
        contact = self.log_past(30)
        self.receive(self.invoice, 100.0, 31)
        self.receive(self.invoice, 30.0, 15)
        self.assertEqual(self.of(contact).collected, 0.0)
        self.receive(self.invoice, 20.0, 16)
        self.assertEqual(self.of(contact).collected, 20.0)

    def test_a_receipt_of_the_day_of_the_next_contact_is_that_ones(self):
        first, second = self.log_past(20), self.log_past(10)
        self.receive(self.invoice, 100.0, 10)
        self.assertEqual((self.of(first).collected, self.of(second).collected), (0.0, 100.0))

    def test_receipts_of_another_company_and_drafts_are_not_collected(self):
        other = self.setup_other_company()["company"]
        contact = self.log_past(10)
        theirs = self.make_invoice(days=60, company=other)
        wizard = (
            self.env["account.payment.register"]
            .with_company(other)
            .with_context(active_model="account.move", active_ids=theirs.ids)
            .create({"amount": 70.0, "payment_date": self.today - timedelta(days=8)})
        )
        wizard._create_payments()
        self.assertEqual(self.of(contact).collected, 0.0)
        payment = self.receive(self.invoice, 100.0, 8)
        self.assertEqual(self.of(contact).collected, 100.0)
        payment.move_id.button_draft()
        self.assertEqual(self.of(contact).collected, 0.0)

    def test_credit_notes_collect_nothing(self):
        contact = self.log_past(10)
        refund = self.make_invoice(days=5, amount=400.0, move_type="out_refund")
        (refund + self.invoice).line_ids.filtered(
            lambda line: line.account_type == "asset_receivable"
        ).reconcile()
        self.assertEqual(self.of(contact).collected, 0.0)

    def test_what_a_contact_collected_stays_when_the_customer_gets_a_parent(self):
        contact = self.log_past(10)
        self.receive(self.invoice, 250.0, 8)
        parent = self.make_customer("Holding AG")
        self.customer.write({"is_company": False, "parent_id": parent.id})
        self.assertEqual(self.of(contact).collected, 250.0)
        case = self.env["ar.collection.case"]._get_or_open(
            self.env["ar.credit.profile"]._get_or_create(parent, self.company), "Asked"
        )
        self.assertEqual(case.contact_log_ids, contact)

    def test_receipts_in_company_currency(self):
        chf = self.setup_other_currency("CHF", rates=[("2020-01-01", 2.0)])
        invoice = self.make_invoice(days=60, partner=self.other, currency=chf)
        contact = self.log_past(10, partner=self.other)
        self.receive(invoice, 300.0, 9)
        self.assertEqual(self.of(contact).collected, 150.0)

    def test_promises_and_what_was_kept(self):
        kept = self.log("promised", promise_date=self.today + timedelta(days=1))
        self.make_invoice(days=30, partner=self.other)
        broken = self.log("promised", partner=self.other, promise_date=self.today + timedelta(days=1))
        self.assertEqual(self.of(kept, broken).mapped("kept_rate"), [0.0, 0.0])
        [(rate,)] = self.statistics._read_group(
            [("activity_id", "in", (kept + broken).ids)], [], ["kept_rate:avg"]
        )
        self.assertFalse(rate, "nothing is known yet")
        kept.promise_id.sudo().state = "kept"
        broken.promise_id.sudo().state = "broken"
        rows = self.of(kept, broken)
        self.assertEqual((sum(rows.mapped("promises")), sum(rows.mapped("kept"))), (2, 1))
        self.assertEqual(sum(rows.mapped("promised")), 2000.0)
        for state in ("broken", "partly"):
            broken.promise_id.sudo().state = state
            rows = self.of(kept, broken)
            [(rate,)] = self.statistics._read_group([("id", "in", rows.ids)], [], ["kept_rate:avg"])
            self.assertEqual(rate, 50.0, state)
        broken.promise_id.sudo().state = "cancelled"
        rows = self.of(kept, broken)
        self.assertEqual((sum(rows.mapped("promises")), sum(rows.mapped("promised"))), (1, 1000.0))

    def test_a_promise_in_another_currency(self):
        chf = self.setup_other_currency("CHF", rates=[("2020-01-01", 2.0)])
        self.make_invoice(days=60, partner=self.other, currency=chf)
        activity = self.log("promised", partner=self.other, promise_date=self.today)
        self.assertEqual(activity.promise_id.currency_id, chf)
        self.assertEqual(self.of(activity).promised, 500.0)

    def test_by_collector_in_one_statement(self):
        self.log_past(5)
        self.log_past(4, user=self.colleague)

        def count():
            self.env.flush_all()
            self.env.invalidate_all()
            before = self.env.cr.sql_log_count
            self.statistics._read_group([], ["user_id"], ["count:sum", "collected:sum"])
            return self.env.cr.sql_log_count - before

        count()  # fills the caches of the process
        few = count()
        for index in range(5):
            partner = self.make_customer(f"Many {index}")
            self.make_invoice(days=30, partner=partner)
            self.log_past(3, partner=partner)
        self.assertEqual(count(), few)

    def test_the_worklist_asks_no_more_for_more_contacts(self):
        case = self.open()

        def count():
            self.env.flush_all()
            self.env.invalidate_all()
            before = self.env.cr.sql_log_count
            case._get_case_figures()
            case._get_events()
            return self.env.cr.sql_log_count - before

        self.log_past(40)
        count()  # fills the caches of the process
        few = count()
        for days in range(20, 30):
            self.log_past(days)
        self.assertEqual(count(), few)
