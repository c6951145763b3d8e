import datetime
import re
from calendar import isleap
from decimal import ROUND_HALF_UP, Decimal

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from lxml import etree

from odoo.fields import Command
from odoo.tests import new_test_user, tagged
from odoo.tools import file_open

from .common_interest import DATE, InterestCase

ONE_DAY = datetime.timedelta(days=1)


@tagged("post_install", "-at_install")
class TestInterestFigures(InterestCase):
    """The arithmetic, on amounts in and outside the ledger."""

    def preset(self, key):
        return self.env["ar.interest.scheme"]._create_presets(self.company, [key])

    # the worked figures

    def test_eu_directive(self):
        segments, sums = self.simulate(self.preset("eu_directive"), 10000.0, "2024-05-31", "2024-08-15")
        self.assertEqual(
            [(segment["days"], segment["rate"], segment["amount"]) for segment in segments],
            [(30, 12.5, 102.74), (46, 12.25, 154.38)],
        )
        self.assertEqual(str(segments[0]["date_to"]), "2024-06-30")
        self.assertAlmostEqual(sums["interest"] + sums["fee"], 297.12)

    def test_uk_with_and_without_daily_rounding(self):
        scheme = self.preset("uk")
        # 0.5 % on 31 December 2015 and 30 June 2016: 8.5 %, whatever came later
        _segments, sums = self.simulate(scheme, 1000.0, "2016-06-30", "2016-08-19")
        self.assertAlmostEqual(sums["interest"], 11.64)
        self.assertEqual(sums["fee"], 70.0)
        scheme.rounding = "day"
        self.assertAlmostEqual(self.simulate(scheme, 1000.0, "2016-06-30", "2016-08-19")[1]["interest"], 11.5)

    def test_uk_rate_of_the_first_day_of_delay_stays(self):
        scheme = self.preset("uk")
        segments, _sums = self.simulate(scheme, 1000.0, "2022-06-30", "2023-08-01")
        self.assertEqual({segment["rate"] for segment in segments}, {9.25})
        segments, _sums = self.simulate(scheme, 1000.0, "2022-06-29", "2022-08-01")
        self.assertEqual({segment["rate"] for segment in segments}, {8.25})

    def test_uk_fixed_sums_by_band(self):
        scheme = self.preset("uk")
        for amount, fee in ((999.99, 40), (1000, 70), (9999.99, 70), (10000, 100)):
            self.assertEqual(self.simulate(scheme, amount, "2024-01-01", "2024-02-01")[1]["fee"], fee, amount)

    def test_china_a_day(self):
        segments, sums = self.simulate(self.preset("china"), 100000.0, "2025-06-30", "2025-08-14")
        self.assertEqual(segments[0]["days"], 45)
        self.assertEqual(sums["interest"], 2250.0)
        self.assertEqual(sums["fee"], 0.0)

    def test_part_payment(self):
        due = DATE("2023-01-10")
        _segments, sums = self.simulate(
            self.scheme, 1000.0, due, due + 50 * ONE_DAY, [(due + 20 * ONE_DAY, 400.0)]
        )
        self.assertAlmostEqual(sums["interest"], 10.41)

    # rates

    def test_shipped_base_rates_follow_the_ecb(self):
        def rates(code):
            reference = self.env["ar.interest.reference"].search([("code", "=", code)])
            return {rate.date_from: rate.rate for rate in reference.rate_ids}

        ecb, germany, austria = rates("ECB"), rates("DE"), rates("AT")
        self.assertEqual(ecb.keys(), germany.keys())
        # Austria's figure of this half-year was found in no source
        self.assertEqual(ecb.keys() - austria.keys(), {datetime.date(2026, 7, 1)})
        self.assertEqual(rates("BOE").keys(), ecb.keys())
        for day, rate in ecb.items():
            self.assertAlmostEqual(germany[day], rate - 0.88, msg=day)
        for day, rate in austria.items():
            # Austria's moves by steps of half a point or more
            self.assertLess(abs(rate - (ecb[day] - 0.62)), 0.5, day)
        self.assertEqual(len(ecb), 28)

    def test_every_shipped_rate_says_its_source(self):
        references = self.env["ar.interest.reference"].search([])
        self.assertGreaterEqual(len(references), 5)
        self.assertFalse(references.rate_ids.filtered(lambda rate: not rate.source))
        self.assertFalse(references.filtered(lambda reference: not (reference.publisher and reference.note)))

    def test_sources_are_written_in_english(self):
        with file_open("ar_credit_control/data/interest_reference_data.xml", "rb") as file:
            fields = etree.parse(file).iter("field")
        self.assertFalse([field.text for field in fields if re.search("[\u4e00-\u9fff]", field.text or "")])

    def test_old_rates_warn(self):
        reference = self.env["ar.interest.reference"].create({"name": "Own", "code": "OWN"})
        scheme = self.make_scheme(reference_id=reference.id, margin=1.0)
        self.assertIn("no figures", scheme.rate_warning)
        start = self.today.replace(month=1 if self.today.month < 7 else 7, day=1)
        reference.rate_ids = [Command.create({"date_from": start - ONE_DAY, "rate": 1.0})]
        self.assertIn("not maintained since", scheme.rate_warning)
        reference.rate_ids = [Command.create({"date_from": start, "rate": 1.0})]
        self.assertFalse(scheme.rate_warning)
        reference.write({"interval": "change", "checked_until": False})
        self.assertEqual(bool(scheme.rate_warning), (self.today - start).days > 45)
        reference.checked_until = self.today
        self.assertFalse(scheme.rate_warning)

    def make_outdated(self, **values):
        """A reference rate whose newest figure ended long ago, and the company's scheme on it."""
        reference = self.env["ar.interest.reference"].create(
            {
                "name": "Old",
                "code": "OLD",
                "rate_ids": [Command.create({"date_from": "2020-01-01", "rate": 1.25})],
                **values,
            }
        )
        self.scheme.write({"rate_ids": [Command.clear()], "reference_id": reference.id})
        return reference

    def test_warning_says_since_when_and_what_goes_on(self):
        reference = self.make_outdated()
        for text in ("since 07/01/2020", "1.25 % since 01/01/2020", "may be out of date"):
            self.assertIn(text, reference.warning)
            self.assertIn(text, self.scheme.rate_warning)
        action = self.scheme.action_open_outdated()
        self.assertEqual((action["res_model"], action["res_id"]), (reference._name, reference.id))

    def test_manager_is_asked_for_the_next_figure_once(self):
        reference = self.make_outdated()
        unused = reference.copy({"code": "UNUSED"})
        references = self.env["ar.interest.reference"]
        new_test_user(
            self.env,
            "int_manager",
            groups="ar_credit_control.group_credit_manager",
            company_id=self.company.id,
            company_ids=[Command.set(self.company.ids)],
        )
        references._cron_warn_outdated()
        activity = reference.activity_ids
        self.assertEqual(len(activity), 1)
        self.assertIn(self.company, activity.user_id.company_ids)
        self.assertTrue(activity.user_id.has_group("ar_credit_control.group_credit_manager"))
        self.assertIn("may be out of date", activity.note)
        self.assertFalse(unused.activity_ids, "nobody charges by it")
        references._cron_warn_outdated()
        self.assertEqual(reference.activity_ids, activity)
        # done without a figure: not asked again before the next half-year
        activity.action_done()
        references._cron_warn_outdated()
        self.assertFalse(reference.activity_ids)
        reference.warned_for = "2020-07-01"
        references._cron_warn_outdated()
        self.assertTrue(reference.activity_ids)
        half_year = self.today.replace(month=1 if self.today.month < 7 else 7, day=1)
        reference.rate_ids = [Command.create({"date_from": half_year, "rate": 2.0})]
        self.assertFalse(reference.activity_ids, "the figure was entered")
        self.assertFalse(self.scheme.rate_warning)

    def test_shipped_figure_leaves_what_was_entered(self):
        reference = self.make_outdated()
        entered = reference.rate_ids
        data = {
            "xml_id": "ar_credit_control.interest_rate_old_2020_01_01",
            "values": {"reference_id": reference.id, "date_from": "2020-01-01", "rate": 9.0},
            "noupdate": True,
        }
        self.assertEqual(entered._load_records([data], update=True), entered)
        self.assertEqual((entered.rate, len(reference.rate_ids)), (1.25, 1))

    def test_newest_shipped_figures(self):
        for code, rate in (("ecb", 2.4), ("de", 1.52), ("boe", 3.75)):
            reference = self.env.ref(f"ar_credit_control.interest_reference_{code}")
            newest = self.env.ref(f"ar_credit_control.interest_rate_{code}_2026_07_01")
            self.assertIn(newest, reference.rate_ids)
            self.assertEqual((str(newest.date_from), newest.rate), ("2026-07-01", rate))
            self.assertTrue(newest.source)

    # due dates on days without work

    def rest(self, first, last, calendar=None):
        """A holiday of the company, both days included."""
        self.env["resource.calendar.leaves"].create(
            {
                "name": "Holiday",
                "company_id": self.company.id,
                "calendar_id": calendar.id if calendar else False,
                "date_from": f"{first} 00:00:00",
                "date_to": f"{last} 23:59:59",
            }
        )

    def test_due_in_spring_festival(self):
        scheme = self.preset("china")
        self.assertTrue(scheme.shifts_due_date)
        calendar = self.company.resource_calendar_id
        calendar.tz = "UTC"
        self.rest("2026-02-16", "2026-02-23", calendar)
        # due on the 17th, payable until Tuesday the 24th
        for paid, days in (("2026-02-17", 0), ("2026-02-24", 0), ("2026-02-25", 1), ("2026-03-01", 5)):
            _segments, sums = self.simulate(scheme, 100000.0, "2026-02-17", "2026-03-31", [(paid, 100000.0)])
            self.assertEqual((sums or {}).get("interest", 0.0), 50.0 * days, paid)
        segments, _sums = self.simulate(scheme, 100000.0, "2026-02-17", "2026-03-31")
        self.assertEqual(str(segments[0]["date_from"]), "2026-02-25")
        # a working day before the holidays stays
        segments, _sums = self.simulate(scheme, 100000.0, "2026-02-13", "2026-03-31")
        self.assertEqual(str(segments[0]["date_from"]), "2026-02-14")
        scheme.shifts_due_date = False
        segments, _sums = self.simulate(scheme, 100000.0, "2026-02-17", "2026-03-31")
        self.assertEqual(str(segments[0]["date_from"]), "2026-02-18")

    def test_due_on_national_day_or_a_weekend(self):
        own = self.env["resource.calendar"].create(
            {"name": "Letters", "company_id": self.company.id, "tz": "UTC"}
        )
        self.scheme.write({"shifts_due_date": True, "calendar_id": own.id, "grace_days": 2})
        self.rest("2025-10-01", "2025-10-08", own)
        invoice = self.make_invoice("2025-10-03", 1000.0)
        weekend = self.make_invoice("2025-06-14", 1000.0)
        # Thursday 9 October; two days without interest after it
        self.assertFalse(self.segments(invoice, "2025-10-11"))
        self.assertEqual(self.segments(invoice, "2025-10-12")[0][:2], ("2025-10-10", "2025-10-12"))
        self.assertEqual(self.segments(weekend, "2025-06-30")[0][:2], ("2025-06-17", "2025-06-30"))
        self.pay(invoice, "2025-10-11")
        self.assertFalse(self.segments(invoice, "2025-12-31"), "paid within the days without interest")
        claim = self.claim("2025-12-31")
        self.assertEqual((claim.move_id, str(claim.date_from)), (weekend, "2025-06-17"))
        self.assertEqual(str(claim.date_maturity), "2025-06-14", "the due date stays")
        self.scheme.calendar_id = False
        self.rest("2025-10-01", "2025-10-08")
        self.assertFalse(self.claim("2025-12-31"))

    def test_own_rates_missing_warn(self):
        self.assertIn("No rate applies", self.make_scheme([("2100-01-01", 5.0)]).rate_warning)
        self.assertFalse(self.scheme.rate_warning)

    def test_floor_of_an_agreed_rate_is_that_of_the_invoice_date(self):
        scheme = self.make_scheme(
            [("2000-01-01", 1.0)],
            floor_reference_id=self.env.ref("ar_credit_control.interest_reference_lpr").id,
        )
        segments, _sums = self.simulate(scheme, 1000.0, "2024-11-20", "2025-08-01", invoice_date="2024-10-20")
        self.assertEqual([segment["rate"] for segment in segments], [3.35])

    def test_rate_of_the_invoice_date(self):
        scheme = self.make_scheme([("2020-01-01", 5.0), ("2021-01-01", 7.0)], rate_rule="invoice")
        segments, _sums = self.simulate(scheme, 1000.0, "2021-02-01", "2021-03-01", invoice_date="2020-12-31")
        self.assertEqual([segment["rate"] for segment in segments], [5.0])

    def test_no_rate_on_the_first_days(self):
        scheme = self.make_scheme([("2021-01-11", 10.0)])
        segments, _sums = self.simulate(scheme, 1000.0, "2020-12-31", "2021-01-20")
        self.assertEqual([(str(s["date_from"]), s["days"]) for s in segments], [("2021-01-11", 10)])

    # counting

    def test_leap_years(self):
        due, day = "2023-12-31", "2024-12-31"
        for day_count, expected in (
            ("act_365", 1000 * 0.1 * 366 / 365),
            ("act_360", 1000 * 0.1 * 366 / 360),
            ("act_act", 100.0),
            ("30e_360", 100.0),
        ):
            scheme = self.make_scheme([("2000-01-01", 10.0)], day_count=day_count)
            self.assertAlmostEqual(
                self.simulate(scheme, 1000.0, due, day)[1]["interest"], round(expected, 2), 2, day_count
            )

    def test_actual_days_of_the_year_across_its_end(self):
        scheme = self.make_scheme([("2000-01-01", 10.0)], day_count="act_act")
        segments, sums = self.simulate(scheme, 10000.0, "2023-12-21", "2024-01-20")
        self.assertEqual([segment["days"] for segment in segments], [10, 20])
        self.assertAlmostEqual(
            sums["interest"], round(10000 * 0.1 * (10 / 365), 2) + round(10000 * 0.1 * 20 / 366, 2)
        )

    def test_thirty_days_a_month(self):
        scheme = self.make_scheme([("2000-01-01", 10.0)], day_count="30e_360")
        for due, day, days in (
            ("2024-01-30", "2024-01-31", 0),
            ("2024-01-15", "2024-01-31", 15),
            ("2024-01-31", "2024-02-29", 29),
            ("2024-02-28", "2024-03-01", 3),
        ):
            segments, _sums = self.simulate(scheme, 1000.0, due, day)
            self.assertEqual(sum(segment["days"] for segment in segments), days, (due, day))

    def test_rate_below_zero_is_none(self):
        reference = self.env["ar.interest.reference"].create(
            {
                "name": "Below",
                "code": "BELOW",
                "rate_ids": [Command.create({"date_from": "2020-01-01", "rate": -3.0})],
            }
        )
        scheme = self.make_scheme(reference_id=reference.id, margin=1.0)
        self.assertEqual(self.simulate(scheme, 1000.0, "2023-01-10", "2023-03-10")[0], [])
        scheme.margin = 4.0
        self.assertEqual(self.simulate(scheme, 1000.0, "2023-01-10", "2023-03-10")[0][0]["rate"], 1.0)

    def test_currency_without_cents(self):
        yen = self.env.ref("base.JPY")
        yen.active = True
        _segments, sums = self.simulate(self.scheme, 123456, "2023-01-10", "2023-01-30", currency=yen)
        self.assertEqual(sums["interest"], round(123456 * 0.1 * 20 / 365))

    def test_fixed_sum_in_the_currency_of_the_item(self):
        euro = self.setup_other_currency("EUR")
        scheme = self.make_scheme([("2000-01-01", 10.0)], fees=[(0, 40.0), (1000, 70.0)])
        rate = euro._get_rates(self.company, DATE("2023-02-01"))[euro.id]
        for amount, fee in ((1000 * rate - 1, 40), (1000 * rate + 1, 70)):
            _segments, sums = self.simulate(scheme, amount, "2023-01-10", "2023-02-01", currency=euro)
            self.assertAlmostEqual(sums["fee"], fee * rate, 2)

    def test_fixed_sum_at_the_rate_of_the_day(self):
        euro = self.setup_other_currency("EUR", rates=[("2023-01-01", 2.0), ("2024-01-01", 4.0)])
        scheme = self.make_scheme([("2000-01-01", 10.0)], fees=[(0, 40.0)])
        for day, fee in (("2023-02-01", 80.0), ("2024-02-01", 160.0)):
            _segments, sums = self.simulate(scheme, 1000.0, "2023-01-10", day, currency=euro)
            self.assertEqual(sums["fee"], fee)

    def test_days_without_interest(self):
        scheme = self.make_scheme([("2000-01-01", 10.0)], fees=[(0, 40.0)], grace_days=10)
        self.assertIsNone(self.simulate(scheme, 1000.0, "2023-01-10", "2023-01-20")[1])
        # from the due date on, once they are over
        self.assertEqual(self.simulate(scheme, 1000.0, "2023-01-10", "2023-01-21")[0][0]["days"], 11)
        # all paid within them: none, however late one looks
        paid = [(("2023-01-15"), 400.0), ("2023-01-20", 600.0)]
        self.assertIsNone(self.simulate(scheme, 1000.0, "2023-01-10", "2023-06-01", paid)[1])
        paid = [(("2023-01-15"), 400.0), ("2023-01-21", 600.0)]
        self.assertEqual(self.simulate(scheme, 1000.0, "2023-01-10", "2023-06-01", paid)[0][0]["days"], 5)
        scheme.grace_shifts = True
        self.assertEqual(self.simulate(scheme, 1000.0, "2023-01-10", "2023-01-21")[0][0]["days"], 1)

    def test_not_late_not_due(self):
        for day in ("2023-01-09", "2023-01-10"):
            self.assertEqual(self.simulate(self.scheme, 1000.0, "2023-01-10", day), ([], None))
        self.assertEqual(self.simulate(self.scheme, 1000.0, "2023-01-10", "2023-01-11")[0][0]["days"], 1)

    # the ledger

    def test_ledger_part_payments_and_credit_note(self):
        invoice = self.make_invoice("2023-01-10", 1000.0)
        self.pay(invoice, "2023-01-30", 400.0)
        note = self.make_invoice("2023-02-09", 100.0, move_type="out_refund", invoice_date=DATE("2023-02-09"))
        (self.item(invoice) | self.item(note)).reconcile()
        self.pay(invoice, "2023-03-01")
        self.assertEqual(invoice.payment_state in ("paid", "in_payment"), True)
        expected = [
            ("2023-01-11", "2023-01-30", 1000.0, 10.0, 20, 5.48),
            ("2023-01-31", "2023-02-09", 600.0, 10.0, 10, 1.64),
            ("2023-02-10", "2023-03-01", 500.0, 10.0, 20, 2.74),
        ]
        for day in ("2023-03-01", "2023-12-31"):
            self.assertEqual(self.segments(invoice, day), expected)
        # looked at earlier: what was open then
        self.assertEqual(self.segments(invoice, "2023-02-01")[-1][:3], ("2023-01-31", "2023-02-01", 600.0))

    def test_the_later_date_of_both_entries_counts(self):
        invoice = self.make_invoice("2023-01-10", 1000.0)
        # an advance payment, older than the invoice: settled when the invoice is there
        self.pay(invoice, "2022-11-01")
        self.assertEqual(self.segments(invoice, "2023-12-31"), [])

    def test_instalments(self):
        term = self.env["account.payment.term"].create(
            {
                "name": "Halves",
                "line_ids": [
                    Command.create({"value": "percent", "value_amount": 50.0, "nb_days": 10}),
                    Command.create({"value": "percent", "value_amount": 50.0, "nb_days": 40}),
                ],
            }
        )
        invoice = self.make_invoice(
            "2023-01-10", 1000.0, invoice_date=DATE("2023-01-01"), invoice_payment_term_id=term.id
        )
        rows = self.segments(invoice, "2023-02-20")
        self.assertEqual(
            [row[:3] for row in rows],
            [("2023-01-12", "2023-02-20", 500.0), ("2023-02-11", "2023-02-20", 500.0)],
        )

    def test_two_items_of_one_day_are_one_instalment(self):
        entry = self.env["account.move"].create(
            {
                "move_type": "entry",
                "journal_id": self.company_data["default_journal_misc"].id,
                "date": "2023-01-01",
                "line_ids": [
                    Command.create(
                        {
                            "account_id": self.company_data["default_account_receivable"].id,
                            "partner_id": self.customer.id,
                            "debit": amount,
                            "date_maturity": "2023-01-10",
                        }
                    )
                    for amount in (300.0, 700.0)
                ]
                + [
                    Command.create(
                        {"account_id": self.company_data["default_account_revenue"].id, "credit": 1000}
                    )
                ],
            }
        )
        entry.action_post()
        self.assertEqual(self.segments(entry, "2023-01-30"), [], "migrated entries wait for the setting")
        self.company.dunning_manual_entries = "include"
        self.assertEqual(
            self.segments(entry, "2023-01-30"), [("2023-01-11", "2023-01-30", 1000.0, 10.0, 20, 5.48)]
        )

    def make_debit(self, account=None, journal=None, partner=None):
        """An entry that charges a customer 1,000, due on 10 January 2023."""
        entry = self.env["account.move"].create(
            {
                "move_type": "entry",
                "journal_id": (journal or self.company_data["default_journal_misc"]).id,
                "date": "2023-01-01",
                "line_ids": [
                    Command.create(
                        {
                            "account_id": (account or self.company_data["default_account_receivable"]).id,
                            "partner_id": (partner or self.customer).id,
                            "debit": 1000.0,
                            "date_maturity": "2023-01-10",
                        }
                    ),
                    Command.create(
                        {"account_id": self.company_data["default_account_revenue"].id, "credit": 1000.0}
                    ),
                ],
            }
        )
        entry.action_post()
        return entry

    def test_what_bears_no_interest(self):
        self.company.dunning_manual_entries = "include"
        deposits = self.company_data["default_account_receivable"].copy({"non_trade": True})
        silent = self.make_invoice("2023-01-10", 1000.0)
        self.item(silent).no_followup = True
        sister = self.env["res.company"].create({"name": "Sister"}).partner_id
        self.assertTrue(self.segments(self.make_debit(), "2023-02-10"))
        for name, move in (
            ("no trade", self.make_debit(account=deposits)),
            ("money paid back", self.make_debit(journal=self.company_data["default_journal_bank"])),
            ("no follow-up", silent),
            ("own company", self.make_invoice("2023-01-10", 1000.0, partner=sister)),
        ):
            self.assertEqual(self.segments(move, "2023-02-10"), [], name)

    def test_paid_late_is_looked_for_three_years_back(self):
        before = self.make_invoice("2022-12-01", 1000.0)
        since = self.make_invoice("2022-12-01", 1000.0)
        self.pay(before, "2023-01-09")
        self.pay(since, "2023-01-11")
        self.assertEqual(self.claim("2026-01-10").move_id, since)

    def test_scheme_of_the_customer(self):
        invoice = self.make_invoice("2023-01-10", 1000.0)
        profile = self.env["ar.credit.profile"]._get_or_create(self.customer, self.company)
        self.assertEqual(self.segments(invoice, "2023-01-30")[0][3], 10.0)
        policy = (
            self.env.ref("ar_credit_control.dunning_policy_standard")
            .sudo()
            .copy({"company_id": self.company.id, "active": True})
        )
        policy.interest_scheme_id = self.make_scheme([("2000-01-01", 11.0)])
        self.assertEqual(self.segments(invoice, "2023-01-30")[0][3], 11.0)
        profile.interest_scheme_id = self.make_scheme([("2000-01-01", 12.0)])
        self.assertEqual(self.segments(invoice, "2023-01-30")[0][3], 12.0)
        profile.interest_excluded = True
        self.assertEqual(self.segments(invoice, "2023-01-30"), [])
        profile.write({"interest_excluded": False, "interest_scheme_id": False})
        policy.interest_scheme_id = False
        self.company.interest_scheme_id = False
        self.assertEqual(self.segments(invoice, "2023-01-30"), [])

    def test_items_due_before_the_scheme_begins(self):
        self.scheme.date_from = "2023-01-11"
        before = self.make_invoice("2023-01-10", 1000.0)
        after = self.make_invoice("2023-01-11", 1000.0)
        self.assertFalse(self.segments(before, "2023-02-01"))
        self.assertTrue(self.segments(after, "2023-02-01"))

    def test_payment_set_back_to_draft_does_not_count(self):
        invoice = self.make_invoice("2023-01-10", 1000.0)
        payment = self.pay(invoice, "2023-01-20")
        self.assertEqual(self.segments(invoice, "2023-02-01")[-1][1], "2023-01-20")
        payment.action_draft()
        self.assertEqual(self.segments(invoice, "2023-02-01")[-1][1], "2023-02-01")

    def test_statements_do_not_grow_with_items(self):
        invoices = self.env["account.move"].union(
            *(self.make_invoice("2023-01-10", 100.0 + number) for number in range(6))
        )
        compute = self.env["ar.interest.scheme"]._compute_claims
        compute(self.item(invoices[0]), DATE("2023-03-01"))
        self.env.invalidate_all()
        items = self.item(invoices)
        self.assertTrue(items.ids)
        with self.assertQueryCount(1):
            rows = compute(items, DATE("2023-03-01"))
        self.assertEqual(len(rows), 6)

    # against a slow computation, day by day

    @settings(max_examples=40, deadline=None, suppress_health_check=list(HealthCheck))
    @given(data=st.data())
    def test_day_by_day(self, data):
        dates = st.dates(datetime.date(2018, 11, 1), datetime.date(2021, 3, 31))
        due = data.draw(dates)
        until = due + datetime.timedelta(days=data.draw(st.integers(0, 500)))
        amount = data.draw(st.integers(1, 5_000_000)) / 100
        payments = data.draw(
            st.lists(
                st.tuples(
                    st.integers(-20, 520).map(lambda days: due + datetime.timedelta(days=days)),
                    st.integers(1, 3_000_000).map(lambda cents: cents / 100),
                ),
                max_size=4,
            )
        )
        rates = data.draw(
            st.dictionaries(dates, st.integers(0, 2000).map(lambda rate: rate / 100), min_size=1, max_size=5)
        )
        values = {
            "day_count": data.draw(st.sampled_from(["act_365", "act_360", "act_act", "30e_360"])),
            "rate_rule": data.draw(st.sampled_from(["follow", "start"])),
            "rounding": "total",
            "grace_days": data.draw(st.sampled_from([0, 0, 7])),
            "grace_shifts": data.draw(st.booleans()),
        }
        scheme = self.make_scheme(sorted(rates.items()), **values)
        segments, sums = self.simulate(scheme, amount, due, until, payments)
        slow = slow_interest(amount, due, until, payments, rates, values)
        cents = slow.quantize(Decimal("0.01"), ROUND_HALF_UP)
        self.assertAlmostEqual(sums["interest"] if sums else 0.0, float(cents), delta=0.0101)
        self.assertAlmostEqual(sum(segment["amount"] for segment in segments), float(slow), places=4)
        for segment, following in zip(segments, segments[1:], strict=False):
            self.assertLess(segment["date_to"], following["date_from"])


