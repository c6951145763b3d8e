from datetime import date, datetime, timedelta

from odoo import fields
from odoo.exceptions import AccessError, UserError
from odoo.fields import Command
from odoo.tests import new_test_user, tagged
from odoo.tools import SQL

from .common_collection import CollectionCase


@tagged("post_install", "-at_install")
class TestCollectionWorklist(CollectionCase):
    def debtor(self, name, amount=1000.0, days=20, **values):
        """The open case of a customer that owes one overdue invoice."""
        partner = self.make_customer(name, **values)
        self.make_invoice(days, amount, partner=partner)
        return self.open(partner)

    def priorities(self, *cases):
        rows = {row.case_id: row.priority for row in self.rows()}
        return [rows.get(case) for case in cases]

    # The example of docs/worklist.md

    def test_the_worked_example(self):
        rating = self.env.ref("ar_credit_control.rating_d")
        rating.collection_factor = 1.15
        case = self.debtor("Example GmbH", 10000.0, days=20)
        case.profile_id.rating_id = rating
        disputed = self.make_invoice(45, 4000.0, partner=case.partner_id)
        self.make_invoice(400, 2000.0, partner=case.partner_id)
        self.dispute(disputed, 1000.0)
        self.make_entry([(case.partner_id, None, -1400.0)])
        self.contact(case, 3)
        case.activity_schedule(date_deadline=self.today, user_id=self.collector.id, summary="Call")
        figures = self.figures(case)
        self.assertEqual((figures["claim"], figures["claimable"]), (15000.0, 13600.0))
        self.assertEqual(figures["disputed"], 1000.0)
        self.assertAlmostEqual(figures["weighted"], 11968.0, 6)
        self.assertAlmostEqual(figures["rest_factor"], 3 / 7, 6)
        self.assertEqual(figures["expected_value"], 5898.51)
        why = self.row(case).why
        for words in ("Next step due", "88 % likely", "last contact 3 days ago (× 0.43)", "grade D (× 1.15)"):
            self.assertIn(words, why)

    def test_the_chance_falls_with_age(self):
        cases = [self.debtor(f"Age {days}", days=days) for days in (1, 30, 31, 61, 91, 181, 366, 731)]
        values = [self.figures(case)["expected_value"] for case in cases]
        self.assertEqual(values, [950.0, 950.0, 900.0, 850.0, 800.0, 700.0, 500.0, 200.0])

    def test_grades_weigh(self):
        good, weak = self.debtor("Good"), self.debtor("Weak")
        good.profile_id.rating_id = self.env.ref("ar_credit_control.rating_a")
        weak.profile_id.rating_id = self.env.ref("ar_credit_control.rating_e")
        good.rating_id.collection_factor, weak.rating_id.collection_factor = 0.7, 1.3
        self.assertEqual(self.rows().case_id & (good | weak), weak + good)
        self.assertEqual(self.rows().mapped("case_id.id")[:2], [weak.id, good.id])

    def test_nothing_counts_below_zero(self):
        """More is disputed, or on account, than is open of an item or all: the others do not bear that."""
        case = self.debtor("Disputes", 500.0)
        disputed = self.make_invoice(45, 1000.0, partner=case.partner_id)
        self.dispute(disputed, 300.0)
        self.pay(disputed, 900.0)
        figures = self.figures(case)
        self.assertEqual((figures["claimable"], figures["disputed"]), (500.0, 100.0))
        paid = self.debtor("Paid twice", 1000.0)
        self.make_entry([(paid.partner_id, None, -1500.0)])
        figures = self.figures(paid)
        self.assertEqual((figures["claim"], figures["claimable"], figures["expected_value"]), (1000, 0, 0))

    def test_due_today_is_not_asked_for(self):
        case = self.debtor("Today", 300.0)
        self.make_invoice(0, 700.0, partner=case.partner_id)
        figures = self.figures(case)
        self.assertEqual((figures["overdue"], figures["not_due"], figures["claimable"]), (300, 700, 300))

    def test_deposits_are_not_asked_for(self):
        case = self.debtor("Deposit", 300.0)
        deposits = self.company_data["default_account_receivable"].copy({"non_trade": True})
        entry = self.make_entry([(case.partner_id, 20, 70.0)])
        entry.button_draft()
        entry.line_ids.filtered("date_maturity").account_id = deposits
        entry.action_post()
        figures = self.figures(case)
        self.assertEqual((figures["owed"], figures["overdue"]), (300, 300))

    def test_time_since_the_last_contact(self):
        case = self.debtor("Contacted")
        self.assertEqual(self.figures(case)["rest_factor"], 1)
        letter = self.contact(case, 0)
        for days, factor in ((0, 1 / 7), (1, 1 / 7), (2, 2 / 7), (7, 1), (30, 1)):
            letter.sent_date = fields.Datetime.now() - timedelta(days=days)
            self.assertAlmostEqual(self.figures(case)["rest_factor"], factor, 6, msg=days)
        letter.sent_date = fields.Datetime.now() - timedelta(days=367)
        self.assertFalse(self.figures(case)["last_contact_date"], "older than a year")

    # What stands on top

    def promise_each(self, case, *days):
        """An invoice and a promise about it alone for each of these days."""
        items = self.env["ar.aging.report"]
        for number, day in enumerate(days):
            invoice = self.make_invoice(20, 100.0 * (number + 1), partner=case.partner_id)
            date = self.today + timedelta(days=day)
            promise = self.env["ar.payment.promise"]._record(
                case.partner_id,
                case.company_id,
                None,
                max(date, self.today),
                items.search([("move_id", "=", invoice.id)]),
            )
            promise.sudo().write({"date": date, "deadline": date, "date_given": date - timedelta(days=5)})
            promise._judge()

    def test_the_next_promise_and_the_last_broken_one(self):
        case = self.debtor("Promises")
        self.promise_each(case, 9, 4, -20, -3, -30)
        figures = self.figures(case)
        self.assertEqual(
            (figures["promise_date"], figures["promise_amount"]), (self.today + timedelta(days=4), 200.0)
        )
        self.assertEqual(
            (figures["broken_date"], figures["broken_amount"]), (self.today - timedelta(days=2), 400.0)
        )

    def spoken(self, case, days):
        """A call in which we spoke with the customer, so many days ago."""
        return self.env["ar.collection.activity"]._log_contact(
            case.partner_id,
            case.company_id,
            "call",
            self.env.ref("ar_credit_control.collection_outcome_call_back"),
            date=fields.Datetime.now() - timedelta(days=days),
        )

    def test_who_was_spoken_with_about_it_is_not_on_top(self):
        before, about = self.debtor("Before"), self.debtor("About it")
        for case in (before, about):
            self.promised(case, -4)  # broken three days ago
        self.spoken(before, 4)
        self.spoken(about, 3)
        self.assertEqual(self.figures(before)["priority"], "1_broken")
        self.assertEqual(self.figures(about)["priority"], "5_value")
        due, called = self.debtor("Due"), self.debtor("Called")
        for case in (due, called):
            self.promised(case, 0)
        self.spoken(due, 1)
        self.spoken(called, 0)
        self.assertEqual(self.figures(due)["priority"], "2_promised")
        self.assertEqual(self.figures(called)["priority"], "5_value")

    def test_a_reply_is_no_contact_of_ours_and_a_letter_no_answer(self):
        case = self.debtor("Reply")
        self.reply(case)
        figures = self.figures(case)
        self.assertFalse(figures["last_contact_date"])
        self.assertEqual((figures["rest_factor"], figures["priority"]), (1, "3_reply"))
        self.contact(case, -1)
        self.assertEqual(self.figures(case)["priority"], "3_reply", "the schedule wrote, nobody answered")

    def test_a_broken_promise_of_which_nothing_can_be_asked_for(self):
        case = self.debtor("Disputed since")
        self.promised(case, -4)
        self.assertEqual(self.figures(case)["priority"], "1_broken")
        self.dispute(self.env["account.move"].search([("partner_id", "=", case.partner_id.id)]), 1000.0)
        self.assertEqual(self.figures(case)["priority"], "5_value")

    def test_steps_that_are_done_or_come_later(self):
        done, later = self.debtor("Done"), self.debtor("Later")
        step = done.activity_schedule(date_deadline=self.today, user_id=self.collector.id)
        later.activity_schedule(date_deadline=self.today + timedelta(days=1), user_id=self.collector.id)
        self.assertEqual(self.priorities(done, later), ["4_planned", None])
        step.active = False
        self.assertEqual(self.priorities(done, later), ["5_value", None])

    def test_days_stand_as_the_language_writes_them(self):
        self.env["res.lang"]._activate_lang("zh_CN")
        case = self.debtor("Step")
        case.activity_schedule(date_deadline=date(2026, 1, 5), summary="Call", user_id=self.collector.id)
        row = self.rows().filtered(lambda row: row.case_id == case)
        self.assertEqual(row.next_text, "Jan 5: Call")
        self.assertRegex(row.with_context(lang="zh_CN").next_text, "^1月5日(: |：)Call$")
        self.assertEqual(case._format_day(date(2026, 1, 5)), "Jan 5, 2026")
        self.assertEqual(case.with_context(lang="zh_CN")._format_day(date(2026, 1, 5)), "2026年1月5日")

    def test_promises_replies_and_steps_go_before_value(self):
        value = self.debtor("Value", 90000.0)
        step, reply, promised, broken = (
            self.debtor(name) for name in ("Step", "Reply", "Promised", "Broken")
        )
        step.activity_schedule(date_deadline=self.today, user_id=self.collector.id)
        self.reply(reply)
        self.promised(promised, 0)
        self.promised(broken, -4)
        rows = self.rows()
        self.assertEqual(
            rows.mapped("case_id.id"), [case.id for case in (broken, promised, reply, step, value)]
        )
        self.assertEqual(rows.mapped("rank"), [1, 2, 3, 4, 5])
        self.assertIn("today", rows[1].promise_text)
        self.assertIn("broken on", rows[0].promise_text)
        self.assertIn("Ute Korn: Next week", rows[2].last_word)
        next_steps = [
            next(fact["text"] for fact in case.overview["facts"] if fact["name"] == "next")
            for case in (broken, promised, reply, value)
        ]
        self.assertEqual(
            next_steps,
            [
                "Ask about the broken promise",
                "See whether the promise is kept",
                "Answer their reply",
                "Contact them today",
            ],
        )

    def test_a_promise_that_is_kept_later_is_not_on_top(self):
        case = self.debtor("Paid")
        self.promised(case, -4)
        self.assertEqual(self.priorities(case), ["1_broken"])
        self.pay(self.env["account.move"].search([("partner_id", "=", case.partner_id.id)]))
        self.assertEqual(self.priorities(case), [None])

    # Who waits

    def test_why_a_case_waits(self):
        snoozed, planned, contacted, covered, nothing = (
            self.debtor(name) for name in ("Snoozed", "Planned", "Contacted", "Covered", "Nothing")
        )
        placed = self.debtor("Placed")
        snoozed.with_user(self.collector)._snooze(self.today + timedelta(days=3), "Year-end closing")
        planned.activity_schedule(date_deadline=self.today + timedelta(days=1), user_id=self.collector.id)
        self.contact(contacted, 6)
        self.make_entry([(covered.partner_id, None, -1000.0)])
        self.dispute(self.env["account.move"].search([("partner_id", "=", nothing.partner_id.id)]), 1000.0)
        self.place(self.env["account.move"].search([("partner_id", "=", placed.partner_id.id)]))
        self.assertFalse(self.rows())
        self.assertEqual(
            [
                self.figures(case)["waiting"]
                for case in (snoozed, planned, contacted, covered, nothing, placed)
            ],
            ["snoozed", "planned", "contacted", "covered", "nothing", "placed"],
        )

    def test_a_contacted_customer_returns(self):
        case = self.debtor("Contacted")
        self.contact(case, 7)
        self.assertEqual(self.rows().case_id, case)

    def test_days_since_a_contact_are_those_of_the_reader(self):
        case = self.debtor("Contacted")
        letter = self.contact(case, 0)
        case = case.with_context(tz="Pacific/Kiritimati")
        today = fields.Date.context_today(case)
        # An hour after midnight there, the day before in UTC.
        midnight = datetime.combine(today, datetime.min.time()) - timedelta(hours=14)
        for days, hours, waiting in ((6, 1, "contacted"), (7, 23, None)):
            letter.sent_date = midnight - timedelta(days=days) + timedelta(hours=hours)
            self.assertEqual(self.figures(case)["waiting"], waiting, (days, hours))

    def test_the_snooze_ends_by_itself_or_when_the_customer_acts(self):
        case, other = self.debtor("Snoozed"), self.debtor("Snoozed too")
        (case | other).with_user(self.collector)._snooze(self.today + timedelta(days=3), "Later")
        self.assertFalse(self.rows())
        self.reply(case)
        self.assertEqual(self.rows().case_id, case)
        other.sudo().snooze_until = self.today
        self.assertEqual(self.rows().case_id, case | other)

    def test_only_what_is_broken_after_it_ends_the_snooze(self):
        known, news = self.debtor("Known"), self.debtor("News")
        for case in (known, news):
            self.promised(case, -4)  # broken three days ago
            case.with_user(self.collector)._snooze(self.today + timedelta(days=3), "Later")
        news.sudo().snooze_date = self.today - timedelta(days=4)
        self.assertEqual(self.priorities(known, news), [None, "1_broken"])

    def test_what_can_be_snoozed(self):
        case = self.debtor("Snoozed").with_user(self.collector)
        with self.assertRaisesRegex(UserError, "day to come"):
            case._snooze(self.today, "Later")
        dialog = self.env["ar.collection.snooze"].with_user(self.collector)
        dialog.create({"case_ids": case.ids, "choice": "7", "reason": "Later"}).action_apply()
        self.assertEqual(case.snooze_until, self.today + timedelta(days=7))
        case.action_wake()
        self.assertFalse(case.snooze_until)
        case.action_close()
        with self.assertRaisesRegex(UserError, "closed case"):
            case._snooze(self.today + timedelta(days=1), "Later")
        # The dialog gives no right that its user does not have.
        with self.assertRaises(AccessError):
            self.env["ar.collection.snooze"].with_user(self.auditor).create({"reason": "x"})

    # Leave

    def test_the_list_goes_to_who_stands_in(self):
        case = self.debtor("Anybody")
        leave = self.env["ar.collection.absence"].create(
            {
                "user_id": self.collector.id,
                "substitute_id": self.colleague.id,
                "date_from": self.today,
                "date_to": self.today + timedelta(days=7),
            }
        )
        self.assertFalse(self.rows())
        self.assertEqual(self.rows(self.colleague).case_id, case)
        self.assertEqual((case.user_id, case.collector_id), (self.colleague, self.collector))
        self.assertEqual(self.cases.search([("user_id", "=", self.colleague.id)]), case)
        leave.date_from = leave.date_to
        self.assertEqual(self.rows().case_id, case)
        self.assertEqual(self.cases.search([("user_id", "=", self.collector.id)]), case)

    def test_who_left_stands_in_for_nobody(self):
        self.make_invoice(10)
        case = self.open()
        self.env["ar.collection.absence"].create(
            {"user_id": self.collector.id, "substitute_id": self.colleague.id, "date_to": self.today}
        )
        self.assertEqual(self.row(case).user_id, self.colleague)
        self.colleague.active = False
        self.assertEqual((self.row(case).user_id, case.user_id), (self.collector, self.collector))

    def test_leaves_that_cannot_be(self):
        absences = self.env["ar.collection.absence"]
        values = {"date_from": self.today, "date_to": self.today + timedelta(days=7)}
        absences.create({"user_id": self.collector.id, "substitute_id": self.colleague.id, **values})
        for user, substitute in (
            (self.collector, self.controller),  # away already
            (self.controller, self.collector),  # who stands in is away
            (self.colleague, self.controller),  # stands in for somebody
            (self.controller, self.controller),
        ):
            with self.assertRaises(UserError, msg=(user.login, substitute.login)), self.cr.savepoint():
                absences.create({"user_id": user.id, "substitute_id": substitute.id, **values})
        with self.assertRaises(UserError), self.cr.savepoint():
            absences.with_user(self.colleague).create(
                {
                    "user_id": self.controller.id,
                    "substitute_id": self.colleague.id,
                    "date_from": self.today + timedelta(days=30),
                    "date_to": self.today + timedelta(days=31),
                }
            )

    def test_leaves_that_touch(self):
        """Who stands in may be away from the next day on, not from the last day on."""
        absences = self.env["ar.collection.absence"]
        last = self.today + timedelta(days=7)
        absences.create(
            {
                "user_id": self.collector.id,
                "substitute_id": self.colleague.id,
                "date_from": self.today,
                "date_to": last,
            }
        )
        values = {"user_id": self.colleague.id, "substitute_id": self.controller.id}
        for first, end in ((last, last + timedelta(days=2)), (self.today - timedelta(days=2), self.today)):
            with self.assertRaises(UserError), self.cr.savepoint():
                absences.create({**values, "date_from": first, "date_to": end})
        absences.create(
            {**values, "date_from": last + timedelta(days=1), "date_to": last + timedelta(days=2)}
        )

    def test_leaves_of_others_are_not_taken_over(self):
        leave = self.env["ar.collection.absence"].create(
            {
                "user_id": self.controller.id,
                "substitute_id": self.collector.id,
                "date_from": self.today,
                "date_to": self.today,
            }
        )
        with self.assertRaises(UserError):
            leave.with_user(self.colleague).user_id = self.colleague

    # The next customer

    def walk(self, case, user=None):
        """Go on to the next customer as the button does, with the context that the form has."""
        self.env.flush_all()
        action = case.with_user(user or self.collector).get_next_action()
        if not action:
            return self.cases
        return self.cases.browse(action["res_id"]).with_context(**action["context"])

    def test_next_customer(self):
        first, second, third, fourth = (
            self.debtor(str(amount), amount) for amount in (9000, 8000, 7000, 6000)
        )
        row = self.rows()[0]
        current = self.cases.browse(row.action_open_case()["res_id"]).with_context(
            **row.action_open_case()["context"]
        )
        self.assertEqual(current, first)
        current = self.walk(current)
        self.assertEqual(current, second, "the first was passed over")
        self.contact(second, 0)
        current = self.walk(current)
        self.assertEqual(current, third, "the second left the list")
        third.with_user(self.collector)._snooze(self.today + timedelta(days=1), "Later")
        current = self.walk(current)
        self.assertEqual(current, fourth)
        self.assertFalse(self.walk(current), "the end of the list")

    def test_next_customer_without_a_list(self):
        mine, others = self.debtor("Mine"), self.debtor("Others")
        others.profile_id.collector_id = self.colleague
        self.assertEqual(self.walk(others), mine, "the user's own list, from the top")

    # The strip

    def test_the_strip(self):
        case, promised = self.debtor("One", 1000.0), self.debtor("Two", 500.0)
        self.promised(promised, 0, 500.0)
        self.env.flush_all()
        domain = [("user_id", "=", self.collector.id)]
        figures = self.worklist.with_user(self.collector).get_strip_figures(domain)
        self.assertEqual((figures["calls"], figures["promises"], figures["replies"]), (2, 1, 0))
        self.assertEqual(figures["amounts"], [{"currency_id": case.currency_id.id, "amount": 1000.0}])
        case.partner_id.user_id = self.seller
        figures = self.worklist.with_user(self.seller).get_strip_figures([])
        self.assertEqual((figures["calls"], figures["promises"]), (1, 0), "own customers only")
        portal = new_test_user(self.env, "worklist_portal", groups="base.group_portal")
        with self.assertRaises(AccessError):
            self.worklist.with_user(portal).get_strip_figures([])

    # Companies

    def test_companies_of_other_currencies_rank_at_todays_rate(self):
        other = self.setup_other_company(name="Elsewhere")
        currency = self.setup_other_currency("CHF", rates=[("2020-01-01", 10.0)])
        other["company"].currency_id = currency
        both = [Command.set((self.company | other["company"]).ids)]
        (self.collector | self.env.user).company_ids = both
        self.make_invoice(20, 3000.0, partner=self.customer)
        here = self.open()
        self.make_invoice(20, 5000.0, partner=self.other, company=other["company"], currency=currency)
        there = self.open(self.other, company=other["company"])
        allowed = (self.company | other["company"]).ids
        rows = self.rows(allowed_company_ids=allowed)
        self.assertEqual(rows.mapped("case_id.id"), [here.id, there.id], "5,000 CHF are 500 here")
        self.assertEqual(rows[1].currency_id, currency)
        self.assertEqual(rows[1].claimable, 5000.0)
        self.assertEqual(self.rows(allowed_company_ids=self.company.ids).case_id, here)

    def test_places_are_those_among_the_companies_chosen(self):
        other = self.setup_other_company(name="Elsewhere")["company"]
        (self.collector | self.env.user).company_ids = [Command.set((self.company | other).ids)]
        third = self.make_customer("Third AG")
        for partner, amount, company in (
            (self.customer, 3000.0, self.company),
            (self.other, 9000.0, other),
            (third, 1000.0, self.company),
        ):
            self.make_invoice(20, amount, partner=partner, company=company)
            self.open(partner, company=company)
        self.assertEqual(self.rows(allowed_company_ids=self.company.ids).mapped("rank"), [1, 2])
        self.assertEqual(self.rows(allowed_company_ids=other.ids).mapped("rank"), [1])
        both = self.rows(allowed_company_ids=(self.company | other).ids)
        self.assertEqual(both.mapped("rank"), [1, 2, 3])
        self.assertEqual(both.partner_id, self.other | self.customer | third)

    def test_what_happens_with_another_company_is_not_ours(self):
        other = self.setup_other_company(name="Elsewhere")["company"]
        case = self.debtor("Both")
        self.make_invoice(20, 9000.0, partner=case.partner_id, company=other)
        theirs = self.open(case.partner_id, company=other)
        self.spoken(theirs, 1)
        figures = self.figures(case)
        self.assertEqual((figures["owed"], figures["claimable"]), (1000.0, 1000.0))
        self.assertFalse(figures["last_contact_date"])
        self.assertTrue(self.figures(theirs)["last_contact_date"])
        self.assertNotIn("call", [event["kind"] for event in case._get_events()[case.id]])
        self.assertIn("call", [event["kind"] for event in theirs._get_events()[theirs.id]])

    def test_branches_belong_to_their_main_company(self):
        self.company.write({"child_ids": [Command.create({"name": "Branch"})]})
        branch = self.company.child_ids
        self.env.user.company_ids += branch
        self.make_invoice(20, 700.0)
        invoice = self.make_invoice(20, 500.0)
        self.assertTrue(invoice)
        case = self.cases._get_or_open(self.profile(company=branch), "A branch asks")
        self.assertEqual(case.company_id, self.company)
        self.assertEqual(self.figures(case)["overdue"], 1200.0)

    # Whose list is ranked

    PAGE = (
        "rank", "priority", "partner_id", "claimable", "why", "last_word", "promise_text", "next_text",
        "unpaid_reason", "phone",
    )  # fmt: skip

    def page(self, domain, limit=None, offset=0, user=None):
        """What the browser asks for."""
        self.env.flush_all()
        self.env.invalidate_all()
        worklist = self.worklist.with_user(user or self.controller)
        return worklist.web_search_read(
            domain, {name: {} for name in self.PAGE}, offset=offset, limit=limit, order="rank, id"
        )

    def two_lists(self):
        """Cases of the collector, of the colleague, and of nobody."""
        mine = [self.debtor(f"Mine {amount}", amount, phone=f"+49 {amount}") for amount in (3000, 2000, 1000)]
        theirs = [self.debtor(f"Theirs {amount}", amount) for amount in (2500, 1500)]
        for case in theirs:
            case.profile_id.collector_id = self.colleague
        nobodys = self.debtor("Nobody's", 500.0)
        nobodys.profile_id.collector_id = False
        self.contact(mine[1], 20)
        self.reply(mine[2])
        return mine, theirs, nobodys

    def test_a_list_read_alone_is_the_same(self):
        mine, theirs, nobodys = self.two_lists()
        rows = self.page([])["records"]
        self.assertEqual(len(rows), 6)
        by_id = {row["id"]: row for row in rows}
        for domain, cases in (
            ([("user_id", "=", self.collector.id)], [mine[2], mine[0], mine[1]]),
            ([("user_id", "=", self.colleague.id)], theirs),
            ([("user_id", "=", False)], [nobodys]),
            ([("user_id", "in", [self.colleague.id, False])], [theirs[0], nobodys, theirs[1]]),
            ([("id", "in", [mine[0].id, theirs[1].id])], [mine[0], theirs[1]]),
            ([("case_id", "=", mine[1].id)], [mine[1]]),
            ([("user_id", "=", self.collector.id), ("rank", ">=", 2)], [mine[0], mine[1]]),
            (
                ["|", ("user_id", "=", self.colleague.id), ("id", "=", nobodys.id)],
                [theirs[0], nobodys, theirs[1]],
            ),
            ([("user_id", "=", self.collector.id), ("id", "in", nobodys.ids)], []),
        ):
            found = self.page(domain)["records"]
            self.assertEqual([row["id"] for row in found], [case.id for case in cases], domain)
            self.assertEqual(found, [by_id[case.id] for case in cases], domain)

    def test_a_list_read_alone_goes_to_who_stands_in(self):
        mine, theirs, _nobodys = self.two_lists()
        self.env["ar.collection.absence"].create(
            {
                "user_id": self.collector.id,
                "substitute_id": self.colleague.id,
                "date_from": self.today,
                "date_to": self.today,
            }
        )
        rows = self.page([("user_id", "=", self.colleague.id)])["records"]
        self.assertEqual(
            [row["id"] for row in rows],
            [case.id for case in (mine[2], mine[0], theirs[0], mine[1], theirs[1])],
        )
        self.assertEqual([row["rank"] for row in rows], [1, 2, 3, 4, 5])
        self.assertFalse(self.page([("user_id", "=", self.collector.id)])["records"])

    def test_pages_of_a_list(self):
        mine, _theirs, _nobodys = self.two_lists()
        domain = [("user_id", "=", self.collector.id)]
        whole = self.page(domain)
        self.assertEqual(whole["length"], 3)
        self.assertIn("Ute Korn: Next week", whole["records"][0]["last_word"])
        self.assertEqual([row["phone"] for row in whole["records"]], ["+49 1000", "+49 3000", "+49 2000"])
        for offset in range(4):
            page = self.page(domain, limit=2, offset=offset)
            self.assertEqual(page, {"length": 3, "records": whole["records"][offset : offset + 2]})
        self.assertEqual(self.page([("last_word_text", "ilike", "next week")])["length"], 1)
        self.assertEqual(self.page(domain, user=self.colleague)["length"], 3, "colleagues may look")

    def test_a_page_ranks_one_list_once(self):
        """One statement ranks and counts a page, one makes the strip; neither looks at other lists."""
        mine, _theirs, _nobodys = self.two_lists()
        domain = [("user_id", "=", self.collector.id)]
        for ask in (
            lambda: self.page(domain, limit=2),
            lambda: self.worklist.with_user(self.collector).get_strip_figures(domain),
            lambda: self.walk(mine[0]),
        ):
            ranked = [
                text for text in self.statements(ask) if "ar_collection_worklist" in text.split("FROM")[0]
            ]
            self.assertEqual(len(ranked), 1, ranked)
            self.assertIn("collection_case.id = ANY", ranked[0])
            self.assertNotIn("last_word_text", ranked[0].split("FROM")[0])

    def statements(self, ask):
        """The statements that a call sends to the database."""
        sent = []
        cursor = type(self.env.cr)
        execute = cursor.execute

        def note(cr, query, *args, **kwargs):
            sent.append(query.code if isinstance(query, SQL) else query)
            return execute(cr, query, *args, **kwargs)

        self.patch(cursor, "execute", note)
        try:
            ask()
        finally:
            self.patch(cursor, "execute", execute)
        return sent

    # Cost

    def test_the_worklist_costs_the_same_for_any_number_of_customers(self):
        def count():
            self.env.flush_all()
            self.env.invalidate_all()
            before = self.env.cr.sql_log_count
            rows = self.worklist.with_user(self.collector).search([("user_id", "=", self.collector.id)])
            rows.read(["partner_id", "claimable", "why", "last_word", "promise_text", "next_text", "phone"])
            return self.env.cr.sql_log_count - before

        def add(name):
            case = self.debtor(name, phone="+49 30 1")
            case.activity_schedule(date_deadline=fields.Date.today(), user_id=self.collector.id)
            self.contact(case, 20)

        add("First")
        count()
        few = count()
        for index in range(10):
            add(f"More {index}")
        count()
        self.assertEqual(count(), few)
