"""Payment behaviour measured from the ledger: worked by hand, and compared with a slow reading of it."""

from dateutil.relativedelta import relativedelta
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from odoo.fields import Command
from odoo.tests import tagged

from .common_score import ScoreCase


@tagged("post_install", "-at_install")
class TestBehaviour(ScoreCase):
    def test_nothing_known(self):
        self.assertEqual(
            self.measure(),
            {
                "weighted_delay": None,
                "late_share": None,
                "trend": None,
                "longest_delay": None,
                "months_known": 0,
                "peak_month": 0.0,
                "sales_12m": 0.0,
                "peak_balance": 0.0,
                "broken_promises": None,
                "invoices": 0,
                "written_off_share": None,
            },
        )

    def test_late_early_and_open(self):
        # 1,000 paid 10 days late, 3,000 paid 5 days early, 2,000 open and 20 days past due:
        # (1,000 × 10 − 3,000 × 5 + 2,000 × 20) ÷ 6,000 = 35,000 ÷ 6,000 = 5.8333 days; 3,000 of 6,000 late
        self.receive(self.bill(1000, 100), 60)  # due 70 days ago
        self.receive(self.bill(3000, 80), 55)  # due 50 days ago
        self.bill(2000, 50)  # due 20 days ago
        self.bill(9000, 5)  # not due: nothing to measure
        measured = self.measure()
        self.assertAlmostEqual(measured["weighted_delay"], 35 / 6)
        self.assertAlmostEqual(measured["late_share"], 50.0)
        self.assertEqual(measured["longest_delay"], 20)
        self.assertEqual(measured["invoices"], 3)
        self.assertAlmostEqual(measured["sales_12m"], 15000)

    def test_due_today_is_not_overdue(self):
        self.bill(1000, 30)
        self.assertEqual(self.measure()["invoices"], 0)
        self.assertEqual(self.measure(as_of=self.day(-1))["longest_delay"], 1)

    def test_part_payments(self):
        # 600 paid 10 days late, 200 paid 30 days late, 200 open at 40 days:
        # (6,000 + 6,000 + 8,000) ÷ 1,000 = 20 days
        invoice = self.bill(1000, 70)  # due 40 days ago
        self.receive(invoice, 30, 600)
        self.receive(invoice, 10, 200)
        measured = self.measure()
        self.assertAlmostEqual(measured["weighted_delay"], 20)
        self.assertAlmostEqual(measured["late_share"], 100)
        self.assertEqual(measured["longest_delay"], 40)
        self.assertEqual(measured["invoices"], 1)

    def test_instalments_count_each_by_its_own_date(self):
        term = self.env["account.payment.term"].create(
            {
                "name": "Half in 10, half in 40 days",
                "line_ids": [
                    Command.create({"value": "percent", "value_amount": 50, "nb_days": 10}),
                    Command.create({"value": "percent", "value_amount": 50, "nb_days": 40}),
                ],
            }
        )
        # due 50 and 20 days ago; the first half paid 45 days ago (5 late), the second open (20):
        # (500 × 5 + 500 × 20) ÷ 1,000 = 12.5 days
        invoice = self.bill(1000, 60, invoice_payment_term_id=term.id, invoice_date_due=False)
        self.receive(invoice, 45, 500)
        measured = self.measure()
        self.assertAlmostEqual(measured["weighted_delay"], 12.5)
        self.assertEqual(measured["longest_delay"], 20)

    def test_credit_note_is_no_payment(self):
        # 400 of 1,000 credited: only the 600 paid 5 days late count
        invoice = self.bill(1000, 60)
        note = self.env["account.move"].create(
            {
                "move_type": "out_refund",
                "partner_id": self.customer.id,
                "invoice_date": self.day(2),
                "date": self.day(2),
                "invoice_line_ids": [
                    Command.create({"name": "Less", "price_unit": 400, "tax_ids": [Command.clear()]})
                ],
            }
        )
        note.action_post()
        self.receive(invoice, 25, 600)
        lines = (invoice + note).line_ids
        lines.filtered(lambda line: line.account_type == "asset_receivable").reconcile()
        self.assertEqual(invoice.payment_state, "paid")
        measured = self.measure()
        self.assertAlmostEqual(measured["weighted_delay"], 5)
        self.assertEqual(measured["longest_delay"], 5)
        self.assertAlmostEqual(measured["sales_12m"], 600)

    def test_undone_payment_ages_from_the_due_date(self):
        invoice = self.bill(1000, 60)
        self.receive(invoice, 28)
        self.assertAlmostEqual(self.measure()["weighted_delay"], 2)
        invoice.line_ids.remove_move_reconcile()
        self.assertAlmostEqual(self.measure()["weighted_delay"], 30)

    def test_window(self):
        self.receive(self.bill(1000, 600), 500)  # 70 days late, but long ago
        self.receive(self.bill(1000, 90), 50)  # 10 days late
        measured = self.measure()
        self.assertAlmostEqual(measured["weighted_delay"], 10)
        self.assertAlmostEqual(measured["sales_12m"], 1000)
        self.assertEqual(measured["months_known"], self.months_since(600))
        self.assertAlmostEqual(self.measure(months=24)["weighted_delay"], 40)

    def months_since(self, age):
        delta = relativedelta(self.today, self.day(age))
        return delta.years * 12 + delta.months

    def test_past_day_sees_only_what_was_known(self):
        invoice = self.bill(1000, 100)  # due 70 days ago
        self.receive(invoice, 20)
        self.assertAlmostEqual(self.measure()["weighted_delay"], 50)
        self.assertAlmostEqual(self.measure(as_of=self.day(40))["weighted_delay"], 30)
        self.assertEqual(self.measure(as_of=self.day(80))["invoices"], 0)

    def test_trend(self):
        # 200 days ago paid on the day, lately 20 days late, as much: 20 − 10 = 10 days worse
        self.receive(self.bill(1000, 230), 200)
        self.receive(self.bill(1000, 60), 10)
        self.assertAlmostEqual(self.measure()["trend"], 10)

    def test_trend_needs_something_to_compare(self):
        self.receive(self.bill(1000, 60), 10)
        self.assertIsNone(self.measure()["trend"])

    def test_crumbs_do_not_make_the_longest_delay(self):
        invoice = self.bill(1000, 130)
        self.receive(invoice, 95, 999)
        self.assertEqual(self.measure()["longest_delay"], 100)
        self.assertEqual(self.measure(min_amount=5)["longest_delay"], 5)

    def test_foreign_currency_weighs_in_company_currency(self):
        foreign = self.env["res.currency"].with_context(active_test=False).search([("name", "=", "JPY")])
        foreign.active = True
        self.env["res.currency.rate"].create(
            {
                "currency_id": foreign.id,
                "company_id": self.company.id,
                "name": self.day(400),
                "rate": 100.0,
            }
        )
        # 100,000 JPY are 1,000 here: as much as the other invoice
        self.receive(self.bill(100000, 60, currency_id=foreign.id), 10)  # 20 late
        self.receive(self.bill(1000, 60), 30)  # on the day
        measured = self.measure()
        self.assertAlmostEqual(measured["weighted_delay"], 10, 1)
        self.assertAlmostEqual(measured["sales_12m"], 2000, 2)

    def test_exchange_difference_is_no_payment(self):
        foreign = self.env["res.currency"].with_context(active_test=False).search([("name", "=", "JPY")])
        foreign.active = True
        for age, rate in ((400, 100.0), (25, 200.0)):
            self.env["res.currency.rate"].create(
                {
                    "currency_id": foreign.id,
                    "company_id": self.company.id,
                    "name": self.day(age),
                    "rate": rate,
                }
            )
        invoice = self.bill(100000, 60, currency_id=foreign.id)  # 1,000 then
        self.receive(invoice, 20)  # worth 500, 10 days late; a loss on exchange of 500
        self.assertEqual(invoice.payment_state, "paid")
        measured = self.measure()
        self.assertAlmostEqual(measured["weighted_delay"], 10)
        self.assertEqual(measured["longest_delay"], 10)

    def test_refund_paid_out_is_no_claim(self):
        payment = self.env["account.payment"].create(
            {
                "payment_type": "outbound",
                "partner_type": "customer",
                "partner_id": self.customer.id,
                "amount": 300,
                "date": self.day(100),
                "journal_id": self.company_data["default_journal_bank"].id,
            }
        )
        payment.action_post()
        self.assertEqual(self.measure()["months_known"], 0)

    def test_contact_stands_for_its_company(self):
        self.bill(1000, 60, partner=self.contact)
        measured = self.behaviour._measure(self.contact, self.company)
        self.assertEqual(list(measured), self.customer.ids)
        self.assertAlmostEqual(measured[self.customer.id]["weighted_delay"], 30)

    def test_peak_month_and_balance(self):
        first = self.today.replace(day=1) - relativedelta(months=2)
        age = (self.today - first).days
        first_bill = self.bill(1000, age)
        self.bill(500, age - 1)
        self.receive(first_bill, age - 2)
        self.bill(1200, 0)
        measured = self.measure()
        self.assertAlmostEqual(measured["peak_month"], 1500)
        self.assertAlmostEqual(measured["peak_balance"], 1700)

    def test_other_companies_do_not_count_and_branches_do(self):
        other = self.company_data_2["company"] if hasattr(self, "company_data_2") else None
        self.bill(1000, 60)
        self.assertAlmostEqual(self.measure()["sales_12m"], 1000)
        if other:
            self.assertEqual(self.measure(company=other)["sales_12m"], 0)
        branch = self.env["res.company"].create({"name": "Branch", "parent_id": self.company.id})
        self.assertAlmostEqual(self.measure(company=branch)["sales_12m"], 1000)

    def test_one_statement_for_any_number(self):
        partners = self.customer
        for number in range(4):
            partner = self.make_partner(f"Customer {number}")
            self.bill(100 * (number + 1), 60, partner=partner)
            partners |= partner
        self.env.flush_all()
        self.behaviour._measure(self.customer, self.company)  # what is cached for good
        for customers in (self.customer, partners):
            with self.assertQueryCount(1):
                measured = self.behaviour._measure(customers, self.company)
            self.assertEqual(len(measured), len(customers))

    @given(data=st.data())
    @settings(
        max_examples=6,
        deadline=None,
        derandomize=True,
        phases=(Phase.explicit, Phase.generate),
        suppress_health_check=list(HealthCheck),
    )
    def test_generated_ledgers(self, data):
        """A few invoices, instalments, payments, credits: the statement agrees with plain Python."""
        partner = self.make_partner("Generated")
        for _index in range(data.draw(st.integers(1, 4))):
            age = data.draw(st.integers(1, 420))
            amount = data.draw(st.integers(2, 50)) * 10
            invoice = self.bill(amount, age, terms=data.draw(st.integers(0, 60)), partner=partner)
            paid_age = age
            while paid_age > 0 and invoice.amount_residual > 1 and data.draw(st.booleans()):
                paid_age = data.draw(st.integers(0, paid_age))
                part = data.draw(st.integers(1, int(invoice.amount_residual)))
                if data.draw(st.integers(0, 3)):
                    self.receive(invoice, paid_age, part)
                else:
                    self.credit(invoice, paid_age, part)
        as_of = self.day(data.draw(st.integers(0, 60)))
        expected = self.measure_slowly(partner, as_of)
        measured = self.measure(partner, as_of=as_of)
        for name, value in expected.items():
            if value is None:
                self.assertIsNone(measured[name], name)
            else:
                self.assertAlmostEqual(measured[name], value, 4, msg=name)

    def credit(self, invoice, age, amount):
        note = self.env["account.move"].create(
            {
                "move_type": "out_refund",
                "partner_id": invoice.partner_id.id,
                "invoice_date": self.day(age),
                "date": self.day(age),
                "invoice_line_ids": [
                    Command.create({"name": "Less", "price_unit": amount, "tax_ids": [Command.clear()]})
                ],
            }
        )
        note.action_post()
        lines = (invoice + note).line_ids
        lines.filtered(lambda line: line.account_type == "asset_receivable").reconcile()

    def measure_slowly(self, partner, as_of):
        """Item by item, matching by matching, as one would with a pencil."""
        date_from = as_of - relativedelta(months=12)
        recent_from = as_of - relativedelta(months=3)
        lines = self.env["account.move.line"].search(
            [
                ("partner_id", "=", partner.id),
                ("account_type", "=", "asset_receivable"),
                ("parent_state", "=", "posted"),
                ("date", "<=", as_of),
            ]
        )
        events = []
        for line in lines.filtered(lambda line: line.move_id.move_type == "out_invoice"):
            left = line.balance
            for part in line.matched_credit_ids.filtered(lambda part: part.max_date <= as_of):
                left -= part.amount
                if part.max_date > date_from and part.credit_move_id.move_id.move_type != "out_refund":
                    days = (part.max_date - line.date_maturity).days
                    events.append((part.amount, days, part.max_date > recent_from))
            if left > 0 and line.date_maturity < as_of:
                events.append((left, (as_of - line.date_maturity).days, True))
        total = sum(amount for amount, _days, _recent in events)
        months = {}
        for line in lines.filtered("move_id.invoice_date"):
            if line.date > date_from:
                month = (line.date.year, line.date.month)
                months[month] = months.get(month, 0) + line.balance
        balances = [
            sum(line.balance for line in lines if line.date <= day)
            for day in [date_from, *(line.date for line in lines if line.date > date_from)]
        ]
        expected = {
            "weighted_delay": None,
            "late_share": None,
            "trend": None,
            "longest_delay": None,
            "sales_12m": sum(months.values()),
            "peak_month": max([0, *months.values()]),
            "peak_balance": max([0, *balances]),
        }
        if events:
            weighted = sum(amount * days for amount, days, _recent in events) / total
            expected["weighted_delay"] = weighted
            expected["late_share"] = 100 * sum(amount for amount, days, _recent in events if days > 0) / total
            expected["longest_delay"] = max(0, *(days for _amount, days, _recent in events), 0)
            recent = [(amount, days) for amount, days, recent in events if recent]
            if recent and len(recent) < len(events):
                of_recent = sum(amount for amount, _days in recent)
                expected["trend"] = sum(amount * days for amount, days in recent) / of_recent - weighted
        return expected
