from datetime import timedelta

from psycopg2.errors import UniqueViolation

from odoo import fields
from odoo.exceptions import AccessError, UserError
from odoo.fields import Command
from odoo.tests import tagged
from odoo.tools import mute_logger

from .common_review import ReviewCase


@tagged("post_install", "-at_install")
class TestReviewDecision(ReviewCase):
    """One person asks, another one with the authority decides; the profile follows."""

    def test_a_controller_proposes_and_a_manager_approves(self):
        review = self.make_review(
            5000.0,
            decided_rating_id=self.env.ref("ar_credit_control.rating_b").id,
            decided_days_set=True,
            decided_days=45,
        )
        self.assertEqual((review.state, review.requester_id), ("submitted", self.controller))
        self.assertLimit(1000.0)
        self.assertIn(review.responsible_id, self.authority._get_approvers("limit", 5000.0, self.company))
        self.assertEqual(review.activity_ids.user_id, review.responsible_id)
        review.with_user(self.manager).action_approve("Order book seen")
        self.assertLimit(5000.0)
        self.assertEqual(
            (self.profile.rating_id.name, self.profile.payment_days_set, self.profile.payment_days),
            ("B", True, 45),
        )
        self.assertEqual(self.profile.last_review_id, review)
        today = self.company._credit_today()
        self.assertEqual(self.profile.next_review_date, fields.Date.add(today, months=12))
        self.assertEqual(
            (review.state, review.decided_by_id, review.decided_total), ("approved", self.manager, 5000.0)
        )
        self.assertFalse(review.activity_ids)
        approval = review.approval_ids
        self.assertEqual(
            (approval.user_id, approval.outcome, approval.amount, approval.note),
            (self.manager, "approved", 5000.0, "Order book seen"),
        )
        bodies = "".join(review.message_ids.mapped("body"))
        self.assertIn("Approved by", bodies)
        self.assertIn("Order book seen", "".join(self.profile.message_ids.mapped("body")))

    def test_the_figures_and_former_terms_are_kept(self):
        self.make_invoice(400.0, days_overdue=12)
        review = self.make_review(5000.0)
        review.with_user(self.manager).action_approve()
        self.make_invoice(300.0)
        self.profile.limit = 70.0
        self.env.invalidate_all()
        self.assertEqual(
            (review.receivable, review.exposure, review.overdue, review.overdue_days, review.available),
            (400.0, 400.0, 400.0, 12, 600.0),
        )
        self.assertEqual((review.former_limit_set, review.former_limit), (True, 1000.0))

    def test_refused_with_a_reason(self):
        review = self.ask(3000.0)
        with self.assertRaisesRegex(UserError, "Say why"):
            (review | self.make_review(submit=False)).with_user(self.manager).action_refuse()
        action = review.with_user(self.manager).action_refuse()
        self.assertEqual(action["res_model"], "ar.credit.review.decision")
        self.env["ar.credit.review.decision"].with_user(self.manager).with_context(
            **action["context"]
        ).create({"note": "Overdue items first"}).action_apply()
        self.assertEqual((review.state, review.decision_note), ("refused", "Overdue items first"))
        self.assertLimit(1000.0)
        self.assertIn(self.credit_user.partner_id, review.message_ids.partner_ids, "who asked is told")
        with self.assertRaises(UserError):
            review.with_user(self.director).action_approve()

    def test_a_request_of_a_salesperson(self):
        review = self.ask(3000.0)
        self.assertEqual(
            (review.kind, review.state, review.requested_limit, review.decided_limit),
            ("increase", "submitted", 3000.0, 3000.0),
        )
        with self.assertRaisesRegex(AccessError, "Who asked never approves"):
            review.with_user(self.credit_user).action_approve()
        with self.assertRaisesRegex(UserError, "is open already"):
            self.ask(4000.0)
        review.with_user(self.manager).action_approve()
        self.assertLimit(3000.0)
        with self.assertRaisesRegex(UserError, "ask for more"):
            self.ask(2000.0)

    def test_a_request_until_a_day_is_a_temporary_increase(self):
        until = self.company._credit_today() + timedelta(days=20)
        review = self.ask(1600.0, date_to=until)
        self.assertEqual((review.kind, review.decided_limit), ("temporary", 600.0))
        self.assertEqual(review.total_limit, 1600.0)
        review.with_user(self.manager).action_approve()
        self.assertLimit(1000.0)
        self.assertEqual((self.profile.temporary_limit, self.profile.temporary_to), (600.0, until))

    def test_a_request_for_the_first_limit(self):
        self.profile.limit_set = False
        review = self.ask(800.0)
        self.assertEqual(review.kind, "first")
        review.with_user(self.manager).action_approve()
        self.assertLimit(800.0)

    def test_a_salesperson_asks_for_own_customers_alone(self):
        self.customer.user_id = self.salesperson
        with self.assertRaisesRegex(AccessError, "not one of your customers"):
            self.ask(3000.0)
        wizard = self.env["ar.credit.request"].with_user(self.credit_user)
        with self.assertRaises(AccessError):
            wizard.create({"partner_id": self.customer.id, "amount": 9000.0, "reason": "RPC"}).action_ask()
        for user in (self.salesperson, self.auditor):
            with self.subTest(user.login), self.assertRaises(AccessError):
                self.ask(3000.0, user=user)

    def test_a_salesperson_does_not_ask_in_another_company(self):
        other = self.setup_other_company()["company"]
        with self.assertRaises(AccessError):
            self.env["ar.credit.request"].with_user(self.credit_user).create(
                {"partner_id": self.customer.id, "company_id": other.id, "amount": 1.0, "reason": "RPC"}
            ).read(["exposure", "limit"])

    def test_who_asked_or_submitted_or_proposed_never_approves(self):
        review = self.make_review(user=self.manager)
        with self.assertRaisesRegex(AccessError, "Who asked"):
            review.with_user(self.manager).action_approve()
        with self.assertRaisesRegex(AccessError, "Who asked"):
            review.with_user(self.manager).sudo().action_approve()
        review.with_user(self.director).decided_limit = 4000.0
        with self.assertRaisesRegex(AccessError, "You proposed"):
            review.with_user(self.director).action_approve()
        self.assertFalse(review.with_user(self.director).can_decide)
        draft = self.make_review(user=self.controller, submit=False)
        draft.with_user(self.director).action_submit()
        with self.assertRaises(AccessError):
            draft.with_user(self.director).action_approve()
        draft.with_user(self.manager).action_approve()
        self.assertLimit(5000.0)

    def test_an_approval_needs_authority(self):
        review = self.make_review()
        for user in (self.collector, self.auditor, self.salesperson, self.credit_user):
            with self.subTest(user.login), self.assertRaises(AccessError):
                review.with_user(user).action_approve()
        other = self.make_user("credit_ctl2", "ar_credit_control.group_credit_controller")
        with self.assertRaisesRegex(AccessError, "no authority"):
            review.with_user(other).action_approve()
        self.assertEqual(review.state, "submitted")

    def test_an_auditor_with_a_row_decides_nothing(self):
        self.give_authority(self.auditor, unlimited=True)
        with self.assertRaisesRegex(AccessError, "auditor"):
            self.make_review().with_user(self.auditor).action_approve()

    def test_levels(self):
        self.give_authority(self.manager, 2000.0)
        self.give_authority(self.director, 10000.0, tier=2)
        review = self.make_review(5000.0)
        self.assertEqual(review.responsible_id, self.director)
        review.with_user(self.manager).action_approve("Fine with me")
        self.assertEqual(review.state, "submitted")
        self.assertEqual((review.approval_ids.outcome, review.approval_ids.tier), ("level", 1))
        with self.assertRaisesRegex(UserError, "agreed already"):
            review.with_user(self.manager).action_approve()
        review.with_user(self.director).action_approve()
        self.assertEqual(review.approval_ids.mapped("outcome"), ["level", "approved"])
        self.assertLimit(5000.0)

    def test_every_tier_first(self):
        self.company.credit_review_every_tier = True
        self.give_authority(self.manager, 2000.0)
        self.give_authority(self.director, 10000.0, tier=2)
        review = self.make_review(5000.0)
        self.assertEqual(review.responsible_id, self.manager)
        with self.assertRaisesRegex(UserError, "Tier 1 approves first"):
            review.with_user(self.director).action_approve()
        review.with_user(self.manager).action_approve()
        self.assertEqual(review.responsible_id, self.director)
        review.with_user(self.director).action_approve()
        self.assertLimit(5000.0)

    def test_new_values_ask_everybody_again(self):
        self.company.credit_review_every_tier = True
        self.give_authority(self.manager, 2000.0)
        self.give_authority(self.director, 10000.0, tier=2)
        review = self.make_review(5000.0)
        review.with_user(self.manager).action_approve()
        review.with_user(self.controller).decided_limit = 9000.0
        self.assertTrue(review.approval_ids.superseded)
        with self.assertRaises(UserError):
            review.with_user(self.director).action_approve()

    def test_nobody_reaches(self):
        self.give_authority(self.manager, 2000.0)
        review = self.make_review(5000.0)
        self.assertFalse(review.responsible_id)
        self.assertIn("Nobody may approve", "".join(review.message_ids.mapped("body")))

    def test_taking_a_limit_away_needs_any_amount(self):
        row = self.give_authority(self.manager, 1000000.0)
        review = self.make_review(0.0, decided_limit_set=False, kind="terms")
        review.with_user(self.manager).action_approve()
        self.assertEqual(review.state, "submitted")
        row.unlimited = True
        review.with_user(self.controller).decided_days = 3
        review.with_user(self.manager).action_approve()
        self.assertLimit(None)

    def test_the_total_with_a_running_increase_counts(self):
        today = self.company._credit_today()
        self.profile.write({"temporary_limit": 600.0, "temporary_from": today, "temporary_to": today})
        self.give_authority(self.manager, 2500.0)
        review = self.make_review(2000.0)
        self.assertEqual(review.total_limit, 2600.0)
        review.with_user(self.manager).action_approve()
        self.assertEqual(review.state, "submitted")
        with self.subTest("it has ended"):
            self.profile.sudo().write(
                {"temporary_from": today - timedelta(days=9), "temporary_to": today - timedelta(days=1)}
            )
            other = self.make_review(2000.0)
            other.with_user(self.manager).action_approve()
            self.assertLimit(2000.0)

    def test_currencies(self):
        foreign = self.setup_other_currency("EUR", rates=[("2000-01-01", 0.5)])  # 1 EUR = 2
        self.give_authority(self.manager, 3000.0)
        review = self.make_review(2000.0, limit_currency_id=foreign.id)
        self.assertEqual(review.total_limit, 4000.0)
        review.with_user(self.manager).action_approve()
        self.assertEqual(review.state, "submitted", "4,000 in company currency is beyond 3,000")
        review.with_user(self.controller).decided_limit = 1400.0
        review.with_user(self.manager).action_approve()
        self.assertEqual((self.profile.limit, self.profile.limit_currency_id), (1400.0, foreign))
        self.assertEqual(review.decided_total, 2800.0)
        with self.subTest("an authority in another currency"):
            self.give_authority(self.director, 2000.0, tier=2, currency_id=foreign.id)
            second = self.make_review(1900.0)
            second.with_user(self.director).action_approve()
            self.assertEqual(second.state, "approved")

    def test_branches_and_other_companies(self):
        branch = self.env["res.company"].create({"name": "Branch", "parent_id": self.company.id})
        other = self.setup_other_company()["company"]
        self.manager.company_ids = [Command.link(branch.id)]
        review = self.make_review(4000.0)
        in_branch = review.with_user(self.manager).with_context(allowed_company_ids=branch.ids)
        in_branch.action_approve()
        self.assertLimit(4000.0)
        stranger = self.make_user("credit_str", "ar_credit_control.group_credit_manager")
        stranger.write({"company_ids": [Command.set(other.ids)], "company_id": other.id})
        second = self.make_review(3000.0)
        with self.assertRaises(AccessError):
            second.with_user(stranger).with_company(other).action_approve()

    def test_an_emergency_lowers_at_once(self):
        review = self.make_review(0.0, kind="emergency")
        self.assertLimit(0.0)
        self.assertEqual(review.state, "submitted")
        review.with_user(self.manager).action_approve()
        self.assertEqual(review.state, "approved")
        self.assertLimit(0.0)
        self.assertEqual(review.former_limit, 1000.0)

    def test_a_refused_emergency_restores(self):
        today = self.company._credit_today()
        self.profile.write({"temporary_limit": 500.0, "temporary_from": today, "temporary_to": today})
        review = self.make_review(0.0, kind="emergency")
        self.assertEqual(self.profile.temporary_limit, 0.0)
        with self.assertRaisesRegex(UserError, "in force"):
            review.with_user(self.controller).decided_limit = 10.0
        self.give_authority(self.manager, 100.0)
        with self.assertRaisesRegex(AccessError, "brings back"):
            review.with_user(self.manager).action_refuse("No need")
        self.give_authority(self.director, 1500.0, tier=2)
        review.with_user(self.director).action_refuse("No need")
        self.assertLimit(1000.0)
        self.assertEqual((self.profile.temporary_limit, self.profile.temporary_to), (500.0, today))

    def test_a_refused_emergency_leaves_what_was_decided_since(self):
        review = self.make_review(0.0, kind="emergency")
        self.profile.limit = 300.0
        review.with_user(self.manager).action_refuse("Settled")
        self.assertLimit(300.0)

    def test_an_emergency_never_raises(self):
        with self.assertRaisesRegex(UserError, "lowers"):
            self.make_review(1001.0, kind="emergency")
        with self.assertRaises(AccessError):
            self.reviews.with_user(self.collector).create(
                {"profile_id": self.profile.id, "kind": "emergency", "reason": "x"}
            )

    def test_what_a_review_needs(self):
        today = self.company._credit_today()
        for values, message in (
            ({"reason": " "}, "Say why"),
            ({"limit": -1.0}, "negative"),
            ({"limit_valid_until": today - timedelta(days=1)}, "expired"),
            ({"kind": "temporary", "date_to": False}, "first day and a last day"),
            ({"kind": "temporary", "date_to": today, "date_from": False}, "first day and a last day"),
            ({"kind": "temporary", "date_to": today - timedelta(days=1)}, "first day and a last day"),
            ({"kind": "temporary", "date_to": today, "limit": 0.0}, "needs an amount"),
        ):
            with self.subTest(values), self.assertRaisesRegex(UserError, message):
                self.make_review(**values)
        self.profile.limit_set = False
        with self.assertRaisesRegex(UserError, "nothing to increase"):
            self.make_review(100.0, kind="temporary", date_to=today)

    def test_cancelling(self):
        review = self.ask(3000.0)
        other = self.make_user("credit_own2", "ar_credit_control.group_credit_user")
        with self.assertRaises(AccessError):
            review.with_user(other).action_cancel()
        review.with_user(self.credit_user).action_cancel()
        self.assertEqual(review.state, "cancelled")
        self.assertFalse(review.activity_ids)
        with self.assertRaises(UserError):
            review.with_user(self.manager).action_approve()

    def test_a_closed_profile(self):
        review = self.make_review()
        self.customer.parent_id = self.make_partner("Holding")
        self.customer.is_company = False
        self.assertFalse(self.profile.active)
        with self.assertRaisesRegex(UserError, "closed"):
            review.with_user(self.manager).action_approve()
        self.assertEqual(review.partner_name, "Kornmann AG")

    def test_one_open_periodic_review(self):
        self.make_review(kind="periodic", submit=False)
        with self.assertRaises(UniqueViolation), mute_logger("odoo.sql_db"):
            self.make_review(kind="periodic", submit=False)

    def test_documents_are_the_review_s(self):
        document = (
            self.env["ir.attachment"]
            .with_user(self.credit_user)
            .create({"name": "Orders.pdf", "raw": b"pdf"})
        )
        review = self.ask(3000.0, attachment_ids=[Command.set(document.ids)])
        self.assertEqual(review.attachment_ids, document)
        self.assertEqual((document.res_model, document.res_id), ("ar.credit.review", review.id))
        self.env.invalidate_all()
        self.assertEqual(document.with_user(self.manager).raw, b"pdf")
