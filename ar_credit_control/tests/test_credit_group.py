from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from odoo.exceptions import ValidationError
from odoo.fields import Command
from odoo.tests import tagged

from .common_credit import CreditCase


@tagged("post_install", "-at_install")
class TestCreditGroup(CreditCase):
    """A profile with members limits itself and all below it; each member's own limit counts too."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.company.credit_control_active = True
        cls.partners = cls.env["res.partner"].create(
            [{"name": name, "is_company": True} for name in ("Top", "Middle", "Leaf", "Other", "Alone")]
        )
        cls.top, cls.middle, cls.leaf, cls.other, cls.alone = (
            cls.make_profile(partner) for partner in cls.partners
        )
        cls.leaf.parent_id = cls.middle
        (cls.middle | cls.other).parent_id = cls.top

    def order(self, profile, amount):
        return self.make_order((1, amount), partner_id=profile.partner_id.id)

    def groups(self, profile):
        found = self.figures(profile.partner_id)["groups"]
        return {group["profile_id"]: (group["exposure"], group["available"]) for group in found}

    def test_a_group_sums_what_is_below(self):
        self.top.limit = 1000
        self.middle.limit = 600
        self.order(self.leaf, 100)
        self.order(self.other, 250)
        self.assertEqual(self.groups(self.leaf), {self.top.id: (350, 650), self.middle.id: (100, 500)})
        self.assertEqual(self.groups(self.top), {self.top.id: (350, 650)})
        self.assertEqual(self.groups(self.alone), {})
        self.assertFigures(self.leaf.partner_id, limit_set=False, available=500)
        self.assertFigures(self.middle.partner_id, available=500)
        self.assertFigures(self.top.partner_id, available=650)
        self.assertEqual(self.top.member_count, 4)
        self.assertEqual((self.leaf.group_limit, self.leaf.group_available), (600, 500))

    def test_own_and_group_limit_both_hold(self):
        self.top.limit = 1000
        self.leaf.limit = 300
        self.assertEqual(self.order(self.leaf, 301).state, "draft")
        self.assertEqual(self.order(self.leaf, 300).state, "sale")
        self.assertEqual(self.order(self.other, 701).state, "draft")
        held = self.order(self.other, 701)
        self.assertIn("group_limit", held.credit_hold_id.reason_ids.mapped("code"))
        self.assertEqual(self.order(self.other, 700).state, "sale")
        self.assertEqual(self.order(self.top, 1).state, "draft")
        self.assertEqual(self.order(self.alone, 5000).state, "sale")

    def test_the_group_shows_in_status_and_searches(self):
        self.top.limit = 1000
        self.make_invoice(1200, partner_id=self.leaf.partner_id.id)
        self.env.flush_all()
        members = (self.top | self.middle | self.leaf | self.other).partner_id
        self.assertEqual(set(members.mapped("credit_status")), {"hold"})
        self.assertEqual(set(members.mapped("credit_available")), {-200})
        found = self.env["res.partner"].search(
            [("id", "in", self.partners.ids), ("credit_status", "=", "hold"), ("credit_available", "=", -200)]
        )
        self.assertEqual(found, members)
        self.assertFigures(self.alone.partner_id, status="ok")

    def test_a_credit_balance_of_one_makes_no_room_for_another(self):
        self.top.limit = 1000
        refund = self.make_invoice(500, partner_id=self.other.partner_id.id, move_type="out_refund")
        self.assertEqual(refund.state, "posted")
        self.assertEqual(self.groups(self.leaf), {self.top.id: (0, 1000)})

    def test_without_a_limit_a_group_limits_nothing(self):
        self.order(self.leaf, 100)
        self.assertEqual(self.groups(self.leaf), {})
        self.assertFigures(self.leaf.partner_id, available=None)

    def test_rings_companies_and_closed_profiles_are_refused(self):
        elsewhere = self.setup_other_company()["company"]
        foreign = self.make_profile(self.alone.partner_id, company=elsewhere)
        closed = self.make_profile(self.make_partner("Closed"))
        closed._set_active(False)
        for profile, head, words in (
            (self.top, self.leaf, "below"),
            (self.alone, self.alone, "group"),
            (self.alone, foreign, "companies"),
            (self.alone, closed, "closed"),
        ):
            with self.subTest(words=words), self.assertRaises(ValidationError) as raised, self.cr.savepoint():
                profile.parent_id = head
            self.assertIn(words, str(raised.exception))

    def test_statements(self):
        self.top.limit = 1000
        outside = self.alone.partner_id | self.customer
        for partners in (outside, self.partners):  # what is read once is read now
            self.exposure._get_figures(partners, self.company)
        with self.assertQueryCount(2):  # which plans there are, and the figures
            self.exposure._get_figures(outside, self.company)
        with self.assertQueryCount(3):
            self.exposure._get_figures(self.partners, self.company)

    def test_the_lock_takes_the_groups_with_a_limit(self):
        self.top.limit = 1000
        self.env.flush_all()
        lock = self.env["ar.credit.lock"].sudo()  # sudo: nobody reads locks
        before = {row.partner_id: row.version for row in lock.search([])}
        pairs = [(profile.partner_id.id, self.company.id) for profile in (self.leaf, self.other)]
        with self.assertQueryCount(1):
            lock._take(pairs)
        lock.invalidate_model()
        after = {row.partner_id: row.version for row in lock.search([])}
        self.assertEqual(
            {partner for partner in after if after[partner] != before.get(partner)}, {self.top.partner_id}
        )

    # ------------------------------------------------------------------
    # Changes of the customers
    # ------------------------------------------------------------------

    def test_a_head_that_becomes_part_of_another_company_hands_its_group_on(self):
        self.top.limit = 1000
        self.top.partner_id.write({"parent_id": self.alone.partner_id.id, "is_company": False})
        self.assertFalse(self.top.active)
        self.assertEqual((self.middle | self.other).parent_id, self.alone)
        self.assertIn("1,000", "".join(self.alone.message_ids.mapped("body")))
        self.assertTrue(self.alone.activity_ids, "a person decides on the limit of the group")

    def test_a_head_that_becomes_part_of_its_member(self):
        self.middle.partner_id.write({"parent_id": self.leaf.partner_id.id, "is_company": False})
        self.assertFalse(self.middle.active)
        self.assertFalse(self.middle.parent_id)
        self.assertEqual(self.leaf.parent_id, self.top)
        self.assertFalse(self.leaf.child_ids)

    def test_an_archived_member_stays_in_the_group(self):
        self.top.limit = 1000
        self.order(self.leaf, 100)
        self.leaf.partner_id.active = False
        self.assertEqual(self.groups(self.other), {self.top.id: (100, 900)})

    def merge(self, kept, *others):
        partners = (kept | self.profiles.union(*others)).partner_id
        wizard = self.env["base.partner.merge.automatic.wizard"].create({})
        wizard._merge(partners.ids, kept.partner_id)

    def test_merging_two_heads_joins_their_groups(self):
        self.alone.write({"limit": 700})
        self.top.write({"limit": 1000})
        member = self.make_profile(self.make_partner("Member"))
        member.parent_id = self.alone
        self.merge(self.top, self.alone)
        self.assertEqual(self.top.child_ids, self.middle | self.other | member)
        self.assertEqual(self.top.limit, 700)
        self.assertFalse(self.top.parent_id)

    def test_merging_a_head_with_a_member_leaves_no_ring(self):
        for kept, other in ((self.top, self.leaf), (self.middle, self.top)):
            with self.subTest(kept=kept.partner_id.name):
                self.merge(kept, other)
                self.assertFalse(kept.parent_id)
                self.assertFalse(kept._has_cycle())

    def test_merging_members_of_two_groups_keeps_the_stricter_one(self):
        self.top.limit = 1000
        self.alone.limit = 200
        member = self.make_profile(self.make_partner("Member"))
        member.parent_id = self.alone
        self.merge(self.other, member)
        self.assertEqual(self.other.parent_id, self.alone)

    def test_merging_compares_limits_in_one_currency(self):
        foreign = self.setup_other_currency("EUR", rates=[("2020-01-01", 0.5)])
        self.top.write({"limit": 1000})
        self.alone.write({"limit": 600, "limit_currency_id": foreign.id})
        self.top.write({"temporary_limit": 100, "temporary_to": "2099-01-01"})
        self.top.write({"limit_valid_until": "2099-01-01"})
        self.alone.write({"limit_valid_until": "2098-01-01", "payment_days_set": True, "payment_days": 14})
        self.merge(self.alone, self.top)
        self.assertRecordValues(
            self.alone,
            [
                {
                    "limit": 1000,
                    "limit_currency_id": self.company.currency_id.id,
                    "temporary_limit": 0,
                    "payment_days": 14,
                }
            ],
        )
        self.assertEqual(str(self.alone.limit_valid_until), "2098-01-01")

    # ------------------------------------------------------------------
    # Invariant
    # ------------------------------------------------------------------

    @settings(
        max_examples=10,
        deadline=None,
        derandomize=True,
        suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
    )
    @given(
        limits=st.lists(st.one_of(st.none(), st.integers(0, 12)), min_size=5, max_size=5),
        parents=st.lists(st.integers(-1, 3), min_size=4, max_size=4),
        orders=st.lists(st.tuples(st.integers(0, 4), st.integers(1, 6)), min_size=2, max_size=8),
    )
    def test_what_is_confirmed_fits_every_limit_above(self, limits, parents, orders):
        """Limits in hundreds; each customer below an earlier one or none, so groups have any depth."""
        with self.cr.savepoint() as savepoint:
            profiles = [self.top, self.middle, self.leaf, self.other, self.alone]
            self.profiles.union(*profiles).write({"parent_id": False})
            above = {0: None}
            for number, parent in enumerate(parents, start=1):
                above[number] = parent if 0 <= parent < number else None
                if above[number] is not None:
                    profiles[number].parent_id = profiles[above[number]]
            for profile, limit in zip(profiles, limits, strict=True):
                profile.write({"limit_set": limit is not None, "limit": (limit or 0) * 100})
            used = [0] * 5
            for number, amount in orders:
                line = [number]
                while above[line[-1]] is not None:
                    line.append(above[line[-1]])
                fits = all(
                    self._sum_below(used, above, head) + amount <= limits[head]
                    for head in line
                    if limits[head] is not None
                )
                order = self.order(profiles[number], amount * 100)
                self.assertEqual(order.state, "sale" if fits else "draft", (limits, above, used, number))
                used[number] += amount if fits else 0
            savepoint.rollback()
            self.env.invalidate_all()

    def _sum_below(self, used, above, head):
        total = 0
        for number, amount in enumerate(used):
            member = number
            while member is not None and member != head:
                member = above[member]
            total += amount if member == head else 0
        return total


@tagged("post_install", "-at_install")
class TestCreditBranch(CreditCase):
    """Who works in one branch sees how much of the exposure is in others."""

    def test_what_is_in_branches_that_the_user_cannot_see(self):
        branch, other = self.env["res.company"].create(
            [{"name": name, "parent_id": self.company.id} for name in ("North", "South")]
        )
        self.env.user.company_ids |= branch | other
        self.make_order((10, 100.0))
        self.make_order((3, 100.0), company_id=other.id)
        user = self.make_user("north", "sales_team.group_sale_salesman")
        user.write({"company_ids": [Command.set(branch.ids)], "company_id": branch.id})
        customer = self.customer.with_user(user).with_company(branch)
        self.assertEqual(customer.credit_exposure, 1300)
        self.assertEqual(customer.credit_hidden_exposure, 1300)
        user.company_ids |= other
        customer.invalidate_recordset()
        self.assertEqual(customer.credit_hidden_exposure, 1000)
        user.company_ids |= self.company
        customer.invalidate_recordset()
        self.assertEqual(customer.credit_hidden_exposure, 0)
        self.assertEqual(self.customer.credit_hidden_exposure, 0)

    def test_no_context_hides_anything_from_the_figures(self):
        self.make_order((10, 100.0))
        spoofed = self.customer.with_context(
            ar_exposure_of_companies=[0], ar_groups_of=[0], ar_without_groups=True, tz="Pacific/Kiritimati"
        )
        self.env.invalidate_all()
        self.assertEqual(spoofed.credit_exposure, 1000)
