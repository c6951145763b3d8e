from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from odoo.exceptions import AccessError, UserError, ValidationError
from odoo.tests import tagged
from odoo.tools import mute_logger

from .common_review import ReviewCase

EVIDENCE = {
    "state": "approved",
    "source": "direct",
    "requester_id": 1,
    "values_by_id": 1,
    "submitted_by_id": 1,
    "decided_by_id": 1,
    "decided_on": "2026-01-01 00:00:00",
    "decided_total": 1.0,
    "applied_on": "2026-01-01 00:00:00",
    "former_limit": 1.0,
    "exposure": 1.0,
    "score": 99.0,
    "proposed_limit": 1.0,
    "name": "CR/0",
    "partner_name": "Somebody else",
    "approval_ids": [],
    "line_ids": [],
    "decided_hold_override": "pass",
}
PEOPLE = ("controller", "second", "manager", "director", "salesperson", "credit_user", "auditor")
STEP = st.tuples(
    st.sampled_from(PEOPLE),
    st.sampled_from(
        (
            "submit",
            "approve",
            "approve_sudo",
            "refuse",
            "cancel",
            "values",
            "state",
            "evidence",
            "context",
            "import",
            "copy",
            "create",
            "approval",
            "profile",
            "core",
            "wizard",
            "context_profile",
        )
    ),
)
REFUSED = (AccessError, UserError, ValidationError)


