import datetime

from freezegun import freeze_time
from psycopg2 import IntegrityError

from odoo.tests import tagged
from odoo.tools import mute_logger

from .common_credit import CreditCase


@tagged("post_install", "-at_install")
class TestCreditLimit(CreditCase):
    """Permanent, temporary and foreign limits; what core's field says of them."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.foreign = cls.setup_other_currency("EUR")
        cls.foreign.rate_ids.unlink()
        cls.env["res.currency.rate"].create(
            [
                {"currency_id": cls.foreign.id, "name": date, "rate": rate, "company_id": cls.company.id}
                for date, rate in (("2026-01-01", 2.0), ("2026-07-01", 4.0))
            ]
        )
        cls.profile = cls.make_profile(cls.customer, 1000)

    def set_clock(self, moment):
        clock = freeze_time(moment)
        clock.start()
        self.addCleanup(clock.stop)
        self.env.invalidate_all()

    def test_a_temporary_increase_counts_on_its_days_and_ends_by_itself(self):
        self.profile.write(
            {"temporary_limit": 500, "temporary_from": "2026-03-02", "temporary_to": "2026-03-04"}
        )
        expected = {1: 1000, 2: 1500, 3: 1500, 4: 1500, 5: 1000}
        for day, limit in expected.items():
            with self.subTest(day=day), freeze_time(datetime.datetime(2026, 3, day, 12)):
                self.env.invalidate_all()
                self.assertFigures(
                    limit=limit, limit_permanent=1000, limit_temporary=limit - 1000, available=limit
                )
                self.assertEqual(self.profile.limit_today, limit)
                self.assertEqual(self.customer.credit_limit_amount, limit)

    def test_the_days_are_those_of_the_company(self):
        self.company.partner_id.tz = "Asia/Shanghai"
        self.profile.write(
            {"temporary_limit": 500, "temporary_from": "2026-03-02", "temporary_to": "2026-03-02"}
        )
        for moment, limit in (
            ("2026-03-01 15:59:00", 1000),
            ("2026-03-01 16:00:00", 1500),
            ("2026-03-02 15:59:00", 1500),
            ("2026-03-02 16:00:00", 1000),
        ):
            with self.subTest(moment=moment), freeze_time(moment):
                self.env.invalidate_all()
                self.assertFigures(limit=limit)
                found = self.env["res.partner"].search(
                    [("credit_limit_amount", "=", 1500), ("id", "=", self.customer.id)]
                )
                self.assertEqual(bool(found), limit == 1500)

    def test_an_increase_needs_a_last_day_and_no_amount_below_zero(self):
        for vals in (
            {"temporary_limit": 500},
            {"temporary_limit": 500, "temporary_from": "2026-03-02", "temporary_to": "2026-03-01"},
            {"temporary_limit": -1, "temporary_to": "2026-03-01"},
        ):
            with (
                self.subTest(vals=vals),
                mute_logger("odoo.sql_db"),
                self.assertRaises(IntegrityError),
                self.env.cr.savepoint(),
            ):
                self.profile.write(vals)
                self.env.flush_all()

    def test_an_order_passes_within_the_increase(self):
        self.company.credit_control_active = True
        self.set_clock("2026-03-02 12:00:00")
        self.profile.write({"temporary_limit": 500, "temporary_to": "2026-03-02"})
        self.assertEqual(self.make_order((15, 100.0)).state, "sale")
        self.assertEqual(self.make_order((1, 1.0)).state, "draft")

    def test_a_limit_in_another_currency_follows_the_rate_of_today(self):
        self.profile.write({"limit_currency_id": self.foreign.id, "limit": 1000})
        self.profile.write({"temporary_limit": 100, "temporary_to": "2026-12-31"})
        for moment, factor in (("2026-06-30 12:00:00", 0.5), ("2026-07-01 12:00:00", 0.25)):
            with self.subTest(moment=moment), freeze_time(moment):
                self.env.invalidate_all()
                self.assertFigures(
                    limit=1100 * factor, limit_permanent=1000 * factor, limit_temporary=100 * factor
                )

    def test_core_mirrors_the_permanent_limit_in_company_currency(self):
        self.set_clock("2026-03-02 12:00:00")
        self.profile.write({"temporary_limit": 100, "temporary_to": "2026-12-31"})
        self.assertEqual(self.customer.credit_limit, 1000)
        self.profile.limit_currency_id = self.foreign
        self.assertEqual(self.customer.credit_limit, 500)
        self.assertEqual(self.contact.credit_limit, 500)

    def test_a_write_of_core_converts_and_keeps_the_currency(self):
        self.set_clock("2026-03-02 12:00:00")
        self.profile.limit_currency_id = self.foreign
        self.customer.credit_limit = 750
        self.assertEqual(self.profile.limit, 1500)
        self.assertEqual(self.profile.limit_currency_id, self.foreign)
        self.assertEqual(self.customer.credit_limit, 750)
        self.assertIn("today's rate", self.profile.message_ids[0].body)

    def test_writing_what_core_says_already_changes_nothing(self):
        with freeze_time("2026-03-02 12:00:00"):
            self.profile.limit_currency_id = self.foreign
            self.assertEqual(self.customer.credit_limit, 500)
        self.set_clock("2026-08-02 12:00:00")
        self.customer.with_user(self.collector).sudo().write({"credit_limit": 500})
        self.assertEqual(self.profile.limit, 1000, "the amount is that of an older rate")
        self.customer.credit_limit = 250
        self.assertEqual(self.profile.limit, 1000, "the same at today's rate")

    def test_a_closed_profile_opens_again_without_any_terms(self):
        self.profile.write(
            {
                "limit_currency_id": self.foreign.id,
                "temporary_limit": 100,
                "temporary_to": "2026-12-31",
                "limit_valid_until": "2026-12-31",
                "payment_days_set": True,
                "payment_days": 60,
            }
        )
        for reopen in (
            lambda: self.profiles._get_or_create(self.customer, self.company),
            lambda: self.profiles.create({"partner_id": self.customer.id}),
        ):
            self.profile._set_active(False)
            self.assertEqual(reopen(), self.profile)
            self.assertRecordValues(
                self.profile,
                [
                    {
                        "active": True,
                        "limit_set": False,
                        "limit": 0,
                        "limit_currency_id": self.company.currency_id.id,
                        "temporary_limit": 0,
                        "temporary_to": False,
                        "limit_valid_until": False,
                        "payment_days_set": False,
                        "payment_days": 0,
                    }
                ],
            )
