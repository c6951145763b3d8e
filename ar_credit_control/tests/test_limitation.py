from datetime import date, timedelta

from dateutil.relativedelta import relativedelta
from freezegun import freeze_time
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from odoo.exceptions import AccessError, UserError
from odoo.fields import Command
from odoo.tests import tagged

from .common_dispute import DisputeCase

RESTARTS = {
    "demand": "restart_demand",
    "acknowledgement": "restart_acknowledgement",
    "agreement": "restart_agreement",
    "security": "restart_security",
}


def slow_last_day(period, due, events):
    """The last day to sue, by going through the events one after the other."""
    start = due + relativedelta(month=12, day=31) if period["start"] == "year_end" else due
    length = relativedelta(months=period["months"])
    first = start + length
    last = first
    for day, kind, proven in sorted(events, key=lambda event: event[0]):
        if not proven or not period[RESTARTS[kind]]:
            continue
        if day > last:
            break
        last = max(first, day + length)
    return last


@tagged("post_install", "-at_install")
class TestLimitation(DisputeCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.report = cls.env["ar.limitation.report"]
        cls.events = cls.env["ar.limitation.event"]
        cls.company.country_id = cls.env.ref("base.cn")
        cls.company.partner_id.country_id = cls.env.ref("base.cn")
        cls.customer.country_id = cls.env.ref("base.cn")
        cls.china = cls.env.ref("ar_credit_control.limitation_cn")

    def row(self, invoice):
        self.env.flush_all()
        self.env.invalidate_all()
        return self.report.search([("move_id", "=", invoice.id)], order="date_maturity", limit=1)

    def proof(self, user=None):
        files = self.env["ir.attachment"].with_user(user or self.env.user)
        return files.create({"name": "waybill.pdf", "raw": b"x"})

    def event(self, invoice, kind, day, proven=True):
        return self.events._record(
            self.items_of(invoice), kind, day, documents=self.proof() if proven else None
        )

    def test_three_years_from_the_due_date(self):
        invoice = self.make_invoice(1000.0, 100)
        row = self.row(invoice)
        self.assertEqual(row.period_id, self.china)
        self.assertEqual(row.limitation_date, invoice.invoice_date_due + relativedelta(years=3))
        self.assertEqual(row.status, "running")

    def test_international_sales_have_four(self):
        self.customer.country_id = self.env.ref("base.uk")
        invoice = self.make_invoice(1000.0, 100)
        row = self.row(invoice)
        self.assertEqual(row.limitation_date, invoice.invoice_date_due + relativedelta(years=4))
        # the law of the contract is English: said on the profile
        self.make_profile(self.customer).limitation_period_id = self.env.ref(
            "ar_credit_control.limitation_uk"
        )
        self.assertEqual(self.row(invoice).limitation_date, invoice.invoice_date_due + relativedelta(years=6))

    def test_germany_counts_from_the_end_of_the_year_and_ignores_demands(self):
        self.make_profile(self.customer).limitation_period_id = self.env.ref(
            "ar_credit_control.limitation_de"
        )
        invoice = self.make_invoice(1000.0, 400)
        end = date(invoice.invoice_date_due.year + 3, 12, 31)
        self.assertEqual(self.row(invoice).limitation_date, end)
        self.event(invoice, "demand", self.today)
        self.assertEqual(self.row(invoice).limitation_date, end)
        self.event(invoice, "acknowledgement", self.today)
        self.assertEqual(self.row(invoice).limitation_date, max(end, self.today + relativedelta(years=3)))

    def test_state_takes_the_place_of_its_country(self):
        usa = self.env.ref("base.us")
        self.company.partner_id.country_id = usa
        self.customer.write({"country_id": usa.id, "state_id": self.env.ref("base.state_us_41").id})
        invoice = self.make_invoice(1000.0, 100)
        self.assertEqual(self.row(invoice).period_id, self.env.ref("ar_credit_control.limitation_us_sc"))
        self.customer.state_id = self.env.ref("base.state_us_44")
        self.assertEqual(self.row(invoice).period_id, self.env.ref("ar_credit_control.limitation_us"))

    def test_no_period_is_said(self):
        nowhere = self.env.ref("base.aq")
        self.company.partner_id.country_id = nowhere
        self.customer.country_id = nowhere
        row = self.row(self.make_invoice(1000.0, 100))
        self.assertEqual((row.status, row.limitation_date), ("unknown", False))

    def test_without_proof_nothing_restarts(self):
        invoice = self.make_invoice(1000.0, 100)
        event = self.event(invoice, "demand", self.today, proven=False)
        row = self.row(invoice)
        self.assertFalse(row.restarted_on)
        self.assertEqual(row.unproven_on, self.today)
        event.with_user(self.collector).document_ids = [Command.link(self.proof(self.collector).id)]
        row = self.row(invoice)
        self.assertEqual((row.restarted_on, row.restart_kind), (self.today, "demand"))
        self.assertEqual(row.limitation_date, self.today + relativedelta(years=3))
        with self.assertRaises(UserError):
            event.with_user(self.collector).document_ids = [Command.clear()]
        event.with_user(self.controller).action_withdraw()
        self.assertFalse(self.row(invoice).restarted_on)

    def test_an_event_is_about_one_customer(self):
        other = self.make_invoice(1000.0, 100, partner_id=self.make_partner("Other").id)
        items = self.items_of(self.make_invoice(1000.0, 100), other)
        with self.assertRaises(UserError):
            self.events._record(items, "demand", self.today)

    def demanded(self):
        statements = self.env["ar.statement"].with_user(self.collector)
        made = statements._make(self.company, self.customer, pay_by=self.today + timedelta(days=10))
        self.assertTrue(made.is_demand)
        return made

    def test_statement_that_asks_for_payment_is_a_demand(self):
        overdue, coming = self.make_invoice(1000.0, 100), self.make_invoice(400.0, -20)
        self.customer.email = "kornmann@example.com"
        plain = self.env["ar.statement"].with_user(self.collector)._make(self.company, self.customer)
        plain.sudo()._mark_sent()
        statement = self.demanded()
        row = self.row(overdue)
        self.assertEqual(
            (row.restarted_on, row.unproven_on),
            (False, False),
            "neither a mere statement nor one that was not sent",
        )
        statement.action_send()
        statement.sudo()._mark_sent()
        row = self.row(overdue)
        self.assertEqual((row.restarted_on, row.restart_kind), (self.today, "demand"))
        self.assertEqual(row.limitation_date, self.today + relativedelta(years=3))
        self.assertFalse(self.row(coming).restarted_on, "not due: nothing was demanded")
        statement.sudo()._mark_failed("The mail bounced.")
        self.assertFalse(self.row(overdue).restarted_on)

    def test_a_demand_counts_from_the_day_at_the_company(self):
        overdue = self.make_invoice(1000.0, 100)
        self.customer.email = "kornmann@example.com"
        statement = self.demanded()
        statement.action_send()
        statement.sudo()._mark_sent()
        statement.sudo().sent_date = f"{self.today} 20:00:00"
        for zone, day in (
            ("Asia/Shanghai", self.today + timedelta(days=1)),
            ("America/New_York", self.today),
        ):
            self.company.partner_id.tz = zone
            with self.subTest(zone):
                self.assertEqual(self.row(overdue).restarted_on, day)

    def test_statement_handed_over_on_paper_waits_for_its_proof(self):
        overdue = self.make_invoice(1000.0, 100)
        self.demanded().action_mark_sent()
        row = self.row(overdue)
        self.assertEqual((row.restarted_on, row.unproven_on), (False, self.today))

    def test_what_comes_too_late_restarts_nothing(self):
        invoice = self.make_invoice(1000.0, 4 * 365)
        self.assertEqual(self.row(invoice).status, "expired")
        self.event(invoice, "acknowledgement", self.today)
        row = self.row(invoice)
        self.assertEqual((row.status, row.restarted_on), ("expired", False))

    def test_last_instalment_counts_for_one_debt(self):
        invoice = self.make_invoice(1000.0, 100, invoice_payment_term_id=self.instalments.id)
        items = self.items_of(invoice).sorted("date_maturity")
        rows = self.report.search([("move_id", "=", invoice.id)])
        last = items[-1].date_maturity + relativedelta(years=3)
        self.assertEqual(set(rows.mapped("limitation_date")), {last})
        # in Germany each counts for itself
        self.make_profile(self.customer).limitation_period_id = self.env.ref(
            "ar_credit_control.limitation_uk"
        )
        self.env.flush_all()
        self.env.invalidate_all()
        rows = self.report.search([("move_id", "=", invoice.id)])
        self.assertEqual(
            set(rows.mapped("limitation_date")),
            {item.date_maturity + relativedelta(years=6) for item in items},
        )

    def test_part_payment_restarts_and_credit_note_does_not(self):
        invoice = self.make_invoice(1000.0, 100)
        dispute = self.record(invoice, 100.0)
        self.accept(dispute)
        self.credit(dispute)
        self.assertFalse(self.row(invoice).restarted_on)
        payment = self.pay(invoice, 300.0)
        row = self.row(invoice)
        self.assertEqual((row.restarted_on, row.restart_kind), (self.today, "part_payment"))
        payment.move_id.button_draft()
        self.assertFalse(self.row(invoice).restarted_on, "not paid after all")

    def test_suit_stops_the_clock(self):
        invoice = self.make_invoice(1000.0, 1090)
        self.assertEqual(self.row(invoice).status, "soon")
        self.event(invoice, "suit", self.today)
        self.assertEqual(self.row(invoice).status, "court")

    def test_guarantor_has_a_day_of_its_own(self):
        claim_by = self.today + timedelta(days=40)
        self.env["ar.credit.security"].sudo().create(
            {
                "partner_id": self.customer.id,
                "company_id": self.company.id,
                "kind": "guarantee",
                "amount": 100.0,
                "guarantor_id": self.make_partner("Bürge").id,
                "date_to": self.today - timedelta(days=10),
                "date_from": self.today - timedelta(days=100),
                "claim_by": claim_by,
                "state": "lapsed",
            }
        )
        invoice = self.make_invoice(1000.0, 100)
        self.event(invoice, "demand", self.today)
        self.assertEqual(self.row(invoice).claim_by, claim_by)

    def test_warned_once_at_each_step(self):
        due = self.today - relativedelta(years=3) + timedelta(days=80)
        invoice = self.make_invoice(1000.0, (self.today - due).days)
        profile = self.make_profile(self.customer)
        profile.collector_id = self.collector
        warnings = self.env["ar.limitation.warning"].sudo()

        def warn(day):
            with freeze_time(f"{day} 12:00:00"):
                for (root, partner), rows in warnings._select_due().items():
                    if partner == self.customer:
                        warnings._warn_customer(root, partner, rows)
            return warnings.search([("move_id", "=", invoice.id)]).mapped("level")

        self.assertEqual(warn(self.today), ["first"])
        self.assertEqual(warn(self.today), ["first"])
        self.assertEqual(profile.activity_ids.user_id, self.collector)
        self.assertEqual(sorted(warn(self.today + timedelta(days=60))), ["first", "last"])
        self.event(invoice, "acknowledgement", self.today)
        self.assertEqual(len(warn(self.today + timedelta(days=60))), 2, "the day moved far away")

    def test_who_records(self):
        invoice = self.make_invoice(1000.0, 100)
        form = self.env["ar.limitation.record"]
        with self.assertRaises(AccessError):
            form.with_user(self.credit_user)._open_form(self.items_of(invoice))
        with self.assertRaises(AccessError):
            form.with_user(self.auditor)._open_form(self.items_of(invoice))
        action = form.with_user(self.collector)._open_form(self.items_of(invoice))
        record = form.with_user(self.collector).browse(action["res_id"])
        event = self.events.browse(record.action_record()["res_id"])
        with self.assertRaises(AccessError):
            event.with_user(self.manager).write({"date": self.today - timedelta(days=400)})
        with self.assertRaises(AccessError):
            event.with_user(self.collector).action_withdraw()
        with self.assertRaises(UserError):
            event.unlink()
        with self.assertRaises(UserError):
            self.events._record(self.items_of(invoice), "demand", self.today + timedelta(days=1))

    def test_number_of_statements_does_not_grow(self):
        def queries(count):
            for _number in range(count):
                self.event(self.make_invoice(100.0, 50), "demand", self.today)
            self.env.flush_all()
            self.env.invalidate_all()
            before = self.env.cr.sql_log_count
            self.report.search([("partner_id", "=", self.customer.id)]).mapped("limitation_date")
            return self.env.cr.sql_log_count - before

        queries(1)
        self.assertEqual(queries(1), queries(4))

    @settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
    @given(
        months=st.integers(1, 60),
        start=st.sampled_from(["due", "year_end"]),
        restarts=st.fixed_dictionaries({field: st.booleans() for field in RESTARTS.values()}),
        age=st.integers(1, 2500),
        events=st.lists(
            st.tuples(st.integers(0, 2600), st.sampled_from(sorted(RESTARTS)), st.booleans()), max_size=6
        ),
    )
    def test_same_as_going_through_the_events(self, months, start, restarts, age, events):
        if not hasattr(self, "story"):
            period = self.env.ref("ar_credit_control.limitation_uk").with_context(tracking_disable=True)
            self.make_profile(self.customer).limitation_period_id = period
            invoice = self.make_invoice(1000.0, 100)
            lines = self.env["ar.limitation.event.line"]
            self.story = period, invoice, lines._prepare_item_values(self.items_of(invoice))
            self.env.flush_all()
        period, invoice, item = self.story
        told = [(self.today - timedelta(days=days), kind, proven) for days, kind, proven in events]
        with self.env.cr.savepoint() as savepoint:
            period.write({"months": months, "start": start, "restart_part_payment": False, **restarts})
            due = self.today - timedelta(days=age)
            self.env.cr.execute(
                """UPDATE account_move_line SET date_maturity = %s
                    WHERE move_id = %s AND date_maturity IS NOT NULL""",
                [due, invoice.id],
            )
            created = self.events.sudo().with_context(tracking_disable=True, mail_create_nolog=True)
            for day, kind, proven in told:
                created.create(
                    {
                        "partner_id": self.customer.id,
                        "company_id": self.company.id,
                        "kind": kind,
                        "date": day,
                        "line_ids": [Command.create({**item, "date_maturity": due})],
                    }
                ).is_proven = proven
            row = self.row(invoice)
            values = {"months": months, "start": start, **restarts}
            self.assertEqual(row.limitation_date, slow_last_day(values, due, told))
            savepoint.rollback()
        self.env.invalidate_all()
