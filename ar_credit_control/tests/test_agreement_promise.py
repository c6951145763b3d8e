from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from odoo.exceptions import AccessError, UserError
from odoo.fields import Command
from odoo.tests import tagged
from odoo.tools import SQL, mute_logger

from .common_agreement import AgreementCase


@tagged("post_install", "-at_install")
class TestPromise(AgreementCase):
    def test_default_is_everything_due(self):
        old, recent, coming = self.due(300, 40), self.due(200, 1), self.due(500, -10)
        self.payment(50, self.today)
        promise = self.promise(None, 5)
        self.assertEqual(promise.amount, 500)
        self.assertEqual(promise.line_ids.move_id, old | recent)
        self.assertNotIn(coming, promise.line_ids.move_id)

    def test_default_is_what_we_claim_here_and_due_today(self):
        """Money paid back, deposits and what another company claims are no items of a promise."""
        today = self.due(200, 0)
        self.due_elsewhere(self.setup_other_company())
        deposits = self.account.copy({"non_trade": True})
        self.entry(70, self.day(-20), self.customer, self.day(-20), account=deposits)
        self.payment(30, self.day(-20), outbound=True)
        self.due(500, -10)
        self.assertEqual(self.promise(None, 5).line_ids.move_id, today)

    def due_elsewhere(self, data):
        """An overdue invoice of another company to the same customer."""
        journal = data["default_journal_sale"]
        return self.due(900, journal_id=journal.id, company_id=data["company"].id)

    def test_items_are_of_the_company_that_records(self):
        invoice = self.due(300)
        other = self.setup_other_company()["company"]
        with self.assertRaisesRegex(UserError, "one customer and company"):
            self.promises._record(self.customer, other, None, self.day(5), self.items(invoice))

    def joint_entry(self, *lines):
        """A general entry with receivable items of one due date: (customer, amount, values)."""
        lines = [
            {"partner_id": partner.id, "account_id": self.account.id, "balance": amount, **values}
            for partner, amount, values in lines
        ]
        total = sum(line["balance"] for line in lines)
        entry = self.env["account.move"].create(
            {
                "move_type": "entry",
                "date": self.day(-20),
                "line_ids": [
                    *(Command.create({**line, "date_maturity": self.day(-20)}) for line in lines),
                    Command.create({"account_id": self.revenue.id, "balance": -total}),
                ],
            }
        )
        entry.action_post()
        return entry

    def test_others_in_the_same_entry_are_told_apart(self):
        """One entry, one due date: what another customer owes of it was not promised."""
        other = self.env["res.partner"].create({"name": "Other", "is_company": True})
        entry = self.joint_entry((self.customer, 100, {}), (other, 500, {}))
        mine = self.items(entry).filtered(lambda item: item.partner_id == self.customer)
        promise = self.promises._record(self.customer, self.company, None, self.day(5), mine)
        receipt = self.payment(100, self.today)
        item = self.receivable(entry).filtered(lambda item: item.partner_id == self.customer)
        (item | self.receivable(receipt)).reconcile()
        self.commit()
        self.assertEqual((promise.state, promise.amount_paid), ("kept", 100))

    def test_currencies_of_the_same_entry_are_told_apart(self):
        foreign = {"currency_id": self.foreign.id, "amount_currency": 1000}
        entry = self.joint_entry((self.customer, 100, {}), (self.customer, 500, foreign))
        home = self.items(entry).filtered(lambda item: item.currency_id == self.company.currency_id)
        promise = self.promises._record(self.customer, self.company, None, self.day(5), home)
        receipt = self.payment(100, self.today)
        item = self.receivable(entry).filtered(lambda item: item.currency_id == self.company.currency_id)
        (item | self.receivable(receipt)).reconcile()
        self.commit()
        self.assertEqual((promise.state, promise.amount_paid), ("kept", 100))

    def test_part_counts_for_the_oldest(self):
        self.due(300, 40), self.due(200, 1)
        promise = self.promise(400, 5)
        self.assertEqual(promise.line_ids.mapped("amount"), [300, 100])
        self.assertEqual(promise.line_ids.mapped("amount_open"), [300, 200])

    def test_the_dialogue_leaves_out_what_is_in_dispute(self):
        invoice = self.due(300, 40)
        category = self.env.ref("ar_credit_control.dispute_category_price")
        self.env["ar.dispute"]._record(category, {self.items(invoice): 120.0}, "Too expensive")
        wizards = self.env["ar.payment.promise.wizard"].with_context(default_partner_id=self.customer.id)
        wizard = wizards.create({"date": self.day(5)})
        self.assertEqual((wizard.amount, wizard.amount_open), (180, 300))
        wizard.action_record()
        promise = self.promises.search([("partner_id", "=", self.customer.id)])
        self.assertEqual(promise.line_ids.mapped("amount"), [180])

    def test_what_was_promised_is_promised_again_before_what_is_not_due(self):
        first, second, _coming = self.due(300, 40), self.due(200, 1), self.due(500, -10)
        category = self.env.ref("ar_credit_control.dispute_category_price")
        self.env["ar.dispute"]._record(category, {self.items(first): 120.0}, "Too expensive")
        self.promise(None, 2)
        wizards = self.env["ar.payment.promise.wizard"].with_context(default_partner_id=self.customer.id)
        wizard = wizards.create({"date": self.day(5)})
        self.assertEqual(wizard.item_ids.move_id, first | second, "all of it takes the place of the promise")
        self.assertEqual(wizard.amount, 380)

    def test_promised_without_an_amount_is_what_is_not_in_dispute(self):
        first, _second = self.due(300, 40), self.due(200, 1)
        category = self.env.ref("ar_credit_control.dispute_category_price")
        self.env["ar.dispute"]._record(category, {self.items(first): 120.0}, "Too expensive")
        promise = self.promise(None, 5)
        self.assertEqual(promise.line_ids.mapped("amount"), [180, 200])
        with self.assertRaises(UserError):
            self.promise(500.01, 6)

    def test_kept_at_once_when_matched(self):
        invoice = self.due(300)
        promise = self.promise(None, 5)
        self.pay(300, 0, invoice)
        self.commit()
        self.assertEqual(promise.state, "kept")
        self.assertEqual(promise.amount_paid, 300)

    def test_undone_matching_opens_it_again(self):
        invoice = self.due(300)
        promise = self.promise(None, 5)
        self.pay(300, 0, invoice)
        self.commit()
        invoice.line_ids.remove_move_reconcile()
        self.commit()
        self.assertEqual((promise.state, promise.amount_paid), ("open", 0))

    def test_missed_then_a_payment_in_time_is_found(self):
        invoice = self.due(300)
        promise = self.promise(None, -10)
        self.judge()
        self.assertEqual(promise.state, "broken")
        missed = self.env.ref("ar_credit_control.mail_activity_promise_missed")
        self.assertEqual(promise.activity_ids.activity_type_id, missed)
        self.pay(300, -8, invoice)  # booked late, with the date of the bank
        self.commit()
        self.assertEqual(promise.state, "kept")
        self.assertFalse(promise.activity_ids)

    def test_late_payment_stays_broken(self):
        invoice = self.due(300)
        promise = self.promise(None, -10)
        self.judge()
        self.pay(300, -1, invoice)
        self.commit()
        self.assertEqual((promise.state, promise.amount_paid, promise.amount_late), ("broken", 0, 300))

    def test_partly_kept(self):
        invoice = self.due(300)
        promise = self.promise(None, -10)
        self.pay(120, -9, invoice)
        self.commit()
        self.assertEqual((promise.state, promise.amount_paid), ("partly", 120))

    def test_tolerance_of_days_and_amount(self):
        self.company.credit_promise_tolerance_percent = 10
        self.company.credit_promise_tolerance_amount = 5
        invoice = self.due(300)
        promise = self.promise(None, -10)
        self.assertEqual(promise.tolerance_amount, 5, "the smaller of share and amount")
        self.pay(294, -7, invoice)
        self.commit()
        self.assertEqual(promise.state, "partly")
        self.pay(1, -7, invoice)
        self.commit()
        self.assertEqual(promise.state, "kept")

    def test_fixed_tolerance_is_in_the_currency_of_the_promise(self):
        self.company.credit_promise_tolerance_amount = 5
        rate = self.foreign._get_conversion_rate(
            self.company.currency_id, self.foreign, self.company, self.today
        )
        self.assertGreater(rate, 1.5)
        promise = self.promise(None, 5, self.due(1000, currency=self.foreign))
        self.assertEqual(promise.tolerance_amount, self.foreign.round(5 * rate))

    def test_a_tolerance_of_all_of_it_keeps_no_promise_without_money(self):
        self.company.credit_promise_tolerance_percent = 100
        promise = self.promise(None, -10, self.due(300))
        self.judge()
        self.assertEqual(promise.state, "broken")

    def test_open_until_the_last_day_of_the_tolerance_is_over(self):
        last, over = self.promise(None, -3, self.due(300)), self.promise(None, -4, self.due(200))
        self.judge()
        self.assertEqual((last.state, over.state), ("open", "broken"))

    def test_a_payment_from_before_that_is_undone_is_none_of_its_business(self):
        invoice = self.due(300)
        before = self.pay(100, -1, invoice)
        promise = self.promise(None, 5)
        self.assertEqual(promise.amount, 200)
        before.line_ids.remove_move_reconcile()
        self.commit()
        self.assertEqual((promise.state, promise.amount_paid), ("open", 0))

    def test_day_after_the_tolerance_is_late(self):
        invoice = self.due(300)
        promise = self.promise(None, -10)
        self.pay(300, -6, invoice)
        self.commit()
        self.assertEqual(promise.state, "broken")

    def test_instalments_are_told_apart(self):
        invoice = self.invoice(1000, self.day(-70), terms=self.instalments)  # 300 at once, 700 after 60 days
        first = self.items(invoice)[0]
        promise = self.promises._record(self.customer, self.company, None, self.day(5), first)
        self.assertEqual(promise.amount, 300)
        first_item, second = self.receivable(invoice).sorted("date_maturity")
        receipt = self.payment(300, self.today)
        (second | self.receivable(receipt)).reconcile()
        self.commit()
        self.assertEqual(promise.state, "open", "the other instalment was paid")
        receipt = self.payment(300, self.today)
        (first_item | self.receivable(receipt)).reconcile()
        self.commit()
        self.assertEqual(promise.state, "kept", "nothing of the other one was promised")

    def test_foreign_currency(self):
        invoice = self.due(1000, currency=self.foreign)
        self.due(100)
        promise = self.promise(None, 5, invoice)
        self.assertEqual((promise.currency_id, promise.amount), (self.foreign, 1000))
        self.pay(1000, 0, invoice, currency=self.foreign)
        self.commit()
        self.assertEqual(promise.state, "kept")

    def test_two_currencies_are_two_promises(self):
        home, away = self.due(100), self.due(100, currency=self.foreign)
        with self.assertRaisesRegex(UserError, "each currency"):
            self.promise(None, 5, home, away)

    def test_invoice_with_another_due_date_is_still_promised(self):
        invoice = self.due(500)
        promise = self.promise(500, 5, invoice)
        invoice.button_draft()
        invoice.invoice_date_due = self.day(30)
        invoice.action_post()
        self.commit()
        self.judge()
        self.assertEqual(promise.state, "open")
        self.pay(500, 0, invoice)
        self.commit()
        self.assertEqual(promise.state, "kept")

    def test_cancelled_invoice_is_promised_no_longer(self):
        one, other = self.due(100), self.due(200)
        promise = self.promise(None, -10)
        self.pay(200, -9, other)
        one.button_draft()
        one.button_cancel()
        self.commit()
        self.assertEqual(promise.state, "kept", "what is left was paid")
        lone = self.due(100)
        void = self.promise(None, 5, lone)
        lone.button_draft()
        self.commit()
        self.assertEqual(void.state, "cancelled")
        lone.action_post()
        self.judge()
        self.assertEqual(void.state, "open")

    def test_new_promise_replaces(self):
        invoice = self.due(300)
        former = self.promise(None, 5)
        promise = self.promise(None, 9, invoice)
        self.assertEqual((former.state, former.replaced_by_id), ("cancelled", promise))
        self.pay(300, 0, invoice)
        self.commit()
        self.assertEqual((former.state, promise.state), ("cancelled", "kept"))

    def test_new_promise_replaces_those_about_the_same_items_alone(self):
        invoice = self.invoice(1000, self.day(-70), terms=self.instalments)
        first, second = self.items(invoice)
        other = self.due(200, 1)
        former = self.promises._record(self.customer, self.company, None, self.day(5), first)
        self.promises._record(self.customer, self.company, None, self.day(9), second)
        self.assertEqual(former.state, "open", "it is about the other instalment")
        both = self.promises._record(self.customer, self.company, 300, self.day(6), first | self.items(other))
        self.assertEqual((former.state, both.line_ids.mapped("amount")), ("cancelled", [300, 0]))
        self.promise(None, 9, other)
        self.assertEqual(both.state, "open", "nothing of the other one was promised")

    def test_new_promise_leaves_what_was_kept_a_moment_ago(self):
        """Matched in the same transaction: nothing judged the former one yet."""
        invoice = self.due(300)
        former = self.promise(200, 5, invoice)
        self.pay(200, 0, invoice)
        self.assertEqual(former.state, "open")
        self.env["ar.aging.report"].invalidate_model()  # read when the former one was recorded
        promise = self.promise(None, 9, invoice)
        self.assertEqual((former.state, promise.amount), ("kept", 100))

    def test_second_part_for_a_later_day(self):
        invoice = self.due(1000)
        half = self.promise(500, 5, invoice)
        for days in (4, 5):
            with self.assertRaisesRegex(UserError, "earlier or the same day"):
                self.promise(None, days, invoice, replace=False)
        rest = self.promise(None, 12, invoice, replace=False)
        self.assertEqual((half.state, rest.amount), ("open", 500))
        self.pay(500, 0, invoice)
        self.commit()
        self.assertEqual((half.state, rest.state), ("kept", "open"))
        self.pay(500, 0, invoice)
        self.commit()
        self.assertEqual(rest.state, "kept")

    def test_not_more_than_open(self):
        self.due(300)
        with self.assertRaisesRegex(UserError, "No more than"):
            self.promise(301, 5)
        with self.assertRaisesRegex(UserError, "a day to come"):
            self.promises._record(self.customer, self.company, None, self.day(-1))

    def test_pause_is_what_is_promised_and_unpaid(self):
        invoice = self.due(1000)
        self.promise(600, 5, invoice)
        self.pay(200, 0, invoice)
        self.commit()
        self.assertEqual(self.pauses(0), [(invoice.id, 400.0, "promised", self.day(8))])
        self.assertEqual(self.pauses(8)[0][1], 400.0, "the tolerance days belong to it")
        self.assertEqual(self.pauses(9), [])

    def pauses(self, days):
        self.env.flush_all()
        rows = self.env.execute_query(self.env["ar.item.pause"]._pause_sql(self.company, self.day(days)))
        return [(row[0], float(row[3]), row[4], row[5]) for row in rows]

    def test_ageing_shows_the_promised_day_without_the_tolerance(self):
        invoice, other = self.due(500), self.due(200)
        self.promise(500, 4, invoice)
        self.env["ar.aging.report"].invalidate_model()  # read while the promise was recorded
        rows = self.items(invoice, other).grouped("move_id")
        self.assertEqual(rows[invoice].promised_date, self.day(4))
        self.assertFalse(rows[other].promised_date)
        later = rows[invoice].with_context(ar_as_of=str(self.day(7)))
        self.assertEqual(later.promised_date, self.day(4), "until the tolerance is over")
        self.assertFalse(later.with_context(ar_as_of=str(self.day(8))).promised_date)

    def test_reports_are_read_with_what_was_changed_before(self):
        """What is not written to the database yet counts as well."""
        invoice = self.due(500)
        promise = self.promise(500, 4, invoice).sudo()
        report = self.env["ar.aging.report"]
        self.env.flush_all()
        promise.date = self.day(2)
        self.assertEqual(report.search([("promised_date", "=", self.day(2))]).move_id, invoice)
        promise.state = "cancelled"
        self.assertFalse(report.search([("pause_reason", "=", "promised"), ("move_id", "=", invoice.id)]))

    def test_rule_counts_broken_promises(self):
        rule = self.set_rules(broken_promises={"count": 2, "period_days": 90})
        for days in (-100, -50, -20):
            self.promise(None, days, self.due(100))
        self.judge()
        check = self.env["ar.credit.check"]
        figures = check._get_figures(self.customer, self.company, [rule._as_data()])
        self.assertEqual(figures[self.customer.id]["broken_promises"], {90: 2})
        part = self.due(100)
        partly = self.promise(None, -10, part)
        self.pay(10, -10, part)
        self.commit()
        self.assertEqual(partly.state, "partly")
        self.assertEqual(self.count_broken(rule), 2)
        self.company.credit_promise_partly_broken = True
        self.assertEqual(self.count_broken(rule), 3)

    def test_rule_counts_from_its_first_day_on(self):
        """The deadline of the promise, so many days ago, is the first that counts."""
        rule = self.set_rules(broken_promises={"count": 1, "period_days": 90})
        self.promise(None, -93, self.due(100))
        self.judge()
        self.assertEqual(self.count_broken(rule), 1)
        self.promise(None, -94, self.due(100))
        self.judge()
        self.assertEqual(self.count_broken(rule), 1)

    def count_broken(self, rule):
        figures = self.env["ar.credit.check"]._get_figures(self.customer, self.company, [rule._as_data()])
        return figures[self.customer.id]["broken_promises"][90]

    def test_score_counts_broken_promises_once_somebody_records_them(self):
        self.due(100)
        measured = self.env["ar.credit.behaviour"]._measure(self.customer, self.company)
        self.assertIsNone(measured[self.customer.id]["broken_promises"])
        self.promise(None, -20)
        self.judge()
        measured = self.env["ar.credit.behaviour"]._measure(self.customer, self.company)
        self.assertEqual(measured[self.customer.id]["broken_promises"], 1)
        other = self.env["res.partner"].create({"name": "Other", "is_company": True})
        self.assertEqual(
            self.env["ar.credit.behaviour"]._measure(other, self.company)[other.id]["broken_promises"], 0
        )

    def test_score_counts_the_broken_promises_of_its_months_and_company(self):
        for days in (-20, -500):
            self.promise(None, days, self.due(100))
        self.judge()
        data = self.setup_other_company()
        other, invoice = data["company"], self.due_elsewhere(data)
        theirs = self.promises._record(self.customer, other, None, other._credit_today(), self.items(invoice))
        self.backdate(theirs, -20)
        self.judge()
        self.assertEqual(theirs.state, "broken")
        behaviour = self.env["ar.credit.behaviour"]
        for company in (self.company, other):
            measured = behaviour._measure(self.customer, company)
            self.assertEqual(measured[self.customer.id]["broken_promises"], 1, company.name)
        for days, count in ((-17, 0), (-16, 1)):  # the deadline with its tolerance, and the day after
            measured = behaviour._measure(self.customer, self.company, as_of=self.day(days))
            self.assertEqual(measured[self.customer.id]["broken_promises"], count)

    def test_other_company_is_not_counted(self):
        other = self.setup_other_company()["company"]
        promise = self.promise(None, -20, self.due(100))
        self.judge()
        self.assertEqual(promise.state, "broken")
        self.set_rules(company=other, broken_promises={"count": 1, "period_days": 90})
        rule = self.get_rule("broken_promises", other)
        figures = self.env["ar.credit.check"]._get_figures(self.customer, other, [rule._as_data()])
        self.assertFalse(figures[self.customer.id].get("broken_promises"))

    # holds

    def test_promised_items_hold_no_order(self):
        self.set_rules(overdue={"days": 5, "share_percent": 1.0})
        self.due(600, 40)
        self.due(300, 40)
        self.assertEqual(self.overdue(), (900, 900, "hold"))
        promise = self.promise(600, 5)
        self.assertEqual(self.overdue(), (300, 900, "hold"))
        promise.action_cancel("by mistake")
        self.promise(None, 5)
        self.assertEqual(self.overdue(), (0, 900, "warning"))
        self.company.credit_agreements_spare_holds = False
        self.assertEqual(self.overdue(), (900, 900, "hold"))

    def test_planned_items_in_foreign_currency_hold_no_order(self):
        self.set_rules(overdue={"days": 5, "share_percent": 1.0})
        invoice = self.due(600, 40, currency=self.foreign)
        receivable = self.overdue()[1]
        self.promise(150, 5, invoice)
        self.assertAlmostEqual(self.overdue()[0], receivable * 0.75, 1)
        self.assertEqual(self.overdue()[1], receivable, "the exposure never changes")

    def overdue(self):
        """What the overdue rule counts, the receivable and the status."""
        self.env.flush_all()
        rule = self.get_rule("overdue")
        column = rule._as_data().overdue_column
        figures = self.env["ar.credit.exposure"]._get_figures(self.customer, self.company)[self.customer.id]
        row = self.env["ar.credit.exposure"].search(
            [("partner_id", "=", self.customer.id), ("company_id", "=", self.company.id)]
        )
        row.invalidate_recordset()
        return figures[column], figures["exposure"], row.status

    def test_what_to_pay_leaves_out_what_is_promised(self):
        self.set_rules(overdue={"days": 5, "share_percent": 1.0})
        self.due(600, 40)
        self.due(300, 40)
        self.promise(600, 5)
        check = self.env["ar.credit.check"]
        items = check._get_open_items([self.customer.id], self.company)[self.customer.id]
        counted = [item.amount for item in items if item.days_overdue > 5]
        self.assertEqual(sum(counted), 30000)
        self.assertEqual(sum(item.amount for item in items), 90000)

    # hot path

    def test_matching_costs_one_statement_whatever_is_promised(self):
        def cost(moves):
            receipt = self.payment(100, self.today)
            self.match(receipt, *moves)
            self.env.flush_all()
            before = self.env.cr.sql_log_count
            self.env["ar.item.settlement"]._judge_touched()
            return self.env.cr.sql_log_count - before

        quiet = self.due(100)
        for _index in range(3):
            self.promise(None, 5, self.due(50))
        self.commit()
        self.assertEqual(cost([quiet]), 1, "nothing promised about it")

    def test_judging_many_costs_what_one_costs(self):
        def cost(promises):
            self.commit()
            self.env.invalidate_all()
            before = self.env.cr.sql_log_count
            promises._judge()
            return self.env.cr.sql_log_count - before

        promises = self.promises.union(*(self.promise(None, 5, self.due(50)) for _index in range(6)))
        cost(promises[:1])
        self.assertEqual(cost(promises[:1]), cost(promises))

    def test_schedule_judges_and_commits(self):
        promise = self.promise(None, -10, self.due(100))
        with self.enter_registry_test_mode():
            self.env.ref("ar_credit_control.ir_cron_promises").method_direct_trigger()
        promise.invalidate_recordset()
        self.assertEqual(promise.state, "broken")

    def test_broken_promise_opens_the_case(self):
        self.company.collection_active = True
        promise = self.promise(None, -10, self.due(100))
        self.judge()
        case = self.env["ar.collection.case"].search([("profile_id", "=", promise.profile_id.id)])
        self.assertEqual((case.opened_by, case.promise_ids), ("promise", promise))
        rows = self.env.execute_query(self.env["ar.collection.source"]._promise_parts()[-1])
        self.assertIn((self.customer.id, "broken", self.day(-6)), [(row[0], row[5], row[6]) for row in rows])

    def test_broken_promise_opens_no_case_where_there_are_none(self):
        self.company.collection_active = False
        promise = self.promise(None, -10, self.due(100))
        self.judge()
        self.assertEqual(promise.state, "broken")
        self.assertFalse(self.env["ar.collection.case"].search([("partner_id", "=", self.customer.id)]))

    def test_broken_promise_ends_the_snooze(self):
        self.company.collection_active = True
        promise = self.promise(None, -10, self.due(100))
        case = self.env["ar.collection.case"]._get_or_open(promise.profile_id, "Asked by a test")
        case._snooze(self.day(5), "Promised")
        self.judge()
        self.assertEqual((promise.state, case.snooze_until), ("broken", False))

    # generated

    @settings(max_examples=4, deadline=None, suppress_health_check=list(HealthCheck))
    @given(
        steps=st.lists(
            st.tuples(
                st.sampled_from(["pay", "undo", "credit", "promise", "draft_payment"]),
                st.integers(0, 2),
                st.integers(1, 700),
                st.integers(-14, 0),
            ),
            min_size=3,
            max_size=5,
        )
    )
    def test_state_equals_slow_computation(self, steps):
        with self.env.cr.savepoint(flush=True) as savepoint:
            self.check_steps(steps)
            savepoint.close(rollback=True)
        self.env.invalidate_all()
        self.env.cr.precommit.data.clear()
        self.env.cr.precommit.clear()

    def check_steps(self, steps):
        invoices = [
            self.due(500, 30),
            self.due(300, 25, currency=self.foreign),
            self.invoice(400, self.day(-70), terms=self.instalments),
        ]
        promises = self.promises
        for invoice, days in zip(invoices, (-9, -3, -6), strict=True):
            promises |= self.promise(None, days, invoice)
        self.judge()  # they were entered as if days had passed
        for action, index, amount, days in steps:
            invoice = invoices[index]
            if action == "pay" and invoice.amount_residual:
                self.pay(amount, days, invoice, currency=invoice.currency_id)
            elif action == "undo":
                invoice.line_ids.remove_move_reconcile()
            elif action == "credit" and invoice.amount_residual:
                note = self.invoice(
                    amount, self.day(days), currency=invoice.currency_id, move_type="out_refund"
                )
                self.match(note, invoice)
            elif action == "promise" and invoice.amount_residual and self.items(invoice):
                promises |= self.promise(None, max(days, -8), invoice)
                self.judge()
            elif action == "draft_payment":
                receipts = self.receivable(invoice).matched_credit_ids.credit_move_id.move_id
                receipts.filtered(lambda receipt: receipt.state == "posted")[:1].button_draft()
            self.commit()
            for promise in promises.filtered(lambda promise: not promise.cancelled_by_id):
                self.assertEqual(
                    (promise.state, promise.amount_paid), self.slow_state(promise), (action, promise)
                )


