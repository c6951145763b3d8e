"""Securities: what they add to the limit and how long, who decides on them, and who is told ahead."""

from datetime import datetime, timedelta

from freezegun import freeze_time
from hypothesis import given, settings
from hypothesis import strategies as st
from psycopg2 import IntegrityError

from odoo.exceptions import AccessError, UserError
from odoo.fields import Command
from odoo.tests import Form, new_test_user, tagged
from odoo.tools import mute_logger

from .common_cover import CoverCase


@tagged("post_install", "-at_install")
class TestSecurityFigures(CoverCase):
    def test_each_kind_adds_to_the_limit_and_leaves_the_exposure(self):
        self.make_profile(self.customer, 500)
        self.make_invoice(300)
        expected = 0.0
        for kind, values, counted in (
            ("guarantee", {}, 1000),
            ("deposit", {"share": 50}, 500),
            ("letter_of_credit", {"amount": 80}, 80),
            ("insurance", {"insured_share": 90, "own_risk": 100}, 800),
        ):
            security = self.make_security(kind=kind, **values)
            expected += counted
            self.assertAlmostEqual(security.counted_amount, counted)
            self.assertFigures(security=expected, exposure=300, available=500 + expected - 300)

    def test_only_valid_ones_count_between_their_dates(self):
        self.make_profile(self.customer, 500)
        draft = self.draft_security()
        self.assertFigures(security=0, available=500)
        draft.action_submit()
        self.assertFigures(security=0)
        draft.with_user(self.manager).action_validate()
        self.assertFigures(security=1000, available=1500)
        with freeze_time(datetime.combine(self.day(-1), datetime.min.time())):
            self.assertFigures(security=0)
        with freeze_time(datetime.combine(self.day(365), datetime.min.time())):
            self.assertFigures(security=1000)
        with freeze_time(datetime.combine(self.day(366), datetime.min.time())):
            # Nobody had to do anything for it to end.
            self.assertEqual(draft.state, "valid")
            self.assertFigures(security=0, available=500)

    def test_the_day_is_that_of_the_company_at_midnight(self):
        self.make_profile(self.customer, 500)
        self.make_security(date_to=self.day(10))
        self.company.partner_id.tz = "Asia/Shanghai"
        tz = self.company._credit_timezone()
        late = datetime.combine(self.day(10), datetime.min.time()) + timedelta(hours=15, minutes=59)
        for moment, counted in ((late, 1000), (late + timedelta(minutes=2), 0)):
            with freeze_time(moment):
                figures = self.exposure.with_context(tz=tz)._get_figures(self.customer, self.company)
                self.assertEqual(figures[self.customer.id]["security"], counted)

    def test_share_of_insurance_never_below_zero(self):
        self.make_profile(self.customer, 500)
        security = self.make_security(kind="insurance", amount=100, own_risk=1000)
        self.assertEqual(security.counted_amount, 0)
        self.assertFigures(security=0, available=500)

    def test_other_currency_at_todays_rate(self):
        self.make_profile(self.customer, 500)
        currency = self.setup_other_currency("EUR", rates=[("2016-01-01", 2.0)])
        security = self.make_security(currency_id=currency.id)
        self.assertAlmostEqual(security.counted_amount, 500)
        self.assertFigures(security=500, available=1000)
        self.env["res.currency.rate"].create(
            {"currency_id": currency.id, "name": self.today, "rate": 4.0, "company_id": self.company.id}
        )
        self.assertFigures(security=250)

    def test_branch_and_other_company(self):
        branch = self.env["res.company"].create({"name": "Branch", "parent_id": self.company.id})
        self.env.user.company_ids = [Command.link(branch.id)]
        security = self.make_security(company_id=branch.id)
        self.assertEqual(security.company_id, self.company)
        self.assertFigures(security=1000)
        self.assertFigures(company=branch, security=1000)
        other = self.env["res.company"].create({"name": "Other"})
        self.assertFigures(company=other, security=0)
        stranger = new_test_user(
            self.env,
            "stranger",
            groups="ar_credit_control.group_credit_manager",
            company_id=other.id,
            company_ids=[Command.set(other.ids)],
        )
        self.assertFalse(self.securities.with_user(stranger).search([("id", "=", security.id)]))
        with self.assertRaises(AccessError):
            security.with_user(stranger).read(["amount"])

    def test_contact_stands_for_its_company(self):
        security = self.make_security(partner_id=self.contact.id)
        self.assertEqual(security.partner_id, self.customer)

    def test_merged_customers_keep_their_securities(self):
        security = self.make_security()
        other = self.make_partner("Kornmann & Söhne")
        self.env["base.partner.merge.automatic.wizard"].create({})._merge((self.customer + other).ids, other)
        security.invalidate_recordset()
        self.assertEqual(security.partner_id, other)
        self.assertEqual(security.partner_name, "Kornmann AG")
        self.assertFigures(other, security=1000)

    @settings(max_examples=15, deadline=None)
    @given(
        st.lists(
            st.tuples(
                st.sampled_from(["guarantee", "deposit", "letter_of_credit", "insurance"]),
                st.integers(1, 10_000),
                st.integers(1, 100),
                st.integers(-20, 10),
                st.integers(-10, 20),
            ),
            max_size=4,
        )
    )
    def test_sum_of_what_counts(self, drawn):
        customer = self.make_partner("Drawn")
        expected = 0.0
        for kind, amount, share, first, last in drawn:
            last = max(first, last)
            self.securities.sudo().create(  # validated already, as data of an installation
                self.security_vals(
                    partner_id=customer.id,
                    kind=kind,
                    amount=amount,
                    share=share,
                    insured_share=90,
                    date_from=self.day(first),
                    date_to=self.day(last),
                    claim_by=False,
                    state="valid",
                )
            )
            if first <= 0 <= last:
                expected += amount * share / 100 * (0.9 if kind == "insurance" else 1)
        self.assertAlmostEqual(self.figures(customer)["security"], round(expected + 1e-9, 2), delta=0.011)


