from datetime import datetime, timedelta

from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from odoo.exceptions import AccessError, UserError, ValidationError
from odoo.fields import Command
from odoo.tests import Form, tagged

from .common_dunning_policy import DunningPolicyCase


@tagged("post_install", "-at_install")
class TestDunningPolicy(DunningPolicyCase):
    """What the settings of policies and stages do."""

    def make_calendar(self, leaves=(), **values):
        """Monday to Friday in Shanghai, with leave on days counted from today."""
        calendar = self.env["resource.calendar"].create(
            {"name": "Letters", "company_id": self.company.id, "tz": "Asia/Shanghai", **values}
        )
        for first, last in leaves:
            self.env["resource.calendar.leaves"].create(
                {
                    "name": "Festival",
                    "calendar_id": calendar.id,
                    "company_id": self.company.id,
                    # In UTC: the day begins eight hours earlier there.
                    "date_from": datetime.combine(self.day(first - 1), datetime.min.time())
                    + timedelta(hours=16),
                    "date_to": datetime.combine(self.day(last), datetime.min.time())
                    + timedelta(hours=15, minutes=59),
                }
            )
        return calendar

    def everyday(self, **values):
        """A calendar without hours: every day is a working day but for its leaves."""
        calendar = self.make_calendar(**values)
        calendar.attendance_ids.unlink()
        return calendar

    def next_weekday(self, weekday):
        return self.day((weekday - self.today.weekday()) % 7)

    # Smallest amount and share of a stage

    def test_small_amount_stays_one_stage_lower(self):
        self.second.min_amount = 500
        self.make_invoice(days=200, amount=100)
        self.send_on(self.today, self.propose().letter_ids)
        date = self.day(7)
        self.assertEqual(self.outcome(date=date), [("stage_minimum", 100)])
        self.assertEqual(self.reasons(self.propose(date)), {(self.customer, "stage_minimum")})
        more = self.make_invoice(days=200, amount=400)
        letter = self.propose(date).letter_ids
        self.assertEqual(
            {line.amount: line.stage_id for line in letter.line_ids}, {100: self.first, 400: self.first}
        )
        self.send_on(date, letter)
        last = self.propose(self.day(14)).letter_ids
        self.assertEqual(last.line_ids.stage_id, self.second, "together they reach the amount")
        self.assertIn(more, last.line_ids.move_id)

    def test_what_reached_the_stage_before_counts(self):
        self.second.min_amount = 500
        old = self.make_invoice(days=60, amount=450)
        self.make_invoice(days=60, amount=60)
        self.send_on(self.day(0), self.propose().letter_ids)
        self.send_on(self.day(7), self.propose(self.day(7)).letter_ids)
        self.assertEqual(old.dunning_stage_id, self.second)
        self.make_invoice(days=10, amount=70)
        self.send_on(self.day(14), self.propose(self.day(14)).letter_ids)
        later = self.propose(self.day(21)).letter_ids
        young = later.line_ids.filtered(lambda line: line.amount == 70)
        self.assertEqual(young.stage_id, self.second)

    def test_first_stage_below_its_amount_is_no_letter(self):
        self.first.min_amount = 500
        self.make_invoice(days=10, amount=499)
        self.assertEqual(self.outcome(), [("stage_minimum", 499)])
        row = self.preview_items().search([("partner_id", "=", self.customer.id)])
        self.assertEqual((row.outcome, row.reason), ("left_out", "stage_minimum"))
        self.make_invoice(days=10, amount=1)
        self.assertEqual(self.outcome(), [("First reminder", 500)])

    def test_stage_amount_is_converted(self):
        euro = self.setup_other_currency("EUR", rates=[("2000-01-01", 0.5)])
        self.first.min_amount = 500
        self.make_invoice(days=10, amount=249, currency=euro)
        self.assertEqual(self.outcome(), [("stage_minimum", 249)])
        self.make_invoice(days=10, amount=1, currency=euro)
        self.assertEqual(self.outcome(), [("First reminder", 250)])

    def test_smallest_share_of_the_balance(self):
        self.first.min_share = 10
        self.make_invoice(days=10, amount=99)
        self.make_invoice(days=-30, amount=900)
        self.assertEqual(self.outcome(), [("stage_minimum", 99)])
        self.make_invoice(days=10, amount=2)
        self.assertEqual(self.outcome(), [("First reminder", 101)])

    def test_just_the_smallest_share_is_enough(self):
        self.first.min_share = 10
        self.make_invoice(days=10, amount=100)
        self.make_invoice(days=-30, amount=900)
        self.assertEqual(self.outcome(), [("First reminder", 100)])

    def test_what_is_not_asked_for_does_not_reach_the_amount(self):
        self.first.min_amount = 500
        self.make_invoice(days=10, amount=400)
        self.make_invoice(days=10, amount=300).action_toggle_block_payment()
        self.assertIn(("stage_minimum", 400), self.outcome())

    def test_each_currency_reaches_the_amount_by_itself(self):
        euro = self.setup_other_currency("EUR", rates=[("2000-01-01", 1.0)])
        self.first.min_amount = 500
        self.make_invoice(days=10, amount=600)
        self.make_invoice(days=10, amount=400, currency=euro)
        self.assertEqual(self.outcome(), [("First reminder", 600), ("stage_minimum", 400)])

    def test_just_the_smallest_letter_goes_out(self):
        self.make_invoice(days=20, amount=50)
        self.assertEqual(self.outcome(), [("First reminder", 50)])
        other = self.make_customer("Credit AG")
        self.make_invoice(days=20, amount=100, partner=other)
        self.make_entry([(other, None, -60.0)])
        self.assertEqual(self.outcome(other), [("minimum", 100)], "what is asked for is 40")

    def test_two_stages_before_the_due_date(self):
        later = self.before.copy({"day_offset": -2, "policy_id": self.policy.id, "name": "Soon due"})
        self.make_invoice(days=-2)
        letter = self.propose().letter_ids
        self.assertEqual((letter.stage_id, len(letter.line_ids)), (later, 1))

    def test_letters_of_other_companies_and_currencies_do_not_stand_in_the_way(self):
        other = self.setup_other_company()["company"]
        policy = self.make_policy(other)
        euro = self.setup_other_currency("EUR", rates=[("2000-01-01", 1.0)])
        self.make_invoice(days=20, company=other)
        theirs = self.propose(policy=policy).letter_ids
        self.make_invoice(days=20)
        ours = self.propose().letter_ids
        self.assertEqual(ours.company_id, self.company, "theirs waits")
        self.make_invoice(days=20, amount=300, currency=euro)
        self.assertEqual(self.propose().letter_ids.currency_id, euro, "ours waits")
        self.env["ar.dunning.letter"].sudo().search([("company_id", "=", self.company.id)]).action_drop()
        theirs.sudo().write({"state": "sent", "date": self.today})
        self.env["ar.dunning.letter"].sudo().search([("state", "=", "cancelled")]).cancel_reason = "settled"
        self.assertEqual(len(self.propose().letter_ids), 2, "the letter of the other company is no contact")

    def test_skipping_falls_to_the_highest_stage_that_is_reached(self):
        self.policy.skip_when_late = True
        self.third.min_amount = 5000
        self.make_invoice(days=200, amount=1000)
        letter = self.propose().letter_ids
        self.assertEqual(letter.stage_id, self.second)
        self.send_on(self.today, letter)
        self.assertEqual(self.outcome(date=self.day(7)), [("stage_minimum", 1000)])

    def test_stage_that_is_fallen_back_to_repeats_if_set(self):
        self.third.min_amount = 5000
        self.second.repeat_days = 10
        self.policy.skip_when_late = True
        self.make_invoice(days=200, amount=1000)
        self.send_on(self.today, self.propose().letter_ids)
        self.assertEqual(self.outcome(date=self.day(9)), [("stage_minimum", 1000)])
        self.assertEqual(self.outcome(date=self.day(10)), [("Second reminder", 1000)])

    def test_small_items_do_not_count_to_a_reminder_before_the_due_date(self):
        self.before.min_amount = 1000
        self.make_invoice(days=-3, amount=400)
        self.make_invoice(days=1, amount=900)
        self.assertEqual(self.outcome(), [("stage_minimum", 400)])

    # Skipping

    def test_very_late_items_skip_if_set(self):
        self.policy.skip_when_late = True
        self.make_invoice(days=20, amount=100)
        self.make_invoice(days=200, amount=200)
        letter = self.propose().letter_ids
        self.assertEqual(
            {line.amount: line.stage_id for line in letter.line_ids}, {100: self.second, 200: self.third}
        )
        self.assertEqual(letter.stage_id, self.third)
        other = self.make_customer("Just late")
        self.make_invoice(days=14, partner=other)
        letter = self.propose().letter_ids.filtered(lambda letter: letter.partner_id == other)
        self.assertEqual(letter.line_ids.stage_id, self.second, "on its day")
        self.assertEqual(len(letter.line_ids), 1)

    def test_skipping_never_reaches_a_hand_over(self):
        self.policy.skip_when_late = True
        self.add_stage(60, legal=True)
        self.make_invoice(days=200)
        letter = self.propose().letter_ids
        self.assertEqual(letter.stage_id, self.third)
        self.send_on(self.today, letter)
        self.assertEqual(self.outcome(date=self.day(7)), [("hand_over", 1000)])

    def test_grace_counts_for_skipping(self):
        self.policy.write({"skip_when_late": True, "grace_days": 5})
        self.make_invoice(days=18)
        self.assertEqual(self.propose().letter_ids.stage_id, self.first)

    # Repeating, handing over

    def add_stage(self, offset, **values):
        return self.env["ar.dunning.stage"].create(
            {
                "policy_id": self.policy.id,
                "name": f"Stage {offset}",
                "day_offset": offset,
                "phase": "clearing",
                "template_id": self.third.template_id.id,
                "letter_title": "Final",
                **values,
            }
        )

    def climb(self, last=28):
        """Send all stages of the customer, one a week; return the day of the last."""
        date = self.today
        for _stage in range(3):
            self.send_on(date, self.propose(date).letter_ids)
            date += timedelta(days=7)
        return date - timedelta(days=7)

    def test_last_stage_repeats_if_set(self):
        self.third.repeat_days = 20
        invoice = self.make_invoice(days=200)
        date = self.climb()
        self.assertEqual(invoice.dunning_stage_id, self.third)
        self.assertFalse(self.propose(date + timedelta(days=19)).letter_ids)
        again = self.propose(date + timedelta(days=20)).letter_ids
        self.assertEqual((again.stage_id, again.occurrence), (self.third, 4))
        self.send_on(date + timedelta(days=20), again)
        self.assertFalse(self.propose(date + timedelta(days=39)).letter_ids)
        self.assertTrue(self.propose(date + timedelta(days=40)).letter_ids)

    def test_last_letter_repeats_until_the_hand_over(self):
        """Both where every stage is sent in turn and where late items skip stages."""
        for skip in (False, True):
            with self.subTest(skip=skip), self.cr.savepoint() as savepoint:
                self.policy.skip_when_late = skip
                self.third.repeat_days = 20
                self.add_stage(250, legal=True)
                invoice = self.make_invoice(days=200)
                date = self.today if skip else self.climb()
                if skip:
                    self.send_on(date, self.propose(date).letter_ids)
                self.assertEqual(invoice.dunning_stage_id, self.third)
                invoice.invalidate_recordset()
                self.assertEqual(invoice.dunning_next_date, date + timedelta(days=20))
                self.assertFalse(self.propose(date + timedelta(days=19)).letter_ids)
                again = self.propose(date + timedelta(days=20)).letter_ids
                self.assertEqual((again.stage_id, len(again.line_ids)), (self.third, 1))
                self.send_on(date + timedelta(days=20), again)
                invoice.invalidate_recordset()
                self.assertEqual(invoice.dunning_next_date, self.day(40) if skip else False)
                for days in (50, 60):
                    self.assertEqual(self.outcome(date=self.day(days)), [("hand_over", 1000)])
                savepoint.rollback()

    def test_a_stage_that_is_not_the_last_does_not_repeat(self):
        self.first.repeat_days = 8
        self.make_invoice(days=4)
        self.send_on(self.today, self.propose().letter_ids)
        self.assertFalse(self.propose(self.day(9)).letter_ids)

    def test_items_to_hand_over_get_no_letter(self):
        legal = self.add_stage(60, legal=True)
        old = self.make_invoice(days=200)
        date = self.climb() + timedelta(days=7)
        fresh = self.make_invoice(days=10, amount=300)
        self.assertEqual(self.outcome(date=date), [("First reminder", 300), ("hand_over", 1000)])
        run = self.propose(date)
        self.assertEqual(run.letter_ids.line_ids.move_id, fresh)
        self.assertEqual(run.left_out_ids.mapped("reason"), ["hand_over"])
        old.invalidate_recordset()
        self.assertFalse(old.dunning_next_date)
        item = self.preview_items(date).search([("move_id", "=", old.id)])
        self.assertEqual((item.stage_id, item.reason), (legal, "hand_over"))

    def test_hand_over_asks_somebody_once(self):
        self.add_stage(60, legal=True)
        self.policy.user_id = self.collector
        self.make_invoice(days=200)
        date = self.climb() + timedelta(days=7)
        self.propose(date)
        self.propose(date)
        kind = self.env.ref("ar_credit_control.mail_activity_dunning_hand_over")
        activity = self.env["mail.activity"].search([("activity_type_id", "=", kind.id)])
        self.assertEqual(len(activity), 1)
        self.assertEqual(activity.user_id, self.collector)

    def test_excluded_customers_are_not_handed_over(self):
        self.add_stage(60, legal=True)
        self.make_invoice(days=200)
        date = self.climb() + timedelta(days=7)
        exclusions = self.env["ar.dunning.exclusion"]
        exclusions._exclude_customers(self.customer, self.company, "Talks")
        self.assertEqual(self.outcome(date=date), [("excluded", 1000)])

    def test_stages_make_sense(self):
        for values in (
            {"send_by": "none"},
            {"day_offset": -9, "legal": True},
            {"day_offset": 0, "stops_supply": True},
            {"day_offset": -9, "repeat_days": 3},
        ):
            with self.subTest(values=values), self.assertRaises(ValidationError), self.env.cr.savepoint():
                self.first.write(values)
        self.first.write({"send_by": "none", "task": "call"})

    # Contacts

    def test_days_between_contacts(self):
        """A letter goes out again on the first day that is so many days after the last one."""
        self.policy.contact_interval_days = 7
        self.make_invoice(days=200)
        self.send_on(self.today, self.propose().letter_ids)
        self.assertEqual(self.outcome(date=self.day(6)), [("contacted", 1000)])
        self.assertEqual(self.outcome(date=self.day(7)), [("Second reminder", 1000)])
        self.policy.write({"contact_cap": 5, "contact_cap_days": 30})
        self.assertEqual(self.outcome(date=self.day(7)), [("Second reminder", 1000)])

    def test_copies_are_no_automatic_policies(self):
        self.policy.automatic = True
        self.assertFalse(self.policy.copy().automatic)

    def test_cap_on_contacts(self):
        self.policy.write({"contact_cap": 2, "contact_cap_days": 30})
        invoice = self.make_invoice(days=200)
        self.send_on(self.day(0), self.propose().letter_ids)
        self.send_on(self.day(7), self.propose(self.day(7)).letter_ids)
        self.assertEqual(self.outcome(date=self.day(14)), [("capped", 1000)])
        self.assertEqual(self.outcome(date=self.day(29)), [("capped", 1000)])
        self.assertEqual(self.outcome(date=self.day(30)), [("Supply suspended", 1000)])
        self.assertEqual(invoice.dunning_next_date, self.day(30))

    def test_letters_of_a_day_are_one_contact(self):
        self.policy.write({"contact_cap": 2, "contact_cap_days": 30})
        euro = self.setup_other_currency("EUR", rates=[("2000-01-01", 0.5)])
        self.make_invoice(days=200)
        self.make_invoice(days=200, currency=euro)
        for letter in self.propose().letter_ids:
            self.send_on(self.today, letter)
        self.assertEqual(len(self.propose(self.day(7)).letter_ids), 2)

    def test_channel_is_what_the_stage_says(self):
        nowhere = self.make_customer("Nowhere", email=False, street=False)
        mail_only = self.make_customer("Mail", street=False)
        for customer in (self.customer, nowhere, mail_only):
            self.make_invoice(days=10, partner=customer)
        for values, expected in (
            ({"send_by": "email"}, {self.customer: "email", mail_only: "email"}),
            ({"send_by": "post"}, {self.customer: "post", mail_only: "email"}),
            ({"send_by": "message"}, dict.fromkeys((self.customer, nowhere, mail_only), "message")),
            (
                {"send_by": "none", "task": "visit"},
                dict.fromkeys((self.customer, nowhere, mail_only), "visit"),
            ),
        ):
            with self.subTest(values=values), self.env.cr.savepoint() as savepoint:
                self.first.write(values)
                rows = self.preview().search([("outcome", "=", "letter")])
                self.assertEqual({row.partner_id: row.channel for row in rows}, expected)
                letters = self.propose().letter_ids
                self.assertEqual({letter.partner_id: letter.channel for letter in letters}, expected)
                savepoint.rollback()

    def test_policy_for_persons(self):
        persons = self.make_policy(self.company, name="Persons", customer_kind="person", sequence=1)
        person = self.make_customer("Person", is_company=False)
        self.make_invoice(days=20, partner=person)
        self.make_invoice(days=20)
        self.assertEqual(self.propose(policy=persons).letter_ids.partner_id, person)
        self.assertEqual(self.propose().letter_ids.partner_id, self.customer)

    def test_policy_for_ratings_and_tags(self):
        ratings = self.env["ar.credit.rating"].search([], limit=2)
        tag, other_tag = self.env["res.partner.category"].create([{"name": "Key"}, {"name": "Other"}])
        for name, values in (
            ("Ratings", {"rating_ids": [Command.set(ratings[0].ids)]}),
            ("Tags", {"category_ids": [Command.set(tag.ids)]}),
        ):
            policy = self.make_policy(self.company, name=name, sequence=1, **values)
            fits, fits_not = (self.make_customer(f"{name} {number}") for number in range(2))
            for customer, rating, label in ((fits, ratings[0], tag), (fits_not, ratings[1], other_tag)):
                self.env["ar.credit.profile"]._get_or_create(customer, self.company).rating_id = rating
                customer.category_id = label
                self.make_invoice(days=20, partner=customer)
            self.assertEqual(self.propose(policy=policy).letter_ids.partner_id, fits)
            self.assertIn(fits_not, self.propose().letter_ids.partner_id)
            policy.active = False

    # Working days

    def test_no_letter_on_a_day_without_work(self):
        self.policy.calendar_id = self.make_calendar()
        self.make_invoice(days=30)
        saturday = self.next_weekday(5)
        self.assertEqual(self.outcome(date=saturday), [("quiet_day", 1000)])
        self.assertEqual(self.outcome(date=saturday + timedelta(days=2)), [("First reminder", 1000)])
        self.assertEqual(self.policy._get_working_day(saturday), saturday + timedelta(days=2))

    def test_leave_of_the_company_is_without_work(self):
        self.policy.calendar_id = self.everyday(leaves=[(3, 5)])
        self.assertEqual(
            [self.policy._is_working_day(self.day(number)) for number in range(2, 7)],
            [True, False, False, False, True],
        )
        self.assertEqual(self.policy._get_working_day(self.day(3)), self.day(6))
        invoice = self.make_invoice(days=-1)  # the reminder before it is due now
        later = self.make_invoice(days=0, partner=self.make_customer("Later"))
        self.send_on(self.today, self.propose().letter_ids)
        (invoice | later).invalidate_recordset()
        # Due on a working day; three days later nobody works.
        self.assertEqual(later.dunning_next_date, self.day(7))

    def test_leave_without_a_calendar_is_of_its_company(self):
        calendar = self.everyday(tz="Pacific/Auckland")
        self.policy.calendar_id = calendar
        other = self.setup_other_company()["company"]
        # the whole of a day there, but for which noon in UTC is the day after
        first = datetime.combine(self.day(2), datetime.min.time()) + timedelta(hours=11)
        for company, days in ((self.company, 0), (other, 3)):
            self.env["resource.calendar.leaves"].with_company(company).create(
                {
                    "name": "Festival",
                    "calendar_id": False,
                    "date_from": first + timedelta(days=days),
                    "date_to": first + timedelta(days=days, hours=22),
                }
            )
        self.assertEqual(
            [self.policy._is_working_day(self.day(number)) for number in range(2, 8)],
            [True, False, True, True, True, True],
        )

    def test_every_day_is_one_of_flexible_hours(self):
        """Nobody is bound to days there; nor is work on a day whose hours are lunch alone."""
        self.policy.calendar_id = self.make_calendar()
        saturday = self.next_weekday(5)
        self.assertFalse(self.policy._is_working_day(saturday))
        self.env["resource.calendar.attendance"].create(
            {
                "name": "Canteen",
                "calendar_id": self.policy.calendar_id.id,
                "dayofweek": "5",
                "day_period": "lunch",
                "hour_from": 12,
                "hour_to": 13,
            }
        )
        self.assertFalse(self.policy._is_working_day(saturday))
        self.policy.calendar_id.flexible_hours = True
        self.assertTrue(self.policy._is_working_day(saturday))

    def test_leave_of_a_person_is_no_holiday(self):
        calendar = self.everyday(leaves=[(3, 3)])
        someone = self.env["resource.resource"].sudo()
        calendar.leave_ids.resource_id = someone.create({"name": "Someone", "calendar_id": calendar.id})
        self.policy.calendar_id = calendar
        self.assertTrue(self.policy._is_working_day(self.day(3)))

    def work_on(self, calendar, day):
        """A day on which work goes on, as the calendar keeps it."""
        return self.env["resource.calendar.leaves"].create(
            {
                "name": "In exchange for the festival",
                "time_type": "other",
                "calendar_id": calendar.id,
                "company_id": self.company.id,
                "date_from": datetime.combine(day - timedelta(days=1), datetime.min.time())
                + timedelta(hours=16),
                "date_to": datetime.combine(day, datetime.min.time()) + timedelta(hours=15, minutes=59),
            }
        )

    def test_a_worked_day_of_a_weekend_is_a_working_day(self):
        saturday = self.next_weekday(5)
        calendar = self.make_calendar()
        self.work_on(calendar, saturday)
        self.policy.calendar_id = calendar
        self.make_invoice(days=30)
        self.assertEqual(self.outcome(date=saturday), [("First reminder", 1000)])
        self.assertFalse(self.policy._is_working_day(saturday + timedelta(days=1)))

    def test_leave_on_a_worked_day_is_leave(self):
        saturday = self.next_weekday(5)
        number = (saturday - self.today).days
        calendar = self.make_calendar(leaves=[(number, number)])
        self.work_on(calendar, saturday)
        self.policy.calendar_id = calendar
        self.assertFalse(self.policy._is_working_day(saturday))
        self.assertEqual(self.policy.leave_ids.mapped("name"), ["Festival"])
        self.assertEqual(self.policy.workday_ids.mapped("name"), ["In exchange for the festival"])
        worked = self.policy.workday_ids.with_context(tz="America/Los_Angeles")
        self.assertEqual((worked.credit_day_from, worked.credit_day_to), (saturday, saturday))

    def test_every_other_week_as_odoo_counts(self):
        calendar = self.make_calendar()
        monday = self.next_weekday(0)
        calendar.switch_calendar_type()
        hours = calendar.attendance_ids.filtered(lambda line: not line.display_type)
        week = str(hours.get_week_type(monday))
        hours.filtered(lambda line: line.dayofweek == "0" and line.week_type == week).unlink()
        self.policy.calendar_id = calendar
        self.assertFalse(self.policy._is_working_day(monday))
        self.assertTrue(self.policy._is_working_day(monday + timedelta(days=7)))

    def test_due_on_a_holiday_counts_from_the_next_working_day(self):
        self.policy.calendar_id = self.everyday(leaves=[(-4, -2)])
        self.make_invoice(days=4)
        self.assertFalse(self.propose().letter_ids, "one day after the working day on which it fell due")
        line = self.propose(self.day(2)).letter_ids.line_ids
        self.assertEqual((line.stage_id, line.days_overdue), (self.first, 6))

    def test_the_schedule_rests(self):
        self.policy.write({"automatic": True, "calendar_id": self.everyday(leaves=[(0, 0)]).id})
        self.company.partner_id.tz = self.env.user.tz
        self.make_invoice(days=30)
        runs = self.env["ar.dunning.run"].sudo()
        runs._cron_run_policy(self.policy)
        self.assertFalse(runs.search([("policy_id", "=", self.policy.id)]))

    def test_approved_letters_wait_for_a_working_day(self):
        self.make_invoice(days=30)
        letter = self.propose().letter_ids.sudo()
        letter.with_user(self.other_controller).action_approve()
        self.policy.calendar_id = calendar = self.everyday(leaves=[(-1, 1)])
        letter._queue()
        self.assertEqual(letter.state, "approved")
        self.assertNotIn(letter.id, letter._lock_next([]))
        calendar.leave_ids.unlink()
        self.assertIn(letter.id, letter._lock_next([]))
        letter._queue()
        self.assertEqual(letter.state, "queued")

    # Public holidays

    def open_holidays(self, user=None, **values):
        manager = user or self.env.user
        wizards = self.env["ar.dunning.calendar"].with_user(manager)
        return wizards.create({"policy_id": self.policy.id, **values})

    def test_public_holidays_fill_the_calendar(self):
        self.env.user.tz = "Europe/Berlin"
        germany = self.env.ref("base.de")
        wizard = self.open_holidays(country_id=germany.id, year=2027)
        self.assertIn("2027", wizard.preview)
        wizard.action_add()
        calendar = self.policy.calendar_id
        self.assertEqual(calendar.company_id, self.company)
        days = {(leave.date_from + timedelta(hours=12)).date() for leave in calendar.leave_ids}
        self.assertIn(datetime(2027, 12, 25).date(), days)
        self.assertIn(datetime(2027, 3, 29).date(), days, "Easter Monday")
        self.assertFalse(self.policy._is_working_day("2027-05-17"), "Whit Monday")
        count = len(calendar.leave_ids)
        self.open_holidays(country_id=germany.id, year=2027).action_add()
        self.assertEqual(len(calendar.leave_ids), count, "each day once")

    def test_holidays_of_a_state(self):
        bavaria = self.env.ref("base.state_de_by")
        wizard = self.open_holidays(country_id=bavaria.country_id.id, state_id=bavaria.id, year=2027)
        epiphany = datetime(2027, 1, 6).date()
        self.assertIn(epiphany, [day for day, _name, _type in wizard._get_days()])
        wizard.state_id = self.env.ref("base.state_de_be")
        self.assertNotIn(epiphany, [day for day, _name, _type in wizard._get_days()])

    def test_holidays_of_china_come_with_the_weekends_worked_for_them(self):
        wizard = self.open_holidays(country_id=self.env.ref("base.cn").id, year=2026)
        self.assertIn("worked", wizard.preview)
        wizard.action_add()
        self.assertTrue(self.policy._is_working_day("2026-02-14"), "a Saturday that is worked")
        self.assertFalse(self.policy._is_working_day("2026-02-16"), "New Year's Eve, a Monday")
        self.assertFalse(self.policy._is_working_day("2026-02-21"), "a Saturday")
        self.assertEqual(
            len(self.policy.calendar_id.leave_ids.filtered(lambda day: day.time_type == "other")), 6
        )
        count = len(self.policy.calendar_id.leave_ids)
        self.open_holidays(country_id=self.env.ref("base.cn").id, year=2026).action_add()
        self.assertEqual(len(self.policy.calendar_id.leave_ids), count, "each day once")

    def test_own_days_that_are_worked(self):
        saturday = self.next_weekday(5)
        self.open_holidays(mode="work", name="Stocktaking", date_from=saturday).action_add()
        self.assertTrue(self.policy._is_working_day(saturday))
        self.assertFalse(self.policy._is_working_day(saturday + timedelta(days=1)))

    def test_days_of_the_company(self):
        calendar = self.company.resource_calendar_id
        saturday = self.next_weekday(5)
        settings = self.env["res.config.settings"].create({"company_id": self.company.id})
        action = settings.action_add_company_days()
        wizard = self.env["ar.dunning.calendar"].with_context(**action["context"])
        wizard.create({"mode": "work", "date_from": saturday}).action_add()
        self.assertEqual(calendar.leave_ids.mapped("time_type"), ["other"])
        disputes = self.env["ar.dispute"]
        self.assertEqual(disputes._plan_days(self.company, saturday - timedelta(days=1), 1), saturday)
        with self.assertRaises(AccessError):
            wizard.with_user(self.controller).create({"mode": "work", "date_from": saturday}).action_add()

    def test_own_days(self):
        wizard = Form(
            self.env["ar.dunning.calendar"].with_context(
                default_policy_id=self.policy.id, default_mode="days"
            )
        )
        wizard.name = "Stocktaking"
        wizard.date_from = self.day(10)
        wizard.date_to = self.day(12)
        wizard.save().action_add()
        self.assertEqual(self.policy.calendar_id.leave_ids.mapped("name"), ["Stocktaking"] * 3)
        self.assertEqual(len(self.policy.leave_ids), 3)
        self.assertFalse(self.policy._is_working_day(self.day(11)))

    def test_wrong_days_are_refused(self):
        for values in (
            {"mode": "days"},
            {"mode": "days", "date_from": self.day(5), "date_to": self.day(4)},
            {"mode": "days", "date_from": self.day(5), "date_to": self.day(400)},
            {"country_id": False},
            {"year": 20270},
        ):
            with self.subTest(values=values), self.assertRaises(UserError):
                self.open_holidays(**values).action_add()

    def test_only_managers_fill_calendars(self):
        for user in (self.controller, self.collector, self.auditor):
            with self.assertRaises(AccessError):
                self.open_holidays(user=user, year=2027)

    # Money that is on its way

    def test_unapplied_receipt_covers(self):
        self.make_invoice(days=20, amount=1000)
        method_line = self.company_data["default_journal_bank"].inbound_payment_method_line_ids[:1]
        method_line.payment_account_id = self.company_data["default_account_revenue"].copy(
            {"account_type": "asset_current", "reconcile": True}
        )
        payment = self.env["account.payment"].create(
            {
                "payment_type": "inbound",
                "partner_type": "customer",
                "partner_id": self.customer.id,
                "amount": 1000,
                "journal_id": self.company_data["default_journal_bank"].id,
                "payment_method_line_id": method_line.id,
            }
        )
        payment.action_post()
        self.assertTrue(payment.move_id)
        self.assertEqual(self.outcome(), [("unapplied", 1000)])

    def bank_line(self, amount, **values):
        return self.env["account.bank.statement.line"].create(
            {
                "journal_id": self.company_data["default_journal_bank"].id,
                "amount": amount,
                "payment_ref": "received",
                "date": self.today,
                **values,
            }
        )

    def test_bank_line_from_the_account_of_the_customer_covers(self):
        self.make_invoice(days=20, amount=1000)
        contact = self.env["res.partner"].create({"name": "Payables", "parent_id": self.customer.id})
        self.env["res.partner.bank"].create(
            {"acc_number": "DE89 3704 0044 0532 0130 00", "partner_id": contact.id}
        )
        self.bank_line(1000, account_number="DE89370400440532013000")
        self.assertEqual(self.outcome(), [("unapplied", 1000)])

    def test_bank_account_of_two_customers_says_nothing(self):
        self.make_invoice(days=20, amount=1000)
        for partner in (self.customer, self.make_customer("Other")):
            self.env["res.partner.bank"].create({"acc_number": "12345678", "partner_id": partner.id})
        self.bank_line(1000, account_number="12345678")
        self.assertEqual(self.outcome(), [("First reminder", 1000)])

    def test_money_paid_out_does_not_cover(self):
        self.make_invoice(days=20, amount=1000)
        self.bank_line(-1000, partner_id=self.customer.id)
        self.assertEqual(self.outcome(), [("First reminder", 1000)])

    def test_bank_line_that_does_not_cover_all_lets_the_letter_go(self):
        self.make_invoice(days=20, amount=1000)
        self.bank_line(999, partner_id=self.customer.id)
        self.assertEqual(self.outcome(), [("First reminder", 1000)])

    def transaction(self, state, **values):
        provider = self.env["payment.provider"].search([("company_id", "=", self.company.id)], limit=1)
        provider = provider or self.env["payment.provider"].create(
            {"name": "Cards", "company_id": self.company.id}
        )
        methods = self.env["payment.method"].with_context(active_test=False)
        transaction = self.env["payment.transaction"].create(
            {
                "provider_id": provider.id,
                "payment_method_id": methods.search([], limit=1).id,
                "reference": f"dunning-{state}",
                "amount": 1000,
                "currency_id": self.company.currency_id.id,
                "partner_id": self.customer.id,
                **values,
            }
        )
        self.env.flush_all()
        # Providers of other addons bring it there.
        self.env.cr.execute(
            "UPDATE payment_transaction SET state = %s WHERE id = %s", [state, transaction.id]
        )
        self.env.invalidate_all()
        return transaction

    def test_transactions_cover_by_their_state(self):
        self.make_invoice(days=20, amount=1000)
        for state, covered in (("authorized", True), ("done", True), ("pending", False), ("cancel", False)):
            with self.subTest(state=state), self.env.cr.savepoint() as savepoint:
                self.transaction(state)
                expected = ("unapplied", 1000) if covered else ("First reminder", 1000)
                self.assertEqual(self.outcome(), [expected])
                savepoint.rollback()
                self.env.invalidate_all()

    def test_money_on_its_way_in_another_currency_covers(self):
        euro = self.setup_other_currency("EUR", rates=[("2000-01-01", 0.5)])
        self.make_invoice(days=20, amount=1000)
        self.transaction("authorized", amount=499, currency_id=euro.id)
        self.assertEqual(self.outcome(), [("First reminder", 1000)])
        self.transaction("done", amount=1, currency_id=euro.id)
        self.assertEqual(self.outcome(), [("unapplied", 1000)])

    def test_transaction_that_became_a_payment_counts_once(self):
        self.make_invoice(days=20, amount=1000)
        transaction = self.transaction("done")
        self.env.cr.execute(
            "UPDATE payment_transaction SET is_post_processed = TRUE WHERE id = %s", [transaction.id]
        )
        self.assertEqual(self.outcome(), [("First reminder", 1000)])

    def test_money_for_another_company_does_not_cover(self):
        other = self.setup_other_company()
        self.make_invoice(days=20, amount=1000)
        self.bank_line(1000, partner_id=self.customer.id, journal_id=other["default_journal_bank"].id)
        self.assertEqual(self.outcome(), [("First reminder", 1000)])

    # Next date

    def test_next_date_is_the_day_of_the_letter(self):
        """The date on the invoice is the first day on which the proposal writes its letter."""
        self.policy.write(
            {
                "grace_days": 2,
                "contact_cap": 3,
                "contact_cap_days": 25,
                "calendar_id": self.everyday(leaves=[(4, 6), (13, 13)]).id,
            }
        )
        self.third.repeat_days = 11
        invoice = self.make_invoice(days=1)
        date, sent = self.today, []
        while date < self.day(40):
            invoice.invalidate_recordset()
            if date == self.today or sent and sent[-1] == date - timedelta(days=1):
                expected = invoice.dunning_next_date
            letter = self.propose(date).letter_ids
            if letter:
                self.assertEqual(date, expected)
                self.send_on(date, letter)
                sent.append(date)
            date += timedelta(days=1)
        self.assertGreaterEqual(len(sent), 3)

    def test_what_is_not_reminded_of_has_no_next_date(self):
        invoices = [self.make_invoice(days=20) for _number in range(3)]
        _plain, blocked, silent = invoices
        blocked.action_toggle_block_payment()
        silent.no_followup = True
        deposits = self.make_invoice(days=20)
        deposits.button_draft()
        deposits.line_ids.filtered("date_maturity").account_id = self.company_data[
            "default_account_receivable"
        ].copy({"non_trade": True})
        deposits.action_post()
        paid_back = self.make_entry([(self.customer, 20, 100.0)], "default_journal_bank")
        self.policy.manual_entries = "include"
        migrated = self.make_entry([(self.customer, 20, 100.0)])
        moves = self.env["account.move"].union(*invoices, deposits, paid_back, migrated)
        self.env.flush_all()
        moves.invalidate_recordset()
        self.assertEqual(
            moves.filtered("dunning_next_date"),
            invoices[0] + migrated,
        )
        letter = self.propose().letter_ids
        self.assertEqual(letter.line_ids.move_id, invoices[0] + migrated)

    def test_archived_stages_have_no_next_date(self):
        invoice = self.make_invoice(days=1)
        self.assertEqual(invoice.dunning_next_date, self.day(2))
        self.first.active = False
        self.env.flush_all()
        invoice.invalidate_recordset()
        self.assertEqual(invoice.dunning_next_date, self.day(13))

    # Supply

    def test_stage_that_stops_supply_gets_its_rule(self):
        self.third.stops_supply = True
        rules = self.env["ar.credit.rule"].with_context(active_test=False)
        domain = [("company_id", "=", self.company.id), ("kind", "=", "dunning_stage"), ("count", "=", 0)]
        rule = rules.search(domain)
        self.assertEqual(len(rule), 1)
        self.assertTrue(rule.active and rule.on_order and rule.on_delivery)
        self.assertIn("stops supply", rule.sentence)
        rule.active = False
        self.policy.active = False
        self.policy.active = True
        self.assertEqual(rules.search(domain), rule)
        self.assertFalse(rule.active, "who switched it off decided so")

    def test_sent_stage_stops_supply_until_paid(self):
        self.company.credit_control_active = True
        self.policy.skip_when_late = True
        self.third.stops_supply = True
        product = self.env["product.product"].create({"name": "Work", "type": "service"})
        invoice = self.make_invoice(days=200)
        rule = self.env["ar.credit.rule"].search(
            [("company_id", "=", self.company.id), ("kind", "=", "dunning_stage"), ("count", "=", 0)]
        )
        (self.env["ar.credit.rule"].search([("company_id", "=", self.company.id)]) - rule).active = False
        letter = self.propose().letter_ids

        def verdict():
            checks = self.env["ar.credit.check"].sudo()
            order = (
                self.env["sale.order"]
                .sudo()
                .create(
                    {
                        "partner_id": self.customer.id,
                        "company_id": self.company.id,
                        "order_line": [
                            Command.create({"product_id": product.id, "product_uom_qty": 1, "price_unit": 10})
                        ],
                    }
                )
            )
            return checks._judge(order)[order.id]

        self.assertEqual(letter.stage_id, self.third)
        self.assertEqual(verdict().outcome, "pass")
        self.send(letter)
        stopped = verdict()
        self.assertEqual(stopped.outcome, "hold")
        self.assertEqual(stopped.pay, 1000)
        describe = self.env["ar.credit.check"]._describe_dunning_stage
        self.assertIn("stopped by a reminder", describe(stopped.reasons[0], str))
        self.pay(invoice)
        self.assertEqual(verdict().outcome, "pass")

    # Rights

    def test_only_managers_change_policies(self):
        for user in (self.seller, self.collector, self.controller, self.auditor):
            with self.assertRaises(AccessError):
                self.policy.with_user(user).skip_when_late = True
            with self.assertRaises(AccessError):
                self.first.with_user(user).min_amount = 5

    # Statements

    def test_statements_do_not_depend_on_pauses_and_settings(self):
        self.policy.write({"skip_when_late": True, "contact_cap": 5, "calendar_id": self.make_calendar().id})
        self.first.min_amount = 10
        monday = self.next_weekday(0)

        def statements(count):
            customers = [self.make_customer(f"S{count}-{number}") for number in range(count)]
            invoices = [self.make_invoice(days=20, partner=customer) for customer in customers]
            exclusions = self.env["ar.dunning.exclusion"]
            moves = self.env["account.move"].union(*invoices[: count // 2])
            exclusions._exclude_items(
                self.env["ar.aging.report"].search([("move_id", "in", moves.ids), ("amount", ">", 0)]), "Why"
            )
            self.env.flush_all()
            self.env.invalidate_all()
            before = self.env.cr.sql_log_count
            run = self.propose(monday)
            used = self.env.cr.sql_log_count - before
            self.assertEqual(run.letter_count, count - count // 2)
            return used

        statements(2)
        self.assertLessEqual(abs(statements(20) - statements(4)), 2)

    # Any course of events

    @settings(
        max_examples=6,
        deadline=None,
        derandomize=True,
        database=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(
        skip=st.booleans(),
        repeat=st.sampled_from([0, 9]),
        smallest=st.sampled_from([0, 300]),
        invoices=st.lists(st.tuples(st.integers(-8, 40), st.integers(60, 400)), min_size=1, max_size=3),
        steps=st.lists(
            st.tuples(st.integers(1, 12), st.sampled_from(["wait", "send", "drop", "pay", "pause"])),
            min_size=4,
            max_size=9,
        ),
    )
    def test_no_stage_twice_and_none_skipped(self, skip, repeat, smallest, invoices, steps):
        """Whatever days pass and whatever is paid: each stage once, and in order, unless set otherwise."""
        with self.env.cr.savepoint() as savepoint:
            self.policy.skip_when_late = skip
            self.third.repeat_days = repeat
            self.second.min_amount = smallest
            customer = self.make_customer("Walk")
            moves = [
                self.make_invoice(days=days, amount=amount, partner=customer) for days, amount in invoices
            ]
            after = [self.first, self.second, self.third]
            sent = {move: [] for move in moves}
            date = self.today
            for days, what in steps:
                date += timedelta(days=days)
                if what == "pay" and moves[0].amount_residual > 1:
                    self.pay(moves[0], moves[0].amount_residual / 2)
                if what == "pause":
                    items = self.env["ar.aging.report"].search([("move_id", "=", moves[-1].id)])
                    self.env["ar.dunning.exclusion"]._exclude_items(items, "Talks", date + timedelta(days=5))
                letters = self.propose(date).letter_ids
                if what == "drop":
                    letters.with_user(self.collector).action_drop()
                    letters.sudo().date = date
                    continue
                for letter in letters:
                    self.send_on(date, letter)
                    for line in letter.line_ids.filtered("is_due"):
                        sent[line.move_id].append(line.stage_id)
            for stages in sent.values():
                climbed = [stage for stage in stages if stage in after]
                once = [stage for index, stage in enumerate(climbed) if stage not in climbed[:index]]
                self.assertEqual(once, sorted(once, key=lambda stage: stage.day_offset))
                self.assertLessEqual(stages.count(self.before), 1)
                if not repeat:
                    self.assertEqual(climbed, once, "no stage twice")
                if not skip:
                    self.assertEqual(once, after[: len(once)], "no stage skipped")
            savepoint.rollback()
        self.env.invalidate_all()
