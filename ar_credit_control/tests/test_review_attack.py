from odoo.exceptions import AccessError, UserError
from odoo.tests import Form, tagged

from .common_cover import CoverCase
from .common_review import ReviewCase


@tagged("post_install", "-at_install")
class TestReviewAttack(ReviewCase, CoverCase):
    """What somebody with a login and a script tries, to get more credit decided than others agreed to."""

    def test_a_security_is_not_valid_by_a_default_of_ones_own(self):
        defaults = self.env["ir.default"].with_user(self.controller)
        defaults.set("ar.credit.security", "state", "valid", user_id=True)
        defaults.set("ar.credit.security", "share", 50.0, user_id=True)
        security = self.draft_security()
        self.assertEqual((security.state, security.share), ("draft", 50.0))
        self.assertEqual(self.figures()["security"], 0.0)

    def test_a_review_says_nothing_by_a_default_of_ones_own(self):
        defaults = self.env["ir.default"].with_user(self.controller)
        defaults.set("ar.credit.review", "decided_hold_override", "pass", user_id=True)
        defaults.set("ar.credit.review", "decided_total", 1.0, user_id=True)
        review = self.make_review()
        self.assertFalse(review.decided_hold_override or review.decided_total)

    def test_asking_tells_nothing_of_the_customers_of_others(self):
        other = self.make_partner("Somebody else's")
        self.make_profile(other, 7000.0)
        requests = self.env["ar.credit.request"].with_user(self.credit_user)
        spec = {"partner_id": {}, "limit": {}, "exposure": {}, "amount": {}}
        with self.assertRaisesRegex(AccessError, "not one of your customers"):
            requests.onchange({"partner_id": other.id}, ["partner_id"], spec)
        own = requests.create({"partner_id": self.customer.id, "reason": "They grow"})
        self.assertEqual(own.limit, 1000.0)
        new = self.make_partner("Nobody decided on this one yet", user_id=self.credit_user.id)
        self.assertFalse(Form(requests.with_context(default_partner_id=new.id)).limit_set)
        with self.assertRaisesRegex(AccessError, "not one of your customers"):
            requests.create({"partner_id": other.id, "reason": "Curious"}).read(["limit"])

    def test_an_increase_in_another_currency_than_the_limit(self):
        foreign = self.setup_other_currency("JPY", rates=[("2020-01-01", 150.0)])
        self.give_authority(self.manager, 1500.0)
        self.give_authority(self.director, tier=2, unlimited=True)
        review = self.make_review(
            100000.0, kind="temporary", date_from=self.today, date_to=self.day(30), submit=True
        )
        review.write({"limit_currency_id": foreign.id})
        with self.assertRaisesRegex(UserError, "currency of the limit"):
            review.with_user(self.manager).action_approve()
        self.assertFalse(self.profile.temporary_limit)

    def test_an_increase_that_is_over_when_it_is_approved(self):
        review = self.make_review(100.0, kind="temporary", date_from=self.today, date_to=self.day(30))
        review.write({"date_from": self.day(-30), "date_to": self.day(-1)})
        with self.assertRaisesRegex(UserError, "a last day to come"):
            review.with_user(self.manager).action_approve()

    def test_giving_up_an_emergency_undoes_no_decision_of_others(self):
        emergency = self.make_review(0.0, kind="emergency")
        decision = self.make_review(0.0, kind="decrease")
        decision.with_user(self.manager).action_approve()
        emergency.action_cancel()
        self.assertLimit(0.0)

    def test_who_archives_the_authority_of_others_gets_none(self):
        elsewhere = self.env["res.company"].create({"name": "Elsewhere"})
        row = self.give_authority(self.director, unlimited=True).with_user(self.manager)
        with self.assertRaisesRegex(AccessError, "beyond your authority"):
            self.profile.with_user(self.manager).limit = 9000.0
        for vals in ({"kind": "release"}, {"company_id": elsewhere.id}):
            with self.subTest(vals), self.assertRaises(UserError):
                row.sudo().write(vals)
        for vals in ({"active": False}, {"active": True, "date_to": self.day(-1)}):
            with self.subTest(vals):
                row.write(vals)
                with self.assertRaisesRegex(AccessError, "beyond your authority"):
                    self.profile.with_user(self.manager).limit = 9000.0
                self.assertFalse(self.authority._get_approvers("limit", 1.0, self.company))

    def test_leaving_a_group_that_is_all_that_bounds_a_customer(self):
        member = self.make_profile(self.make_partner("Member"))
        member.parent_id = self.profile
        head = self.make_profile(self.make_partner("Larger head"), 5000.0)
        self.give_authority(self.manager, 2000.0)
        self.give_authority(self.director, tier=2, unlimited=True)
        for parent in (False, head.id):
            with self.subTest(parent), self.assertRaisesRegex(AccessError, "beyond your authority"):
                member.with_user(self.manager).parent_id = parent
        self.assertEqual(member.parent_id, self.profile)
        member.with_user(self.director).parent_id = head
        member.with_user(self.director).parent_id = False
        self.assertFalse(member.parent_id)

    def test_nothing_is_moved_into_a_company_of_others(self):
        """What counts there would have been written by somebody who has no right there."""
        elsewhere = self.env["res.company"].create({"name": "Elsewhere"})
        statement = self.env["ar.credit.financial"].create(
            {"partner_id": self.customer.id, "fiscal_year_end": "2025-12-31"}
        )
        records = (
            self.get_rule("limit"),
            statement,
            self.env["ar.credit.scorecard"]._get_for(self.company),
            self.env["ar.credit.score.run"].create({}),
            self.draft_security(kind="deposit"),
            self.make_bill(),
        )
        for record in records:
            with self.subTest(record._name), self.assertRaises(AccessError):
                record.with_user(self.manager).write({"company_id": elsewhere.id})
