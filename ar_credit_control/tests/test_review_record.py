from odoo import fields
from odoo.exceptions import AccessError, UserError
from odoo.fields import Command
from odoo.tests import freeze_time, tagged

from .common_review import ReviewCase


@tagged("post_install", "-at_install")
class TestReviewRecord(ReviewCase):
    """Whatever way a limit changes, its history says who, when, from, to, why and on what figures."""

    def history(self, profile=None):
        profile = profile or self.profile
        return self.reviews.search([("profile_id", "=", profile.id), ("state", "=", "approved")], order="id")

    def test_a_direct_change_by_a_manager(self):
        self.make_invoice(250.0)
        self.profile.with_user(self.manager).limit = 4000.0
        review = self.history()[-1]
        self.assertEqual(
            (review.source, review.kind, review.requester_id, review.decided_by_id),
            ("direct", "increase", self.manager, self.manager),
        )
        self.assertEqual(
            (review.former_limit, review.decided_limit, review.exposure, review.decided_total),
            (1000.0, 4000.0, 250.0, 4000.0),
        )
        self.assertEqual(self.profile.last_review_id, review)

    def test_what_is_recorded(self):
        rating = self.env.ref("ar_credit_control.rating_d")
        today = self.company._credit_today()
        head = self.make_profile(self.make_partner("Holding"), 9000.0)
        for vals, kind in (
            ({"limit": 900.0}, "decrease"),
            ({"rating_id": rating.id}, "terms"),
            ({"limit_valid_until": today}, "terms"),
            ({"payment_days_set": True, "payment_days": 10}, "terms"),
            ({"parent_id": head.id}, "terms"),
            ({"hold_override": "block"}, "terms"),
            (
                {"temporary_limit": 50.0, "temporary_from": today, "temporary_to": today},
                "temporary",
            ),
            ({"limit_set": False}, "decrease"),
            ({"limit": 100.0}, "first"),
        ):
            with self.subTest(vals):
                before = self.history()
                self.profile.with_user(self.manager).write(vals)
                self.assertEqual((self.history() - before).kind, kind)
        with self.subTest("no decision, no record"):
            before = self.history()
            self.profile.with_user(self.manager).write({"note": "A word", "limit": 100.0})
            self.assertEqual(self.history(), before)

    def test_two_records_of_one_write(self):
        today = self.company._credit_today()
        before = self.history()
        self.profile.write(
            {"limit": 2000.0, "temporary_limit": 50.0, "temporary_from": today, "temporary_to": today}
        )
        self.assertEqual(set((self.history() - before).mapped("kind")), {"increase", "temporary"})

    def test_a_direct_change_beyond_the_authority(self):
        self.give_authority(self.manager, 3000.0)
        profile = self.profile.with_user(self.manager)
        profile.limit = 3000.0
        for vals in (
            {"limit": 3000.01},
            {"limit_set": False},
            {"hold_override": "pass"},
            {"temporary_limit": 1.0, "temporary_from": "2020-01-01", "temporary_to": "2999-01-01"},
        ):
            with self.subTest(vals), self.assertRaisesRegex(AccessError, "Ask for a review"):
                profile.write(vals)
        with self.assertRaisesRegex(AccessError, "Ask for a review"):
            self.profiles.with_user(self.manager).create(
                {"partner_id": self.make_partner("New").id, "limit": 3001.0}
            )
        result = self.profiles.with_user(self.manager).load(
            ["partner_id/.id", "limit"], [[str(self.make_partner("New").id), "3001"]]
        )
        self.assertFalse(result["ids"])
        self.env.invalidate_all()
        self.assertLimit(3000.0)

    def test_other_terms_of_a_large_customer_need_its_limit(self):
        self.profile.sudo().limit = 50000.0
        self.give_authority(self.manager, 3000.0)
        with self.assertRaises(AccessError):
            self.profile.with_user(self.manager).limit_valid_until = "2999-01-01"
        self.profile.with_user(self.manager).note = "Anybody's word"

    def test_a_profile_that_begins_with_terms(self):
        partner = self.make_partner("New")
        profile = self.profiles.with_user(self.manager).create({"partner_id": partner.id, "limit": 70.0})
        self.assertEqual(self.history(profile).mapped("kind"), ["first"])
        bare = self.profiles.with_user(self.manager).create({"partner_id": self.make_partner("Bare").id})
        self.assertFalse(self.history(bare))

    def test_through_the_contact(self):
        self.customer.with_user(self.manager).credit_limit = 640.0
        self.assertEqual(self.history()[-1].requester_id, self.manager)
        self.assertEqual(self.history()[-1].source, "direct")
        self.customer.sudo().credit_limit = 650.0
        self.assertEqual((self.history()[-1].source, self.history()[-1].decided_limit), ("system", 650.0))
        with self.subTest("an authority counts, not a group"):
            writer = self.make_user(
                "credit_wri", "ar_credit_control.group_credit_controller,base.group_partner_manager"
            )
            with self.assertRaises(AccessError):
                self.customer.with_user(writer).credit_limit = 300.0
            self.give_authority(writer, 500.0)
            self.customer.with_user(writer).credit_limit = 300.0
            self.assertEqual((self.history()[-1].source, self.history()[-1].requester_id), ("direct", writer))
            with self.assertRaisesRegex(AccessError, "Ask for a review"):
                self.customer.with_user(writer).credit_limit = 501.0
            with self.assertRaises(AccessError):
                self.customer.with_user(self.manager).credit_limit = 20.0

    def test_many_changes_cost_no_more_than_few(self):
        rating = self.env.ref("ar_credit_control.rating_b")

        def change(count):
            profiles = self.profiles.browse(
                self.make_profile(self.make_partner(f"{count}.{number}"), 100.0).id for number in range(count)
            )
            self.env.flush_all()
            self.env.invalidate_all()
            before = self.env.cr.sql_log_count
            profiles.with_context(tracking_disable=True).sudo().write({"rating_id": rating.id})
            self.env.flush_all()
            return self.env.cr.sql_log_count - before

        few = change(2)
        self.assertLessEqual(change(40), few + 5)

    def test_limits_that_core_had_are_recorded_at_installation(self):
        partner = self.make_partner("Old customer")
        self.env["res.partner"].flush_model()
        self.env.cr.execute(
            "UPDATE res_partner SET credit_limit = jsonb_build_object(%s::text, 700) WHERE id = %s",
            (self.company.id, partner.id),
        )
        self.env.invalidate_all()
        profile = self.profiles._take_over_core_limits().filtered(lambda p: p.partner_id == partner)
        review = self.history(profile)
        self.assertEqual(
            (review.source, review.kind, review.decided_limit, review.partner_name, review.partner_id),
            ("system", "first", 700.0, "Old customer", partner),
        )
        self.assertTrue(review.name.startswith("CR/"))
        self.assertEqual(profile.last_review_id, review)

    # ------------------------------------------------------------------
    # What happens to customers
    # ------------------------------------------------------------------

    def test_merging_customers_keeps_all_reviews(self):
        other = self.make_partner("Kornmann double")
        gone = self.make_profile(other, 300.0)
        periodic = self.make_review(kind="periodic", submit=False)
        second = self.make_review(kind="periodic", submit=False, profile_id=gone.id)
        asked = self.make_review(700.0, profile_id=gone.id)
        former = self.history(gone)
        self.env["base.partner.merge.automatic.wizard"].create({})._merge(
            [self.customer.id, other.id], self.customer
        )
        self.env.invalidate_all()
        self.assertFalse(gone.exists())
        for review in former | asked | second | periodic:
            self.assertEqual((review.profile_id, review.partner_id), (self.profile, self.customer))
        self.assertEqual(former.partner_name, "Kornmann double")
        self.assertEqual((periodic.state, second.state), ("draft", "cancelled"))
        self.assertEqual(self.history()[-1].decided_limit, 300.0, "the merge itself is recorded")
        asked.with_user(self.manager).action_approve()
        self.assertLimit(700.0)

    def test_a_merge_into_a_customer_without_profile(self):
        other = self.make_partner("Without profile")
        review = self.make_review(700.0)
        self.env["base.partner.merge.automatic.wizard"].create({})._merge([self.customer.id, other.id], other)
        self.env.invalidate_all()
        self.assertEqual((review.partner_id, review.partner_name), (other, "Kornmann AG"))
        review.with_user(self.manager).action_approve()
        self.assertLimit(700.0)

    def test_a_contact_that_becomes_a_company_starts_anew(self):
        before = self.history()
        self.contact.write({"parent_id": False, "is_company": True})
        own = self.profiles._get_or_create(self.contact, self.company)
        self.assertFalse(self.history(own))
        self.assertEqual(self.history(), before)

    def test_a_new_parent_and_archiving(self):
        before = self.history()
        self.customer.write({"parent_id": self.make_partner("Holding").id, "is_company": False})
        self.assertEqual(self.history(), before)
        self.assertEqual(before.partner_name, "Kornmann AG")
        self.customer.write({"parent_id": False, "is_company": True})
        self.customer.action_archive()
        self.assertEqual(self.history().filtered(lambda review: review in before), before)
        with self.assertRaises(UserError):
            self.customer.unlink()
        with self.assertRaisesRegex(UserError, "evidence"):
            before.sudo().unlink()

    # ------------------------------------------------------------------
    # Periodic reviews
    # ------------------------------------------------------------------

    def open_due(self):
        self.env.flush_all()
        self.reviews._open_due(self.reviews._find_due_profiles())

    def test_periodic_reviews_open_once(self):
        today = self.company._credit_today()
        self.company.credit_review_lead_days = 14
        others = [self.make_profile(self.make_partner(f"Due {number}"), 100.0) for number in range(5)]
        for number, profile in enumerate([self.profile, *others]):
            profile.next_review_date = fields.Date.add(today, days=10 * number - 20)
        self.profile.collector_id = self.controller
        self.open_due()
        self.open_due()
        periodic = self.reviews.search([("kind", "=", "periodic"), ("company_id", "=", self.company.id)])
        self.assertEqual(len(periodic), 4, "those due within 14 days, each once")
        review = periodic.filtered(lambda review: review.profile_id == self.profile)
        self.assertEqual(
            (review.state, review.source, review.responsible_id), ("draft", "system", self.controller)
        )
        self.assertEqual(review.activity_ids.user_id, self.controller)
        self.assertTrue(review.overdue_review)
        late = self.reviews.search([("overdue_review", "=", True), ("company_id", "=", self.company.id)])
        self.assertEqual(late, periodic.filtered(lambda review: review.due_date < today))
        with self.subTest("cancelled: not opened again for the same day"):
            review.with_user(self.controller).action_cancel()
            self.open_due()
            self.assertEqual(
                self.reviews.search_count([("kind", "=", "periodic"), ("profile_id", "=", self.profile.id)]),
                1,
            )
        with self.subTest("decided: the next one comes with the rating"):
            second = periodic.filtered(lambda review: review.profile_id == others[0])
            second.with_user(self.controller).write(
                {"reason": "Fine", "decided_rating_id": self.env.ref("ar_credit_control.rating_d").id}
            )
            second.with_user(self.controller).action_submit()
            second.with_user(self.manager).action_approve()
            self.assertEqual(others[0].next_review_date, fields.Date.add(today, months=3))

    def test_another_decision_settles_the_periodic_review(self):
        self.profile.next_review_date = self.company._credit_today()
        self.open_due()
        periodic = self.reviews.search([("kind", "=", "periodic"), ("profile_id", "=", self.profile.id)])
        self.make_review(3000.0).with_user(self.manager).action_approve()
        self.assertEqual(periodic.state, "cancelled")

    # ------------------------------------------------------------------
    # Days
    # ------------------------------------------------------------------

    def test_a_temporary_increase_ends_by_itself_where_the_company_is(self):
        self.company.partner_id.tz = "Asia/Shanghai"
        with freeze_time("2026-03-10 12:00:00"):
            review = self.make_review(500.0, kind="temporary", date_from="2026-03-10", date_to="2026-03-20")
            review.with_user(self.manager).action_approve()
            self.assertEqual(self.reviews._get_total_of(self.profile), 1500.0)
        with freeze_time("2026-03-20 15:59:00"):  # still the 20th in Shanghai
            self.assertEqual(self.reviews._get_total_of(self.profile), 1500.0)
        with freeze_time("2026-03-20 16:01:00"):
            self.assertEqual(self.reviews._get_total_of(self.profile), 1000.0)

    def test_an_authority_ends_with_its_last_day(self):
        with freeze_time("2026-03-10 12:00:00"):
            self.give_authority(self.manager, 9000.0, date_from="2026-03-01", date_to="2026-03-12")
            self.give_authority(self.director, 9000.0, date_from="2026-03-13")
            review = self.make_review(3000.0)
            with self.assertRaises(AccessError):
                review.with_user(self.director).action_approve()
        with freeze_time("2026-03-14 12:00:00"):
            with self.assertRaises(AccessError):
                review.with_user(self.manager).action_approve()
            review.with_user(self.director).action_approve()
        self.assertLimit(3000.0)

    def test_two_companies_decide_apart(self):
        other = self.setup_other_company()["company"]
        self.env.user.company_ids = [Command.link(other.id)]
        second = self.make_profile(self.customer, 20.0, other)
        self.make_review(3000.0).with_user(self.manager).action_approve()
        self.assertEqual(second.limit, 20.0)
        stranger = self.make_user("credit_str", "ar_credit_control.group_credit_manager")
        stranger.write({"company_ids": [Command.set(other.ids)], "company_id": other.id})
        visible = self.reviews.with_user(stranger).with_company(other).search([])
        self.assertEqual(visible.company_id, other)