@tagged("post_install", "-at_install")
class TestReviewGuard(ReviewCase):
    """Invariant 5: who asked never approves, and without the authority no limit grows, whatever the way."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.second = cls.make_user("credit_ctl2", "ar_credit_control.group_credit_controller")

    def test_evidence_is_not_written_by_hand(self):
        review = self.make_review()
        for name, value in EVIDENCE.items():
            for records in (review.with_user(self.manager), review.sudo(), review.with_user(self.director)):
                with self.subTest(name, su=records.env.su), self.assertRaisesRegex(UserError, "by hand"):
                    records.write({name: value})
            with self.subTest(name), self.assertRaisesRegex(UserError, "by hand"):
                self.reviews.sudo().create({"profile_id": self.profile.id, name: value})

    def test_defaults_of_a_context_decide_nothing(self):
        context = {f"default_{name}": value for name, value in EVIDENCE.items()}
        review = (
            self.reviews.with_user(self.controller)
            .with_context(**context)
            .create({"profile_id": self.profile.id, "reason": "Mine"})
        )
        self.assertEqual(
            (review.state, review.source, review.requester_id, review.partner_name),
            ("draft", "person", self.controller, "Kornmann AG"),
        )
        self.assertFalse(review.decided_by_id or review.decided_total or review.applied_on or review.score)

    def test_import_decides_nothing(self):
        for names, row in (
            (["profile_id/.id", "reason", "state"], [str(self.profile.id), "x", "Approved"]),
            (["profile_id/.id", "reason", "decided_by_id/.id"], [str(self.profile.id), "x", "1"]),
        ):
            result = self.reviews.with_user(self.manager).load(names, [row])
            self.assertFalse(result["ids"])
            self.assertIn("by hand", result["messages"][0]["message"])

    def test_decided_reviews_stay_as_they_were(self):
        review = self.make_review()
        review.with_user(self.manager).action_approve()
        for vals in ({"decided_limit": 9.0}, {"reason": "x"}, {"kind": "first"}, {"attachment_ids": []}):
            with self.subTest(vals), self.assertRaises(UserError):
                review.sudo().write(vals)
        for records in (review, review.approval_ids):
            with self.assertRaises(UserError):
                records.sudo().unlink()
        with self.assertRaises(UserError):
            review.copy()
        with self.assertRaises(AccessError):
            self.env["ar.credit.review.approval"].with_user(self.manager).create(
                {"review_id": review.id, "user_id": self.manager.id, "outcome": "approved"}
            )

    def test_what_was_asked_stays(self):
        review = self.ask(3000.0)
        for vals in ({"requested_limit": 9000.0}, {"reason": "Better"}, {"kind": "first"}):
            with self.subTest(vals), self.assertRaises(UserError):
                review.with_user(self.controller).write(vals)
        with self.assertRaises(AccessError):
            review.with_user(self.credit_user).write({"decided_limit": 9000.0})

    def test_a_customer_in_the_portal_reads_nothing(self):
        portal = self.make_user("credit_portal", "base.group_portal")
        self.make_review()
        for model in ("ar.credit.review", "ar.credit.review.line", "ar.credit.review.approval"):
            with self.assertRaises(AccessError):
                self.env[model].with_user(portal).search([])

    def test_a_plain_salesperson_works(self):
        customer = self.customer.with_user(self.salesperson)
        views = customer.get_views([(False, "form"), (False, "list"), (False, "search")])
        self.assertNotIn("action_credit_request", views["views"]["form"]["arch"])
        order = self.env["sale.order"].with_user(self.salesperson)
        self.assertNotIn("action_credit_request", order.get_views([(False, "form")])["views"]["form"]["arch"])
        with self.assertRaises(AccessError):
            customer.action_credit_request()

    def test_no_one_sets_an_authority_of_their_own(self):
        values = {"company_id": self.company.id, "user_id": self.manager.id, "kind": "limit", "amount": 9.0}
        rows = self.authority.with_user(self.manager)
        with self.assertRaises(AccessError):
            rows.create(values)
        row = self.authority.with_user(self.director).create(values)
        with self.assertRaises(AccessError):
            row.with_user(self.manager).amount = 99999.0
        for user in (self.controller, self.auditor, self.salesperson):
            with self.subTest(user.login), self.assertRaises(AccessError):
                rows.with_user(user).create({**values, "user_id": self.director.id})

    # ------------------------------------------------------------------
    # Generated
    # ------------------------------------------------------------------

    @settings(
        max_examples=15,
        deadline=None,
        derandomize=True,
        database=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(
        kind=st.sampled_from(("increase", "temporary", "emergency", "terms", "first")),
        requester=st.sampled_from(("controller", "manager", "credit_user")),
        every_tier=st.booleans(),
        steps=st.lists(STEP, min_size=2, max_size=7),
    )
    def test_generated_ways(self, kind, requester, every_tier, steps):
        with self.env.cr.savepoint() as savepoint, mute_logger("odoo.sql_db", "odoo.models"):
            self.walk(kind, requester, every_tier, steps)
            savepoint.rollback()
        self.env.invalidate_all()

    def walk(self, kind, requester, every_tier, steps):
        self.company.credit_review_every_tier = every_tier
        self.give_authority(self.controller, 500.0)
        self.give_authority(self.manager, 2000.0, tier=2)
        self.give_authority(self.director, 20000.0, tier=3)
        self.reach = {self.controller: 500.0, self.manager: 2000.0, self.director: 20000.0}
        today = self.company._credit_today()
        values = {"date_to": today} if kind == "temporary" else {}
        limit = 0.0 if kind == "emergency" else 3000.0
        if requester == "credit_user":
            review = self.ask(4000.0, **({"date_to": today} if kind == "temporary" else {}))
        else:
            review = self.make_review(limit, getattr(self, requester), submit=False, kind=kind, **values)
        asked_by = {review.requester_id}
        proposed_by = review.values_by_id
        for login, way in steps:
            user = getattr(self, login)
            before = self.reviews._get_total_of(self.profile)
            state = review.state
            try:
                with self.env.cr.savepoint():
                    getattr(self, f"way_{way}")(review.with_user(user), user)
                    self.env.flush_all()
            except REFUSED:
                self.env.invalidate_all()
                self.assertEqual(self.reviews._get_total_of(self.profile), before)
                continue
            self.env.invalidate_all()
            after = self.reviews._get_total_of(self.profile)
            if way == "submit":
                asked_by.add(user)
            if way in ("values", "core", "profile"):
                proposed_by = review.values_by_id
            if state != "approved" and review.state == "approved":
                self.assertNotIn(user, asked_by, f"approved by who asked, through {way}")
                self.assertNotEqual(user, proposed_by, f"approved by who proposed, through {way}")
                self.assertLessEqual(after, self.reach.get(user, -1.0))
                self.assertIn(user, review.approval_ids.user_id)
            if after > before:
                restored = state == "submitted" and review.state in ("refused", "cancelled")
                covered = max(self.reach.get(user, -1.0), 1000.0 if restored and user in asked_by else -1.0)
                self.assertLessEqual(after, covered, f"{login} raised the limit through {way}")
            if review.state == "approved":
                self.assertEqual(set(review.mapped("approval_ids.outcome")) - {"level"}, {"approved"})
        last = self.profile.last_review_id
        self.assertIn(last.state, ("approved", "submitted"))

    def way_submit(self, review, user):
        review.action_submit()

    def way_approve(self, review, user):
        review.action_approve()

    def way_approve_sudo(self, review, user):
        review.sudo().action_approve()

    def way_refuse(self, review, user):
        review.action_refuse("No")

    def way_cancel(self, review, user):
        review.action_cancel()

    def way_values(self, review, user):
        review.write({"decided_limit": 1500.0})

    def way_state(self, review, user):
        review.write({"state": "approved"})

    def way_evidence(self, review, user):
        review.write({"requester_id": self.salesperson.id, "values_by_id": False})

    def way_context(self, review, user):
        review.with_context(
            default_state="approved", credit_review_force=True, applying=True, tracking_disable=True
        ).write({"state": "approved", "decided_limit": 1600.0})

    def way_import(self, review, user):
        result = review.load([".id", "state"], [[str(review.id), "Approved"]])
        self.assertFalse(result["ids"])

    def way_copy(self, review, user):
        review.copy({"state": "approved"})

    def way_create(self, review, user):
        review.create(
            {"profile_id": self.profile.id, "reason": "Mine", "decided_limit": 9.0, "state": "approved"}
        )

    def way_approval(self, review, user):
        self.env["ar.credit.review.approval"].with_user(user).create(
            {"review_id": review.id, "user_id": self.director.id, "tier": 3, "outcome": "level"}
        )

    def way_profile(self, review, user):
        self.profile.with_user(user).write({"limit": 1900.0})

    def way_context_profile(self, review, user):
        self.profile.with_user(user).with_context(applying=self.profile.ids, install_mode=True).write(
            {"limit": 15000.0, "last_review_id": review.id}
        )

    def way_core(self, review, user):
        self.customer.with_user(user).write({"credit_limit": 1700.0})

    def way_wizard(self, review, user):
        wizard = self.env["ar.credit.review.decision"].with_user(user)
        wizard.create({"decision": "approve", "review_ids": review.ids}).action_apply()