@tagged("post_install", "-at_install")
class TestSecurityDecision(CoverCase):
    def test_four_eyes(self):
        security = self.draft_security()
        security.action_submit()
        self.assertEqual(security.activity_ids.user_id, security._get_approvers()[0])
        with self.assertRaises(AccessError):
            security.action_validate()  # prepared it
        second = self.make_user("credit_ctl2", "ar_credit_control.group_credit_controller")
        with self.assertRaises(AccessError):
            security.with_user(second).action_validate()  # no authority for limits
        security.with_user(self.manager).action_validate()
        self.assertEqual(security.state, "valid")
        self.assertEqual(security.validated_by_id, self.manager)
        self.assertEqual(security.validated_amount, 1000)
        self.assertFalse(security.activity_ids)

    def test_who_changed_the_terms_does_not_validate(self):
        security = self.draft_security()
        security.with_user(self.manager).write({"amount": 5000})
        security.action_submit()
        with self.assertRaises(AccessError):
            security.with_user(self.manager).action_validate()

    def test_authority_covers_what_counts(self):
        self.env["ar.credit.authority"].sudo().create(
            {"company_id": self.company.id, "user_id": self.manager.id, "kind": "limit", "amount": 600}
        )
        security = self.draft_security()
        security.action_submit()
        with self.assertRaises(AccessError):
            security.with_user(self.manager).action_validate()
        security.with_user(self.manager).action_send_back("too much for me")
        security.write({"share": 60})
        security.action_submit()
        security.with_user(self.manager).action_validate()
        self.assertEqual(security.state, "valid")

    def test_roles(self):
        vals = self.security_vals()
        for user in (self.collector, self.auditor, self.credit_user, self.salesperson):
            with self.assertRaises(AccessError):
                self.securities.with_user(user).create(vals)
        security = self.make_security()
        for user in (self.collector, self.auditor, self.credit_user, self.salesperson):
            for call in (
                lambda record: record.write({"note": "x"}),
                lambda record: record.action_release("x"),
                lambda record: record.action_validate(),
                lambda record: record.unlink(),
            ):
                with self.assertRaises(AccessError):
                    call(security.with_user(user))
        self.assertTrue(security.with_user(self.auditor).read(["amount"]))
        self.assertFalse(self.securities.with_user(self.credit_user).search([("id", "=", security.id)]))
        self.customer.user_id = self.credit_user
        self.assertTrue(self.securities.with_user(self.credit_user).search([("id", "=", security.id)]))

    def test_state_is_not_written_by_hand(self):
        security = self.draft_security()
        for vals in (
            {"state": "valid"},
            {"validated_by_id": self.manager.id},
            {"prepared_by_ids": [Command.clear()]},
            {"expiry_warned_for": self.today},
        ):
            with self.assertRaises(AccessError):
                security.with_user(self.manager).write(vals)
        with self.assertRaises(AccessError):
            self.securities.with_user(self.manager).create(self.security_vals(state="valid"))
        with self.assertRaises(AccessError):
            security.with_user(self.manager).copy({"state": "valid"})
        by_context = self.securities.with_user(self.manager).with_context(
            default_state="valid", default_validated_by_id=self.controller.id, default_prepared_by_ids=[]
        )
        drafted = by_context.create(self.security_vals())
        self.assertEqual((drafted.state, drafted.validated_by_id.id), ("draft", False))
        self.assertEqual(drafted.prepared_by_ids, self.manager)

    def test_terms_are_fixed_once_submitted(self):
        security = self.draft_security()
        security.action_submit()
        with self.assertRaises(UserError):
            security.write({"amount": 9999})
        security.with_user(self.manager).action_validate()
        for vals in ({"amount": 9999}, {"date_to": False}, {"share": 1}, {"former_id": 1}):
            with self.assertRaises(UserError):
                security.with_user(self.manager).write(vals)
        security.write({"note": "seen the original"})
        with self.assertRaises(UserError):
            security.sudo().unlink()

    def test_ends_are_recorded_with_a_reason(self):
        security = self.make_security()
        with self.assertRaises(UserError):
            security.with_user(self.controller).action_release(" ")
        security.with_user(self.controller).action_call("did not pay")
        self.assertFigures(security=0)
        self.assertIn("did not pay", security.message_ids[0].body)
        security.with_user(self.controller).action_release("paid by the guarantor")
        with self.assertRaises(UserError):
            security.with_user(self.controller).action_call("again")

    def test_renewal_follows_on(self):
        security = self.make_security(date_from=self.day(-9), date_to=self.day(0))
        action = security.with_user(self.controller).action_renew()
        renewal = self.securities.browse(action["res_id"])
        self.assertEqual(renewal.state, "draft")
        self.assertEqual((renewal.date_from, renewal.date_to), (self.day(1), self.day(10)))
        self.assertEqual(renewal.prepared_by_ids, self.controller)

    def test_incomplete_ones_are_refused(self):
        for vals in (
            {"guarantor_id": False},
            {"guarantor_id": self.customer.id},
            {"kind": "insurance", "policy": False},
            {"kind": "letter_of_credit", "date_to": False},
        ):
            with self.assertRaises(UserError):
                self.draft_security(**vals).action_submit()

    def test_bad_input_is_refused(self):
        for vals in (
            {"share": 101},
            {"share": 0},
            {"amount": -1},
            {"amount": 0},
            {"date_to": self.day(-1)},
            {"claim_by": self.day(-1)},
            {"kind": "insurance", "own_risk": -5},
            {"kind": "insurance", "insured_share": 120},
            {"kind": "insurance", "is_discretionary": True, "discretionary_limit": 10},
        ):
            with (
                self.subTest(vals=vals),
                mute_logger("odoo.sql_db"),
                self.assertRaises(IntegrityError),
                self.env.cr.savepoint(),
            ):
                self.draft_security(**vals)

    def test_deposit_on_the_receivable_account_counts_once(self):
        receivable = self.company_data["default_account_receivable"]
        liability = self.company_data["default_account_expense"].copy({"account_type": "liability_current"})
        bank = self.company_data["default_journal_bank"].default_account_id

        def entry(account):
            move = self.env["account.move"].create(
                {
                    "move_type": "entry",
                    "line_ids": [
                        Command.create({"account_id": bank.id, "debit": 400}),
                        Command.create(
                            {"account_id": account.id, "credit": 400, "partner_id": self.customer.id}
                        ),
                    ],
                }
            )
            move.action_post()
            return move

        wrong = self.draft_security(kind="deposit", amount=400, move_id=entry(receivable).id)
        self.assertTrue(wrong.counts_twice)
        with self.assertRaises(UserError):
            wrong.action_submit()
        right = self.draft_security(kind="deposit", amount=400, move_id=entry(liability).id)
        self.assertFalse(right.counts_twice)
        right.action_submit()

    def test_claim_by_is_proposed(self):
        self.customer.country_id = self.env.ref("base.cn")
        with Form(self.securities.with_user(self.controller)) as form:
            form.partner_id = self.customer
            form.guarantor_id = self.bank
            form.amount = 100
            form.date_from = "2026-01-01"
            form.date_to = "2026-06-30"
            self.assertEqual(str(form.claim_by), "2026-12-30")
            form.claim_by = "2027-06-30"
        self.assertEqual(str(form.record.claim_by), "2027-06-30")
        self.customer.country_id = self.env.ref("base.de")
        german = self.draft_security(date_to="2030-06-30")
        self.assertEqual(str(german.claim_by), "2030-06-30")

    def test_documents_are_evidence(self):
        document = (
            self.env["ir.attachment"]
            .with_user(self.controller)
            .create({"name": "deed.pdf", "raw": b"deed", "res_model": "ar.credit.security", "res_id": 0})
        )
        security = self.draft_security(document_ids=[Command.link(document.id)])
        self.assertEqual(document.res_id, security.id)
        self.assertEqual(document.with_user(self.auditor).raw, b"deed")
        security.action_submit()
        with self.assertRaises(UserError):
            document.unlink()


