from datetime import datetime, time, timedelta

from freezegun import freeze_time

from odoo.tests import tagged

from .common_collection import CollectionCase


@tagged("post_install", "-at_install")
class TestCollectionDay(CollectionCase):
    """The day is that of the company, wherever the schedule or the reader is."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.env.user.tz = "UTC"
        cls.collector.tz = "UTC"
        cls.customer.country_id = cls.env.ref("base.be")

    def at(self, hour, zone):
        """The moment of an hour in UTC today, for a company in a time zone."""
        self.company.partner_id.tz = zone
        self.env.flush_all()
        self.env.invalidate_all()
        return freeze_time(datetime.combine(self.today, time(hour, 30)))

    def run_night(self, case):
        self.cases._run_company(self.company)
        self.env.invalidate_all()
        return case.phase, bool(case.settled_date)

    def test_the_night_east_of_greenwich(self):
        self.make_invoice(0)
        case = self.open()
        with self.at(17, "Asia/Shanghai"):
            self.assertEqual(self.company._credit_today(), self.today + timedelta(days=1))
            self.assertEqual(self.run_night(case), ("coordination", False), "overdue since midnight there")

    def test_the_night_west_of_greenwich(self):
        self.make_invoice(1)
        case = self.open()
        with self.at(3, "America/Los_Angeles"):
            self.assertEqual(self.company._credit_today(), self.today - timedelta(days=1))
            self.assertEqual(self.run_night(case), ("credit", True), "due today there")
        with self.at(17, "America/Los_Angeles"):
            self.assertEqual(self.run_night(case), ("coordination", False))

    def test_companies_of_several_days_in_one_go(self):
        self.make_invoice(0)
        east = self.open()
        with self.at(17, "Asia/Shanghai"):
            company = self.setup_other_company()["company"]
            company.partner_id.tz = "UTC"
            west = self.open(self.other, company=company)
            (east | west)._refresh()
            self.assertFalse(east.settled_date)
            self.assertEqual(west.settled_date, self.today)

    def test_days_left_to_sue(self):
        invoice = self.make_invoice(100)
        report = self.env["ar.limitation.report"].with_user(self.collector)

        def days_left():
            self.env.invalidate_all()
            return report.search([("move_id", "=", invoice.id)]).days_left

        with self.at(17, "UTC"):
            here = days_left()
        with self.at(17, "Asia/Shanghai"):
            self.assertEqual(days_left(), here - 1)
        with self.at(3, "America/Los_Angeles"):
            self.assertEqual(days_left(), here + 1)

    def test_days_left_to_report_to_the_insurer(self):
        invoice = self.make_invoice(5)
        security = self.env["ar.credit.security"].sudo()
        security = security.create(
            {
                "partner_id": self.customer.id,
                "company_id": self.company.id,
                "kind": "insurance",
                "insurer_id": self.other.id,
                "amount": 10000.0,
                "date_from": self.today - timedelta(days=400),
                "reporting_days": 30,
            }
        )
        self.env.flush_all()
        self.env.cr.execute("UPDATE ar_credit_security SET state = 'valid' WHERE id = %s", [security.id])
        report = self.env["ar.insurance.overdue"].with_user(self.collector)

        def days_left():
            self.env.invalidate_all()
            return report.search([("move_id", "=", invoice.id)]).days_left

        with self.at(17, "UTC"):
            self.assertEqual(days_left(), 25)
        with self.at(17, "Asia/Shanghai"):
            self.assertEqual(days_left(), 24)

    def test_exclusions_end_with_the_day_of_the_company(self):
        exclusions = self.env["ar.dunning.exclusion"].with_user(self.collector)
        with self.at(17, "Asia/Shanghai"):
            exclusion = exclusions._exclude_customers(
                self.customer, self.company, "Promised to call", self.today + timedelta(days=1)
            )
            self.assertEqual(exclusion.date, self.today + timedelta(days=1))
            exclusion.sudo().write({"date": self.today, "date_to": self.today})
            self.assertEqual(exclusion.state, "expired")
            domain = [("id", "=", exclusion.id)]
            self.assertTrue(exclusions.search([*domain, ("state", "=", "expired")]))
            self.assertFalse(exclusions.search([*domain, ("state", "=", "active")]))
            other = exclusions._exclude_customers(self.other, self.company, "Moves")
            other.action_end()
            self.assertEqual(other.ended_date, self.today + timedelta(days=1))
        with self.at(17, "UTC"):
            exclusion.invalidate_recordset()
            self.assertEqual(exclusion.state, "active")
            self.assertTrue(exclusions.search([*domain, ("state", "=", "active")]))