def slow_interest(amount, due, until, payments, rates, values):
    """Interest by adding up every single day, in exact decimals."""
    total = Decimal(0)
    grace = values["grace_days"]
    if until <= due + datetime.timedelta(days=grace):
        return total
    if grace and sum(paid for day, paid in payments if day <= due + datetime.timedelta(days=grace)) >= amount:
        return total
    start = due + ONE_DAY + datetime.timedelta(days=grace if values["grace_shifts"] else 0)
    day = start
    while day <= until:
        paid = sum(Decimal(str(part)) for paid_on, part in payments if paid_on < day)
        principal = max(Decimal(str(amount)) - paid, Decimal(0))
        rate_day = start if values["rate_rule"] == "start" else day
        known = [first for first in rates if first <= rate_day]
        rate = Decimal(str(rates[max(known)])) if known else Decimal(0)
        total += principal * rate / 100 * share_of_year(day, values["day_count"])
        day += ONE_DAY
    return total


def share_of_year(day, day_count):
    """What one day is of a year."""
    if day_count == "act_act":
        return Decimal(1) / (366 if isleap(day.year) else 365)
    if day_count != "30e_360":
        return Decimal(1) / (365 if day_count == "act_365" else 360)

    def number(date):
        return 360 * date.year + 30 * date.month + min(date.day, 30)

    return Decimal(number(day) - number(day - ONE_DAY)) / 360
