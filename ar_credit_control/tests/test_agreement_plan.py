from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from psycopg2.errors import CheckViolation

from odoo.exceptions import AccessError, UserError
from odoo.tests import tagged
from odoo.tools import mute_logger

from .common_agreement import AgreementCase


@tagged("post_install", "-at_install")
class TestPlan(AgreementCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.company.credit_plan_grace_days = 5
        cls.collector = cls.make_user("plan_col", "ar_credit_control.group_collector")
        cls.controller = cls.make_user("plan_ctl", "ar_credit_control.group_credit_controller")
        cls.manager = cls.make_user("plan_mgr", "ar_credit_control.group_credit_manager")
        cls.auditor = cls.make_user("plan_aud", "ar_credit_control.group_credit_auditor")
        cls.seller = cls.make_user(
            "plan_own", "sales_team.group_sale_salesman,ar_credit_control.group_credit_user"
        )

    # instalments

    def test_instalments_sum_exactly(self):
        self.due(100)
        plan = self.env["ar.payment.plan"]._draft(
            self.customer, self.company, count=3, date_start=self.day(10), interval_unit="month"
        )
        self.assertEqual(sum(plan.line_ids.mapped("amount")), 100)
        self.assertEqual(plan.line_ids.mapped("amount"), [33.33, 33.34, 33.33])
        plan.write({"count": 2, "first_amount": 40, "interval_number": 2, "interval_unit": "week"})
        plan.action_spread()
        self.assertEqual(plan.line_ids.mapped("amount"), [40, 60])
        self.assertEqual(plan.line_ids.mapped("date"), [self.day(10), self.day(24)])

    @settings(max_examples=30, deadline=None, suppress_health_check=list(HealthCheck))
    @given(cents=st.integers(1, 10**9), count=st.integers(1, 60), first=st.integers(0, 10**8))
    def test_parts_are_positive_and_exact(self, cents, count, first):
        plan = self.env["ar.payment.plan"].new(
            {
                "amount": cents / 100,
                "first_amount": first / 100,
                "currency_id": self.company.currency_id.id,
            }
        )
        try:
            parts = plan._get_parts(count)
        except UserError:
            others = count - bool(first and count > 1)
            self.assertTrue(cents < count or (first and count > 1 and cents - first < others))
            return
        self.assertEqual(len(parts), count)
        self.assertEqual(sum(round(part * 100) for part in parts), cents)
        self.assertTrue(all(part > 0 for part in parts))

    def test_instalments_must_come_to_the_items(self):
        self.due(100)
        plan = self.plan([5, 35], user=self.collector)
        plan.line_ids[0].amount = 40
        with self.assertRaisesRegex(UserError, "come to"):
            plan.action_submit()

    # who decides

    def authority(self, user, days, amount=1000, **values):
        self.env["ar.credit.authority"].sudo().create(
            {
                "company_id": self.company.id,
                "user_id": user.id,
                "kind": "deferral",
                "amount": amount,
                "days": days,
                **values,
            }
        )

    def test_authority_by_days_and_amount(self):
        self.authority(self.controller, 15)
        self.authority(self.manager, 30, tier=2)
        self.due(500)
        plan = self.plan([20], user=self.collector, kind="deferral")
        plan.action_submit()
        self.assertEqual(plan.days, 20)
        self.assertEqual(plan.sudo().activity_ids.user_id, self.manager)
        with self.assertRaisesRegex(AccessError, "above your authority"):
            plan.with_user(self.controller).action_approve()
        plan.with_user(self.manager).action_approve()
        self.assertEqual((plan.state, plan.decided_by_id, plan.decided_days), ("active", self.manager, 20))
        self.assertFalse(plan.sudo().activity_ids)

    def test_authority_of_just_so_many_days(self):
        self.authority(self.controller, 20)
        self.due(500)
        plan = self.plan([20], user=self.collector, kind="deferral")
        plan.action_submit()
        plan.with_user(self.controller).action_approve()
        self.assertEqual(plan.decided_by_id, self.controller)

    def test_who_only_audits_puts_nothing_off(self):
        authority = self.env["ar.credit.authority"]
        for user, covers in ((self.auditor, False), (self.controller, True)):
            self.authority(user, 30)
            self.assertEqual(authority._covers_deferral(user, 100, 10, self.company), covers)

    def test_authority_without_a_bound_covers_all_days(self):
        self.authority(self.controller, 15, unlimited=True, amount=0)
        self.due(500)
        plan = self.plan([200], user=self.collector, kind="deferral")
        plan.action_submit()
        plan.with_user(self.controller).action_approve()
        self.assertEqual(plan.decided_days, 200)

    def test_terms_of_a_plan(self):
        self.due(500)
        plan = self.plan([0], user=self.collector)
        plan.action_submit()
        self.assertEqual(plan.state, "submitted", "the first payment may be due today")
        with self.assertRaises(AccessError):
            plan.action_send_back("shorter")
        plan.with_user(self.controller).action_send_back("shorter")
        plan.line_ids.date = self.day(-1)
        with self.assertRaisesRegex(UserError, "a day to come"):
            plan.action_submit()
        plan.line_ids.date = self.day(1)
        plan.reason = " "
        with self.assertRaisesRegex(UserError, "Say why"):
            plan.action_submit()
        deferral = self.plan([5, 9], user=self.collector, kind="deferral")
        with self.assertRaisesRegex(UserError, "for one day"):
            deferral.action_submit()

    def test_amount_in_company_currency(self):
        self.authority(self.controller, 30, amount=400)
        self.due(600, currency=self.foreign)  # 2 to 1 or less in company currency
        plan = self.plan([20], user=self.collector, kind="deferral")
        plan.action_submit()
        self.assertEqual(plan.currency_id, self.foreign)
        plan.with_user(self.controller).action_approve()
        self.assertEqual(plan.state, "active")

    def test_who_asked_or_wrote_never_approves(self):
        self.due(500)
        plan = self.plan([20], user=self.manager)
        plan.action_submit()
        with self.assertRaisesRegex(AccessError, "you prepared"):
            plan.action_approve()
        plan.with_user(self.controller).action_send_back("shorter")
        plan.with_user(self.controller).line_ids.date = self.day(10)
        plan.with_user(self.manager).action_submit()
        with self.assertRaisesRegex(AccessError, "you prepared"):
            plan.with_user(self.controller).action_approve()

    def test_collector_and_reader_do_not_approve(self):
        self.due(500)
        self.customer.user_id = self.seller
        plan = self.plan([20], user=self.manager)
        plan.action_submit()
        for user in (self.collector, self.auditor, self.seller):
            with self.assertRaises(AccessError), mute_logger("odoo.addons.base.models.ir_model"):
                plan.with_user(user).action_approve()

    def test_days_count_from_the_first_agreement(self):
        self.due(500)
        first = self.plan([20], kind="deferral")
        self.activate(first)
        first.sudo().write({"state": "cancelled", "decided_on": self.day(-40)})
        again = self.plan([20], kind="deferral")
        self.assertEqual(again.days, 40, "from the due date, 20 days ago")

    def test_days_count_from_the_item_that_is_put_off_longest(self):
        late, coming = self.due(500, 20), self.due(300, -10)
        plan = self.plan([25], late, coming, kind="deferral")
        self.assertEqual(plan.days, 25, "from today, not from the later due date")

    def test_days_of_the_other_instalment_do_not_count(self):
        invoice = self.invoice(1000, self.day(-70), terms=self.instalments)
        first, second = self.items(invoice)
        plans = self.env["ar.payment.plan"]
        former = plans._draft(self.customer, self.company, first, "deferral", [self.day(20)], reason="Waits")
        self.activate(former)
        former.sudo().decided_on = self.day(-40)
        own = plans._draft(self.customer, self.company, second, "deferral", [self.day(20)], reason="Waits")
        self.assertEqual(own.days, 20, "and the other instalment is no part of that plan")

    def join_parent(self):
        parent = self.env["res.partner"].create({"name": "Holding", "is_company": True})
        self.customer.write({"is_company": False, "parent_id": parent.id})
        self.env.flush_all()
        self.env.invalidate_all()
        self.assertEqual(self.customer.commercial_partner_id, parent)
        return parent

    def test_days_count_from_the_first_agreement_after_the_customer_got_a_parent(self):
        invoice = self.due(500)
        first = self.plan([20], kind="deferral")
        self.activate(first)
        first.sudo().write({"state": "cancelled", "decided_on": self.day(-40)})
        self.join_parent()
        again = self.plan([20], invoice, kind="deferral")
        self.assertEqual(again.days, 40)

    def test_phase_and_promise_follow_a_customer_that_got_a_parent(self):
        old, promised = self.due(600, 100), self.due(100, 5)
        plan = self.plan([30], old)
        self.activate(plan, [30])
        promise = self.promise(100.0, 5, promised)
        parent = self.join_parent()
        self.assertEqual(self.phases(old), ["coordination"])
        self.assertEqual(self.items(promised).promised_date, promise.date)
        again = self.promise(100.0, 8, promised, partner=parent)
        self.assertEqual((promise.state, promise.replaced_by_id), ("cancelled", again))

    def test_not_due_counts_from_the_due_date(self):
        coming = self.due(500, -10)
        self.assertEqual(self.plan([25], coming, kind="deferral").days, 15)

    def test_nobody_writes_evidence(self):
        self.due(500)
        plan = self.plan([20], user=self.collector)
        for vals in (
            {"state": "active"},
            {"decided_by_id": self.collector.id},
            {"amount": 1},
            {"grace_days": 99},
        ):
            with self.assertRaises(AccessError):
                plan.write(vals)
        with self.assertRaises(AccessError):
            plan.line_ids.write({"amount_paid": 500})
        plan.action_submit()
        with self.assertRaises(UserError):
            plan.line_ids.write({"date": self.day(90)})
        with self.assertRaises(UserError):
            plan.line_ids.unlink()
        with self.assertRaises(UserError):
            plan.write({"line_ids": [(0, 0, {"date": self.day(90), "amount": 1})]})
        for user in (self.auditor, self.seller):
            self.customer.user_id = self.seller
            with self.assertRaises(AccessError), mute_logger("odoo.addons.base.models.ir_model"):
                plan.with_user(user).write({"reason": "x"})
        with self.assertRaises(UserError):
            plan.sudo().unlink()

    def test_negative_instalment_is_refused(self):
        self.due(500)
        plan = self.plan([20])
        with self.assertRaises(CheckViolation), mute_logger("odoo.sql_db"):
            plan.line_ids.amount = -1
            self.env.flush_all()

    # life

    def test_payments_pay_instalments_in_order(self):
        one, other = self.due(300, 40), self.due(300, 20)
        plan = self.plan([5, 35, 65])
        self.activate(plan, [5, 35, 65])
        self.pay(250, 0, other)
        self.commit()
        self.assertEqual(plan.line_ids.mapped("amount_paid"), [200, 50, 0])
        self.assertEqual((plan.next_date, plan.next_amount), (self.day(35), 150))
        self.pay(300, 0, one)
        self.pay(50, 0, other)
        self.commit()
        self.assertEqual((plan.state, plan.ended_on), ("kept", self.today))
        self.assertEqual(set(plan.line_ids.mapped("state")), {"paid"})

    def test_missed_instalment_ends_the_plan(self):
        invoice = self.due(600, 40)
        plan = self.plan([5, 35], user=self.collector)
        plan.sudo().submitted_by_id = self.collector
        self.activate(plan, [-6, 24])
        self.assertEqual((plan.state, plan.ended_on), ("defaulted", self.today))
        self.assertEqual(plan.sudo().activity_ids.user_id, self.collector)
        self.assertEqual(plan.line_ids.mapped("state"), ["missed", "open"])
        self.pay(300, 0, invoice)
        self.commit()
        self.assertEqual(plan.state, "defaulted", "too late")
        self.pay(300, -1, invoice)  # the bank had it in time
        self.commit()
        self.assertEqual(plan.state, "kept")
        self.assertFalse(plan.sudo().activity_ids)

    def test_within_grace_it_goes_on(self):
        self.due(600, 40)
        plan = self.plan([5, 35])
        self.activate(plan, [-5, 25])
        self.assertEqual((plan.state, plan.paused_until), ("active", self.today))
        self.assertTrue(self.paused(), "the last day of grace belongs to it")

    def test_first_missed_instalment_ends_the_plan(self):
        self.due(600, 60)
        plan = self.plan([5, 35])
        self.activate(plan, [-40, -10])
        self.assertEqual(
            (plan.state, plan.missed_on, plan.ended_on), ("defaulted", self.day(-35), self.day(-34))
        )

    def test_so_much_may_be_missing(self):
        self.company.credit_promise_tolerance_amount = 5
        invoice = self.due(600, 40)
        plan = self.plan([5])
        self.activate(plan, [-10])
        self.pay(594, -8, invoice)
        self.commit()
        self.assertEqual(plan.state, "defaulted")
        self.pay(1, -8, invoice)
        self.commit()
        self.assertEqual(plan.state, "kept")

    def test_cancelled_invoice_needs_no_payment(self):
        one, other = self.due(300, 40), self.due(300, 20)
        plan = self.plan([5, 35])
        self.activate(plan, [-10, 35])
        self.assertEqual(plan.state, "defaulted")
        one.button_draft()
        one.button_cancel()
        self.commit()
        self.assertEqual((plan.state, plan.line_ids.mapped("amount_paid")), ("active", [300, 0]))
        self.pay(300, 0, other)
        self.commit()
        self.assertEqual(plan.state, "kept")

    def test_paid_between_draft_and_approval(self):
        invoice = self.due(500)
        plan = self.plan([20], user=self.collector)
        plan.action_submit()
        self.pay(500, 0, invoice)
        plan.with_user(self.manager).action_approve()
        self.assertEqual(plan.state, "kept")

    def test_invoice_with_another_due_date_is_not_paid(self):
        invoice = self.due(900)
        plan = self.plan([5, 10, 15], invoice)
        self.activate(plan)
        invoice.button_draft()
        invoice.invoice_date_due = self.day(60)
        invoice.action_post()
        self.commit()
        self.judge()
        self.assertEqual((plan.state, plan.amount_paid), ("active", 0))
        self.pay(300, 0, invoice)
        self.commit()
        self.assertEqual((plan.state, plan.amount_paid, plan.next_date), ("active", 300, self.day(10)))

    def test_nothing_is_paid_of_a_cancelled_invoice(self):
        invoice = self.due(900)
        plan = self.plan([5, 10, 15], invoice)
        self.activate(plan)
        invoice.button_draft()
        invoice.button_cancel()
        self.commit()
        self.assertEqual((plan.state, plan.amount_paid, plan.ended_on), ("cancelled", 0, self.today))
        self.assertEqual(plan.line_ids.mapped("amount_paid"), [0, 0, 0])
        self.assertFalse(plan.next_date or plan.paused_until)
        self.assertNotIn("paid", plan.sudo().message_ids[0].body)
        invoice.button_draft()
        invoice.action_post()
        self.commit()
        self.assertEqual((plan.state, plan.ended_on, plan.next_date), ("active", False, self.day(5)))
        plan.with_user(self.manager).action_cancel("They pay at once")
        self.commit()
        self.judge()
        self.assertEqual(plan.state, "cancelled", "ended by a person, it stays so")

    def test_undone_payment(self):
        invoice = self.due(600, 40)
        plan = self.plan([5])
        self.activate(plan, [-10])
        self.assertEqual(plan.state, "defaulted")
        self.pay(600, -7, invoice)
        self.commit()
        self.assertEqual(plan.state, "kept")
        invoice.line_ids.remove_move_reconcile()
        self.commit()
        self.assertEqual(plan.state, "defaulted")

    def test_items_are_paused_whole(self):
        invoice, apart = self.due(600, 40), self.due(100, 10)
        plan = self.plan([5, 35], invoice)
        self.assertFalse(self.paused())
        self.activate(plan, [5, 35])
        self.assertEqual(self.paused(), {invoice.id: (None, "plan", self.day(10))})
        self.assertNotIn(apart.id, self.paused())
        plan.action_cancel("They paid with a loan")
        self.assertFalse(self.paused())

    def paused(self):
        self.env.flush_all()
        rows = self.env.execute_query(self.env["ar.item.pause"]._pause_sql(self.company, self.today))
        return {row[0]: row[3:] for row in rows}

    def test_original_due_date_stays(self):
        invoice = self.due(600, 40)
        before = self.items(invoice).read(["date_maturity", "days_overdue", "bucket_id", "amount"])
        plan = self.plan([30], kind="deferral")
        self.activate(plan, [30])
        self.env.invalidate_all()
        self.assertEqual(
            self.items(invoice).read(["date_maturity", "days_overdue", "bucket_id", "amount"]), before
        )

    def test_phase_follows_the_agreement(self):
        old, young = self.due(600, 100), self.due(100, 5)
        self.assertEqual(self.items(old, young).mapped("phase"), ["clearing", "coordination"])
        plan = self.plan([30])
        self.activate(plan, [30])
        self.assertEqual(self.phases(old, young), ["coordination", "coordination"])
        self.activate(plan, [-10])
        self.assertEqual(plan.state, "defaulted")
        self.assertEqual(self.phases(old, young), ["clearing", "clearing"])
        self.assertEqual(
            self.as_of(self.day(-5)).search([("move_id", "=", young.id)]).phase,
            "credit",
            "it was not due then",
        )

    def phases(self, *moves):
        self.env.invalidate_all()
        return self.items(*moves).mapped("phase")

    def test_promise_gives_way_to_the_plan(self):
        self.due(500)
        promise = self.promise(None, 5)
        plan = self.plan([20], user=self.collector)
        plan.action_submit()
        plan.with_user(self.manager).action_approve()
        self.assertEqual((plan.state, promise.state), ("active", "cancelled"))

    def test_one_plan_an_item(self):
        self.due(500)
        self.activate(self.plan([20]))
        with self.assertRaisesRegex(UserError, "already"):
            self.plan([20], *self.env["account.move"].search([("partner_id", "=", self.customer.id)]))

    def test_the_first_plan_submitted_wins(self):
        self.due(500)
        first, second = self.plan([20], user=self.collector), self.plan([30], user=self.controller)
        second.action_submit()
        with self.assertRaisesRegex(UserError, f"is part of {second.name} already"):
            first.action_submit()
        self.assertEqual((first.state, second.state), ("draft", "submitted"))
        second.with_user(self.manager).action_approve()
        self.assertEqual(second.state, "active")
        second.with_user(self.manager).action_cancel("They pay at once")
        first.action_submit()
        self.assertEqual(first.state, "submitted")

    def test_schedule_is_a_document(self):
        invoice = self.due(600, 40)
        plan = self.plan([5, 35])
        page = plan._render_html()
        self.assertIn(invoice.name, page)
        self.assertIn("Draft", page)
        pdf = plan._render_pdf_streams()[plan.id]["stream"].getvalue()
        self.assertTrue(pdf.startswith(b"%PDF"))

    @settings(max_examples=4, deadline=None, suppress_health_check=list(HealthCheck))
    @given(
        days=st.lists(st.integers(-30, 30), min_size=1, max_size=4, unique=True),
        steps=st.lists(
            st.tuples(
                st.sampled_from(["pay", "undo"]), st.integers(0, 1), st.integers(1, 500), st.integers(-30, 0)
            ),
            min_size=1,
            max_size=5,
        ),
    )
    def test_state_equals_slow_computation(self, days, steps):
        savepoint = self.env.cr.savepoint(flush=True)
        try:
            invoices = [self.due(400, 40), self.due(200, 35)]
            plan = self.plan(sorted(days), *invoices)
            self.activate(plan, sorted(days))
            for action, index, amount, day in steps:
                if action == "pay" and invoices[index].amount_residual:
                    self.pay(amount, day, invoices[index])
                elif action == "undo":
                    invoices[index].line_ids.remove_move_reconcile()
                self.commit()
                self.assertEqual(
                    (plan.state, plan.line_ids.mapped("amount_paid")), self.slow_plan(plan, invoices)
                )
        finally:
            savepoint.close(rollback=True)
            self.env.invalidate_all()

    def slow_plan(self, plan, invoices):
        """State and payments of instalments, from the ageing at each day."""
        self.env["ar.aging.report"].invalidate_model()  # read before the last step

        def paid(day):
            rows = self.as_of(day).search([("move_id", "in", [move.id for move in invoices])])
            return round(600 - sum(rows.filtered(lambda row: row.amount > 0).mapped("amount")), 2)

        now, due, parts, missed = paid(self.day(400)), 0.0, [], False
        for line in plan.line_ids.sorted("date"):
            parts.append(round(min(max(now - due, 0), line.amount), 2))
            due = round(due + line.amount, 2)
            deadline = line.date + (self.day(5) - self.today)
            missed |= deadline < self.today and paid(deadline) < due
        return ("defaulted" if missed else "kept" if now >= 600 else "active"), parts