@tagged("post_install", "-at_install")
class TestPromiseRights(AgreementCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()

        cls.collector = cls.make_user("agr_col", "ar_credit_control.group_collector")
        cls.auditor = cls.make_user("agr_aud", "ar_credit_control.group_credit_auditor")
        cls.seller = cls.make_user(
            "agr_own", "sales_team.group_sale_salesman,ar_credit_control.group_credit_user"
        )
        cls.stranger = cls.make_user("agr_sale", "sales_team.group_sale_salesman")

    def wizard(self, user, **values):
        wizards = self.env["ar.payment.promise.wizard"].with_user(user)
        wizards = wizards.with_context(
            default_partner_id=self.customer.id, default_company_id=self.company.id
        )
        return wizards.create({"date": self.day(5), **values})

    def test_collector_records_through_the_dialogue(self):
        invoice = self.due(300)
        wizard = self.wizard(self.collector)
        self.assertEqual((wizard.amount, wizard.item_ids.move_id), (300, invoice))
        wizard.action_record()
        promise = self.promises.search([("partner_id", "=", self.customer.id)])
        self.assertEqual((promise.amount, promise.user_id), (300, self.collector))
        promise.with_user(self.collector).action_cancel("by mistake")
        self.assertEqual((promise.state, promise.cancel_reason), ("cancelled", "by mistake"))

    def test_nobody_writes_a_promise(self):
        self.due(300)
        promise = self.promise(None, 5)
        for user in (self.collector, self.auditor, self.seller):
            for call in (
                lambda own: own.write({"state": "kept"}),
                lambda own: own.write({"deadline": self.day(90)}),
                lambda own: own.unlink(),
                lambda own: own.create({"partner_id": self.customer.id}),
            ):
                with self.assertRaises(AccessError), mute_logger("odoo.addons.base.models.ir_model"):
                    call(promise.with_user(user))
        with self.assertRaises(UserError):
            promise.unlink()

    def test_only_collectors_withdraw_and_mail(self):
        self.due(300)
        promise = self.promise(None, 5)
        self.customer.user_id = self.seller
        for user in (self.auditor, self.seller):
            for name in ("action_cancel", "action_mail"):
                with self.assertRaises(AccessError):
                    getattr(promise.with_user(user), name)()

    def test_salesperson_sees_own_customers(self):
        self.due(300)
        promise = self.promise(None, 5)
        own = self.promises.with_user(self.seller)
        self.assertFalse(own.search([("id", "=", promise.id)]))
        self.customer.user_id = self.seller
        self.assertEqual(own.search([("id", "=", promise.id)]), promise)
        self.assertEqual(own.browse(promise.id).line_ids.amount, 300)
        with self.assertRaises(AccessError):
            self.promises.with_user(self.stranger).search([])

    def test_outcome_of_a_known_promise_cannot_be_withdrawn(self):
        self.promise(None, -20, self.due(300))
        self.judge()
        promise = self.promises.search([("partner_id", "=", self.customer.id)])
        with self.assertRaisesRegex(UserError, "stays on record"):
            promise.with_user(self.collector).action_cancel("please")

    def test_dialogue_from_invoices_of_two_customers_is_refused(self):
        other = self.env["res.partner"].create({"name": "Other", "is_company": True})
        moves = self.due(100) | self.due(100, partner=other)
        wizards = self.env["ar.payment.promise.wizard"].with_context(
            active_model="account.move", active_ids=moves.ids
        )
        with self.assertRaisesRegex(UserError, "one customer"):
            wizards.default_get(["item_ids"])
        one = wizards.with_context(active_ids=moves[:1].ids).create({"date": self.day(3)})
        self.assertEqual(one.item_ids.move_id, moves[:1])

    def test_the_history_has_it_on_the_day_it_was_given(self):
        self.due(300)
        today, before = self.promise(100, 5), self.promise(200, -10)
        events = self.env["ar.collection.source"]._events_sql()
        query = SQL("SELECT res_id, date FROM (%s) event WHERE kind = 'promise'", events)
        self.env.flush_all()
        dates = dict(self.env.execute_query(query))
        self.assertEqual(dates[today.id], today.create_date)
        self.assertEqual(dates[before.id].date(), before.date_given)

    def test_mails_are_written_in_words(self):
        self.customer.email = "pay@example.com"
        invoice = self.due(300)
        promise = self.promise(None, 5)
        promise._send_mail()
        self.assertIn(invoice.name, promise.message_ids[0].body)
        mail = self.env["mail.mail"].sudo().search([("mail_message_id", "=", promise.message_ids[0].id)])
        self.assertIn(invoice.name, mail.body_html)
        self.assertNotIn(promise._description, mail.body_html, "our word for it is no heading of a letter")
        self.assertEqual(promise.message_ids[0].partner_ids, self.customer)
        self.pay(300, 0, invoice)
        self.commit()
        promise._send_mail()
        self.assertIn("Thank you", promise.message_ids[0].body)