@tagged("post_install", "-at_install")
class TestSecurityWarnings(CoverCase):
    def run_cron(self):
        self.env.flush_all()
        with self.enter_registry_test_mode():
            self.env.ref("ar_credit_control.cron_cover").method_direct_trigger()
        self.env.invalidate_all()

    def activities(self, security, name):
        return security.activity_ids.filtered(
            lambda activity: activity.activity_type_id == self.env.ref(f"ar_credit_control.{name}")
        )

    def test_expiry_and_claim_warn_once(self):
        security = self.make_security(date_to=self.day(20), claim_by=self.day(25))
        far = self.make_security(date_to=self.day(200))
        self.run_cron()
        self.run_cron()
        warned = self.activities(security, "mail_activity_cover_ends")
        self.assertEqual(sorted(warned.mapped("date_deadline")), [self.day(20), self.day(25)])
        self.assertEqual(warned.user_id, self.controller)
        self.assertFalse(far.activity_ids)
        warned.action_done()
        self.run_cron()
        self.assertFalse(self.activities(security, "mail_activity_cover_ends"))

    def test_lapses_by_itself(self):
        security = self.make_security(date_from=self.day(-30), date_to=self.day(-1), claim_by=self.day(100))
        self.run_cron()
        self.assertEqual(security.state, "lapsed")
        self.assertFigures(security=0)

    def test_items_are_reported_by_the_original_due_date(self):
        security = self.make_security(
            kind="insurance", date_from=self.day(-365), date_to=self.day(-10), reporting_days=60
        )
        soon = self.make_invoice(100, days_overdue=55)
        missed = self.make_invoice(200, days_overdue=80)
        self.make_invoice(300, days_overdue=5)  # time enough
        self.make_invoice(400, days_overdue=-5)  # not due
        overdue = self.env["ar.insurance.overdue"].with_user(self.controller)
        rows = overdue.search([("partner_id", "=", self.customer.id)])
        self.assertEqual(
            {row.move_id: (row.report_by, row.days_left) for row in rows if row.move_id in soon + missed},
            {soon: (self.day(5), 5), missed: (self.day(-20), -20)},
        )
        self.run_cron()
        self.run_cron()
        warning = self.activities(security, "mail_activity_insurance_report")
        self.assertEqual(warning.date_deadline, self.day(-20))
        rows.action_report()
        rows.action_report()  # nothing twice
        notices = self.env["ar.insurance.notice"].search([("security_id", "=", security.id)])
        self.assertEqual(len(notices), len(rows))
        self.assertEqual(set(notices.mapped("reported_by_id")), set(self.controller))
        self.assertFalse(self.activities(security, "mail_activity_insurance_report"))
        self.assertFalse(overdue.search([("partner_id", "=", self.customer.id), ("notice_id", "=", False)]))

    def test_reporting_is_the_controllers(self):
        self.make_security(kind="insurance", date_from=self.day(-365), reporting_days=60)
        self.make_invoice(100, days_overdue=55)
        rows = self.env["ar.insurance.overdue"].search([("partner_id", "=", self.customer.id)])
        for user in (self.collector, self.auditor, self.salesperson):
            with self.assertRaises(AccessError):
                rows.with_user(user).action_report()


@tagged("post_install", "-at_install")
class TestCoverFigures(CoverCase):
    def cover(self, partner=None, days=90):
        self.env.flush_all()
        partner = partner or self.customer
        return self.securities._get_cover_figures(partner, self.company, days)[partner.id]

    def test_required_and_uncovered(self):
        profile = self.make_profile(self.customer, 500)
        self.make_invoice(800)
        self.assertEqual(self.cover()["required"], 0)
        profile.cover_required_share = 50
        self.make_security(amount=100)
        cover = self.cover()
        self.assertEqual(
            (cover["required"], cover["covered"], cover["uncovered"], cover["lapsed_amount"]),
            (400, 100, 300, 0),
        )
        self.assertEqual(self.cover(self.bank)["required"], 0)

    def test_lapsed_and_not_replaced(self):
        self.make_profile(self.customer, 500)
        lapsed = self.make_security(date_from=self.day(-100), date_to=self.day(-5), claim_by=False)
        self.make_security(date_from=self.day(-300), date_to=self.day(-200), claim_by=False)  # long ago
        self.make_security(amount=70, date_from=self.day(-50))  # beside it, not in its place
        cover = self.cover()
        self.assertEqual((cover["lapsed_amount"], cover["lapsed_on"]), (1000, self.day(-5)))
        self.make_security(amount=600, date_from=self.day(-4))
        self.assertEqual(self.cover()["lapsed_amount"], 400)
        renewal = self.securities.browse(lapsed.with_user(self.controller).action_renew()["res_id"])
        renewal.with_user(self.controller).action_submit()
        renewal.with_user(self.manager).action_validate()
        cover = self.cover()
        self.assertEqual((cover["lapsed_amount"], cover["lapsed_on"]), (0, None))
        self.assertEqual(self.cover(days=3)["lapsed_amount"], 0)

    def test_an_order_that_outgrows_the_cover_warns(self):
        self.make_profile(self.customer, 5000).cover_required_share = 50
        self.set_rules(cover_lapsed={"outcome": "warn", "days": 90})
        self.make_security(amount=400)
        order = self.make_order((1, 800), confirm=False)
        self.env.flush_all()
        self.assertNotIn("cover_lapsed", self.codes(order))  # 50 % of 800 is covered
        order.order_line.price_unit = 1000
        self.assertIn("cover_lapsed", self.codes(order))

    def test_an_order_after_the_cover_lapsed_warns(self):
        self.make_profile(self.customer, 5000)
        self.set_rules(cover_lapsed={"outcome": "warn", "days": 90})
        self.make_security(date_from=self.day(-100), date_to=self.day(-5), claim_by=False)
        order = self.make_order((1, 10), confirm=False)
        self.assertIn("cover_lapsed", self.codes(order))
        self.make_security(date_from=self.day(-4))
        self.assertNotIn("cover_lapsed", self.codes(order))

    def codes(self, order):
        self.env.flush_all()
        verdict = self.env["ar.credit.check"]._judge(order)[order.id]
        return {result["code"] for result in verdict.results if result["outcome"] != "pass"}

    def test_one_statement(self):
        partners = self.customer + self.bank + self.contact
        self.make_security()
        self.env.flush_all()
        self.securities._get_cover_figures(partners, self.company)
        with self.assertQueryCount(1):
            figures = self.securities._get_cover_figures(partners, self.company)
        self.assertEqual(figures.keys(), {self.customer.id, self.bank.id})

    def test_share_within_bounds(self):
        profile = self.make_profile(self.customer, 500)
        with mute_logger("odoo.sql_db"), self.assertRaises(IntegrityError), self.env.cr.savepoint():
            profile.cover_required_share = 101
            profile.flush_recordset()
