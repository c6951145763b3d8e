import psycopg2

from odoo.exceptions import AccessError, UserError
from odoo.fields import Command
from odoo.tests import Form, tagged
from odoo.tools import mute_logger

from .common_credit import CreditCase


@tagged("post_install", "-at_install")
class TestCreditProfile(CreditCase):
    def test_get_or_create_is_by_company_that_owes(self):
        profile = self.profiles._get_or_create(self.contact, self.company)
        self.assertEqual(profile.partner_id, self.customer)
        self.assertEqual((profile.limit_set, profile.limit), (False, 0.0))
        self.assertEqual(profile.rating_id, self.env.ref("ar_credit_control.rating_not_rated"))
        self.assertEqual(self.profiles._get_or_create(self.customer | self.contact, self.company), profile)
        self.assertFalse(self.profiles._get_or_create(self.env["res.partner"], self.company))

    def test_get_or_create_many_in_one_insert(self):
        partners = self.env["res.partner"].create([{"name": f"P{i}", "is_company": True} for i in range(20)])
        partners.flush_recordset()
        partners.mapped("commercial_partner_id")
        self.profiles._get_or_create(self.customer, self.company)  # warm caches
        with self.assertQueryCount(6):
            profiles = self.profiles._get_or_create(partners, self.company)
        self.assertEqual(profiles.partner_id, partners)
        with self.assertQueryCount(1):
            self.profiles._get_or_create(partners, self.company)

    def test_a_branch_shares_the_profile_of_its_root(self):
        branch = self.env["res.company"].create({"name": "Branch", "parent_id": self.company.id})
        profile = self.profiles._get_or_create(self.customer, branch)
        self.assertEqual(profile.company_id, self.company)
        self.assertEqual(self.profiles._get_or_create(self.customer, self.company), profile)

    def test_a_salesperson_without_rights_creates_what_is_missing(self):
        profile = self.profiles.with_user(self.salesperson)._get_or_create(self.customer, self.company)
        self.assertTrue(profile.sudo().exists())

    def test_creating_for_a_contact_is_creating_for_its_company(self):
        profile = self.profiles.create({"partner_id": self.contact.id, "limit": 500.0})
        self.assertEqual((profile.partner_id, profile.company_id), (self.customer, self.company))
        self.assertTrue(profile.limit_set)
        with self.assertRaisesRegex(UserError, "already has a credit profile"):
            self.profiles.create({"partner_id": self.customer.id})

    def test_a_manager_creates_in_the_form(self):
        with Form(self.profiles.with_user(self.manager)) as form:
            form.partner_id = self.contact
            form.limit_set = True
            form.limit = 750.0
        self.assertEqual((form.record.partner_id, form.record.limit), (self.customer, 750.0))

    def test_an_archived_partner_keeps_its_profile(self):
        profile = self.make_profile(self.customer, 100.0)
        (self.customer | self.contact).action_archive()
        self.assertTrue(profile.active)
        self.assertEqual(self.profiles._get_or_create(self.customer, self.company), profile)
        self.make_invoice(40.0)
        self.assertFigures(limit=100, available=60)

    # ------------------------------------------------------------------
    # Limit
    # ------------------------------------------------------------------

    def test_an_amount_is_a_decision_and_no_amount_is_none(self):
        profile = self.make_profile(self.customer)
        self.assertFalse(profile.limit_set)
        profile.limit = 0.0
        self.assertTrue(profile.limit_set)
        profile.limit = 500.0
        self.assertTrue(profile.limit_set)
        profile.limit_set = False
        self.assertEqual(profile.limit, 0.0)
        profile.write({"limit": 300.0})
        profile.write({"limit": False})
        self.assertFalse(profile.limit_set)

    def test_a_negative_limit_is_refused(self):
        profile = self.make_profile(self.customer, 100.0)
        with self.assertRaises(psycopg2.errors.CheckViolation), mute_logger("odoo.sql_db"):
            profile.limit = -1.0
            profile.flush_recordset()

    def test_changes_are_in_the_chatter(self):
        profile = self.make_profile(self.customer, 100.0)
        self.env.flush_all()
        self.env.cr.precommit.run()
        profile.with_user(self.manager).with_context(tracking_disable=False, mail_notrack=False).limit = 900.0
        self.env.flush_all()
        self.env.cr.precommit.run()
        values = profile.message_ids.sudo().tracking_value_ids
        changed = values.filtered(lambda value: value.field_id.name == "limit")
        self.assertIn(
            (100.0, 900.0), changed.mapped(lambda value: (value.old_value_float, value.new_value_float))
        )

    # ------------------------------------------------------------------
    # Rights
    # ------------------------------------------------------------------

    def test_only_a_manager_decides(self):
        profile = self.make_profile(self.customer, 100.0)
        rating = self.env.ref("ar_credit_control.rating_a")
        for user in (self.controller, self.collector, self.auditor, self.credit_user, self.salesperson):
            for vals in ({"limit": 5.0}, {"rating_id": rating.id}, {"hold_override": "pass"}):
                with self.subTest(user=user.login, vals=vals), self.assertRaises(AccessError):
                    profile.with_user(user).write(vals)
            with self.subTest(user=user.login), self.assertRaises(AccessError):
                self.profiles.with_user(user).create({"partner_id": self.partner.id, "limit": 5.0})
            with self.subTest(user=user.login), self.assertRaises(AccessError):
                rating.with_user(user).write({"limit_factor": 9})
        profile.with_user(self.manager).write({"limit": 7.0, "rating_id": rating.id})
        self.assertEqual((profile.limit, profile.rating_id), (7.0, rating))

    def test_profiles_are_evidence(self):
        profile = self.make_profile(self.customer, 100.0)
        with self.assertRaises(AccessError):
            profile.with_user(self.manager).unlink()
        with self.assertRaisesRegex(UserError, "evidence"):
            profile.sudo().unlink()
        with self.assertRaisesRegex(UserError, "evidence"):
            self.customer.unlink()
        with self.assertRaisesRegex(UserError, "not by hand"):
            profile.with_user(self.manager).action_archive()
        with self.assertRaisesRegex(UserError, "stays with"):
            profile.with_user(self.manager).partner_id = self.partner
        with self.assertRaisesRegex(UserError, "one credit profile"):
            profile.copy()

    def test_a_credit_user_sees_own_customers_only(self):
        profile = self.make_profile(self.customer, 100.0)
        self.make_invoice(10.0)
        own = self.profiles.with_user(self.credit_user)
        rows = self.exposure.with_user(self.credit_user)
        domain = [("company_id", "=", self.company.id)]
        self.assertFalse(own.search(domain))
        self.assertFalse(rows.search(domain))
        with self.assertRaises(AccessError):
            profile.with_user(self.credit_user).read(["limit"])
        for grant, revoke in (
            ((self.customer, {"user_id": self.credit_user.id}), (self.customer, {"user_id": False})),
            ((profile, {"salesperson_id": self.credit_user.id}), (profile, {"salesperson_id": False})),
        ):
            grant[0].write(grant[1])
            self.assertEqual(own.search(domain), profile)
            self.assertEqual(rows.search(domain).partner_id, self.customer)
            self.assertEqual(profile.with_user(self.credit_user).read(["limit"])[0]["limit"], 100.0)
            self.assertTrue(profile.with_user(self.credit_user).own_customer)
            revoke[0].write(revoke[1])
            self.assertFalse(own.search(domain))
        self.make_order((1, 10.0), user_id=self.credit_user.id)
        self.assertEqual(rows.search(domain).partner_id, self.customer)
        for user in (self.collector, self.auditor, self.controller, self.manager):
            self.assertIn(profile, self.profiles.with_user(user).search(domain))
            self.assertIn(self.customer, self.exposure.with_user(user).search(domain).partner_id)

    def test_those_who_work_on_a_profile_share_activities_and_notes(self):
        profile = self.make_profile(self.customer, 100.0)
        activity = profile.activity_schedule(summary="Call them", user_id=self.collector.id)
        for user in (self.controller, self.auditor):
            domain = [("res_model", "=", profile._name), ("res_id", "=", profile.id)]
            self.assertEqual(self.env["mail.activity"].with_user(user).search(domain), activity)
        profile.with_user(self.controller).message_post(body="They pay on Friday")
        self.assertIn("They pay on Friday", profile.message_ids[0].body)
        with self.assertRaises(AccessError):
            profile.with_user(self.auditor).message_post(body="Noted")

    def test_another_companys_profiles_and_figures_are_hidden(self):
        other = self.setup_other_company()["company"]
        profile = self.make_profile(self.customer, 100.0, other)
        self.assertFalse(self.profiles.with_user(self.manager).search([("id", "=", profile.id)]))
        self.assertFalse(self.exposure.with_user(self.manager).search([("company_id", "=", other.id)]))
        with self.assertRaises(AccessError):
            profile.with_user(self.manager).limit = 5.0
        with self.assertRaises(AccessError):
            self.profiles.with_user(self.manager).create(
                {"partner_id": self.partner.id, "company_id": other.id}
            )

    def test_a_user_without_credit_rights_reads_no_report(self):
        with self.assertRaises(AccessError):
            self.exposure.with_user(self.salesperson).search([])
        with self.assertRaises(AccessError):
            self.profiles.with_user(self.salesperson).search([])

    # ------------------------------------------------------------------
    # Ratings
    # ------------------------------------------------------------------

    def test_preset_ratings(self):
        names = ["a", "b", "c", "d", "e", "not_rated"]
        ratings = self.env["ar.credit.rating"].browse(
            self.env.ref(f"ar_credit_control.rating_{name}").id for name in names
        )
        self.assertEqual(ratings.sorted(), ratings)
        self.assertEqual(ratings.mapped("payment_days"), [60, 45, 30, 15, 0, 0])
        self.assertEqual(ratings.mapped("limit_factor"), [2.0, 1.5, 1.0, 0.5, 0.0, 0.0])
        self.assertEqual(ratings.mapped("provision_factor"), [0.5, 0.8, 1.0, 1.5, 3.0, 1.0])
        self.assertEqual(self.env["ar.credit.rating"]._get_unrated(), ratings[-1])

    # ------------------------------------------------------------------
    # Commercial entity
    # ------------------------------------------------------------------

    def test_a_contact_that_becomes_a_company_starts_without_limit(self):
        self.make_profile(self.customer, 800.0)
        self.assertEqual(self.contact.credit_limit, 800.0)
        self.assertEqual(self.contact.credit_limit_amount, 800.0)
        self.contact.write({"is_company": True})
        self.env.invalidate_all()
        self.assertEqual(self.contact.credit_limit, 0.0)
        self.assertFalse(self.contact.use_partner_credit_limit)
        self.assertFalse(self.contact.credit_limit_set)
        self.assertEqual(self.customer.credit_limit, 800.0)

    def test_a_contact_detached_from_its_company_starts_without_limit(self):
        self.make_profile(self.customer, 800.0)
        self.contact.parent_id = False
        self.assertEqual(self.contact.credit_limit, 0.0)
        self.assertFalse(self.contact.credit_limit_set)

    def test_a_new_parent_closes_one_profile_and_opens_another(self):
        person = self.env["res.partner"].create({"name": "One-man firm"})
        profile = self.make_profile(person, 400.0)
        person.parent_id = self.customer
        self.assertFalse(profile.active)
        self.assertEqual(profile.limit, 400.0)
        self.assertIn("now part of", profile.message_ids[0].body)
        opened = self.profiles.search([("partner_id", "=", self.customer.id)])
        self.assertFalse(opened.limit_set)
        self.assertIn("One-man firm", opened.message_ids[0].body)
        self.assertEqual(person.credit_profile_id, opened)
        self.assertEqual(person.credit_limit, 0.0)
        # and back: the former limit was for other circumstances
        person.parent_id = False
        reopened = self.profiles._get_or_create(person, self.company)
        self.assertEqual(reopened, profile)
        self.assertEqual((reopened.active, reopened.limit_set, reopened.limit), (True, False, 0.0))

    def test_a_closed_profile_is_opened_again_by_hand(self):
        person = self.env["res.partner"].create({"name": "One-man firm"})
        profile = self.make_profile(person, 400.0)
        person.parent_id = self.customer
        person.parent_id = False
        again = self.profiles.create({"partner_id": person.id, "limit": 90.0})
        self.assertEqual(again, profile)
        self.assertEqual((again.active, again.limit), (True, 90.0))

    # ------------------------------------------------------------------
    # Merge
    # ------------------------------------------------------------------

    def merge(self, *partners, into):
        wizard = self.env["base.partner.merge.automatic.wizard"].create({})
        wizard._merge([partner.id for partner in (into, *partners)], into)

    def test_merging_keeps_the_stricter_terms_and_the_history(self):
        rating_a, rating_d = (self.env.ref(f"ar_credit_control.rating_{grade}") for grade in "ad")
        other = self.make_partner("Kornmann double")
        kept = self.make_profile(self.customer, 1000.0)
        kept.write({"rating_id": rating_a.id, "note": "First"})
        gone = self.make_profile(other, 300.0)
        gone.write(
            {
                "rating_id": rating_d.id,
                "hold_override": "block",
                "collector_id": self.collector.id,
                "note": "Second",
            }
        )
        gone.message_post(body="A word about the double")
        self.make_invoice(50.0, partner_id=other.id)
        self.merge(other, into=self.customer)
        self.assertFalse(other.exists())
        self.assertFalse(gone.exists())
        self.assertEqual(
            (kept.limit_set, kept.limit, kept.rating_id, kept.hold_override, kept.collector_id),
            (True, 300.0, rating_d, "block", self.collector),
        )
        self.assertEqual(kept.note, "First\nSecond")
        bodies = "".join(kept.message_ids.mapped("body"))
        self.assertIn("A word about the double", bodies)
        self.assertIn("stricter", bodies)
        self.assertEqual(kept.activity_ids.user_id, self.collector)
        self.assertEqual(self.customer.credit_limit, 300.0)
        self.assertFigures(receivable=50, limit=300, available=250)

    def test_merging_a_limit_of_zero_stays_no_credit(self):
        other = self.make_partner("Kornmann double")
        self.make_profile(self.customer, 1000.0)
        self.make_profile(other, 0.0)
        self.merge(other, into=self.customer)
        self.assertFigures(limit_set=True, limit=0)
        self.assertEqual(self.customer.credit_limit, 0.0)

    def test_merging_into_a_customer_without_profile_or_limit(self):
        other, third = self.make_partner("With profile"), self.make_partner("Without limit")
        moved = self.make_profile(other, 300.0)
        self.make_profile(third)
        self.merge(other, third, into=self.customer)
        self.assertEqual(self.customer.credit_profile_id, moved)
        self.assertEqual((moved.partner_id, moved.limit), (self.customer, 300.0))
        self.assertEqual(self.customer.credit_limit, 300.0)

    def test_merging_a_person_into_a_contact_serves_its_company(self):
        other = self.env["res.partner"].create({"name": "Double of the contact"})
        profile = self.make_profile(other, 300.0)
        self.merge(other, into=self.contact)
        self.assertEqual(profile.partner_id, self.customer)
        self.assertEqual(self.contact.credit_limit, 300.0)

    def test_merging_a_company_into_a_contact_makes_a_company_of_its_own(self):
        """Core makes the contact a company: it takes over the profile of the company, not the limit of its
        parent.
        """
        self.make_profile(self.customer, 1000.0)
        other = self.make_partner("Double of the contact")
        profile = self.make_profile(other, 300.0)
        self.merge(other, into=self.contact)
        self.assertEqual(self.contact.commercial_partner_id, self.contact)
        self.assertEqual(profile.partner_id, self.contact)
        self.assertEqual((self.contact.credit_limit, self.customer.credit_limit), (300.0, 1000.0))
        self.assertFigures(limit=1000)

    def test_merging_a_contact_does_not_hand_on_the_limit_of_its_company(self):
        self.make_profile(self.customer, 1000.0)
        other = self.make_partner("Elsewhere")
        self.merge(self.contact, into=other)
        self.assertFigures(other, limit_set=False)
        self.assertEqual(other.credit_limit, 0.0)

    def test_merging_in_two_companies(self):
        second = self.setup_other_company()["company"]
        other = self.make_partner("Kornmann double")
        self.make_profile(self.customer, 1000.0)
        self.make_profile(other, 300.0)
        self.make_profile(other, 77.0, second)
        self.merge(other, into=self.customer)
        self.assertFigures(limit=300)
        self.assertFigures(company=second, limit=77)
        self.assertEqual(self.customer.with_company(second).credit_limit, 77.0)

    def test_merging_by_a_user_without_credit_rights(self):
        other = self.make_partner("Kornmann double", email="same@example.com")
        self.customer.email = other.email
        self.make_profile(self.customer, 1000.0)
        self.make_profile(other, 300.0)
        clerk = self.make_user("credit_clerk", "base.group_erp_manager,base.group_partner_manager")
        wizard = self.env["base.partner.merge.automatic.wizard"].with_user(clerk)
        wizard.create({})._merge([other.id, self.customer.id], self.customer.with_user(clerk))
        self.assertFigures(limit=300)


@tagged("post_install", "-at_install")
class TestCreditMirror(CreditCase):
    """Core's credit_limit mirrors the limit of the profile."""

    def test_the_profile_writes_core(self):
        branch = self.env["res.company"].create({"name": "Branch", "parent_id": self.company.id})
        profile = self.make_profile(self.customer, 500.0)
        for partner in self.customer | self.contact:
            self.assertEqual((partner.credit_limit, partner.use_partner_credit_limit), (500.0, True))
            self.assertEqual(partner.with_company(branch).credit_limit, 500.0)
        profile.limit = 0.0
        self.assertEqual(self.customer.credit_limit, 0.0)
        profile.limit_set = False
        self.assertEqual((self.customer.credit_limit, self.customer.use_partner_credit_limit), (0.0, False))

    def test_the_company_default_shows_where_nothing_is_decided(self):
        self.env["ir.default"].set("res.partner", "credit_limit", 5000.0, company_id=self.company.id)
        profile = self.make_profile(self.customer, 500.0)
        self.assertEqual(self.customer.credit_limit, 500.0)
        profile.limit = 0.0
        self.assertEqual((self.customer.credit_limit, self.customer.use_partner_credit_limit), (0.0, True))
        profile.limit_set = False
        self.assertEqual(
            (self.customer.credit_limit, self.customer.use_partner_credit_limit), (5000.0, False)
        )
        self.assertFalse(self.customer.credit_limit_set)
        with self.subTest("core's own way back to the default"):
            profile.limit = 300.0
            self.customer.use_partner_credit_limit = False
            self.assertFalse(profile.limit_set)
        with self.subTest("writing what shows already changes nothing"):
            self.customer.with_user(self.collector).credit_limit = 5000.0
            self.assertFalse(profile.limit_set)

    def test_a_manager_writes_through_core(self):
        self.customer.with_user(self.manager).credit_limit = 640.0
        profile = self.profiles.search([("partner_id", "=", self.customer.id)])
        self.assertEqual((profile.limit_set, profile.limit, profile.company_id), (True, 640.0, self.company))
        self.assertEqual(self.contact.credit_limit, 640.0)
        self.assertIn("own credit limit", profile.message_ids[0].body)

    def test_a_manager_creates_and_imports(self):
        partner = (
            self.env["res.partner"].with_user(self.manager).create({"name": "New", "credit_limit": 70.0})
        )
        self.assertEqual((partner.credit_limit_set, partner.credit_limit_amount), (True, 70.0))
        result = (
            self.env["res.partner"]
            .with_user(self.manager)
            .load(["name", "credit_limit"], [["Imported", "80"]])
        )
        imported = self.env["res.partner"].browse(result["ids"])
        self.assertEqual(imported.credit_limit_amount, 80.0)

    def test_others_are_refused_with_the_reason(self):
        accountant = self.make_user("credit_acc", "account.group_account_invoice,base.group_partner_manager")
        self.make_profile(self.customer, 500.0)
        for user in (accountant, self.collector, self.auditor):
            for partner in self.customer | self.contact:
                with self.subTest(user=user.login, partner=partner.name):
                    with self.assertRaises(AccessError) as refused:
                        partner.with_user(user).credit_limit = 900.0
                    self.assertIn("credit manager", str(refused.exception))
            with self.subTest(user=user.login), self.assertRaises(AccessError):
                self.env["res.partner"].with_user(user).create({"name": "New", "credit_limit": 70.0})
        self.customer.with_user(accountant).write(
            {"credit_limit": 500.0, "comment": "No change of the limit"}
        )
        self.env.invalidate_all()
        self.assertFigures(limit=500)

    def test_the_superuser_is_taken_and_recorded(self):
        self.customer.with_user(self.collector).sudo().credit_limit = 410.0
        profile = self.profiles.search([("partner_id", "=", self.customer.id)])
        self.assertEqual(profile.limit, 410.0)
        self.assertIn("by the system", profile.message_ids[0].body)

    def test_zero_from_outside_is_none_unless_it_is_the_mirror_of_no_credit(self):
        profile = self.make_profile(self.customer, 0.0)
        self.customer.credit_limit = 0.0
        self.assertTrue(profile.limit_set)
        profile.limit = 500.0
        self.customer.credit_limit = 0.0
        self.assertFalse(profile.limit_set)

    def test_a_negative_limit_from_outside_is_refused(self):
        with self.assertRaises(psycopg2.errors.CheckViolation), mute_logger("odoo.sql_db"):
            self.customer.credit_limit = -5.0
            self.env.flush_all()

    def test_a_contact_stands_for_its_company(self):
        self.make_profile(self.customer, 500.0)
        self.contact.with_user(self.manager).credit_limit = 620.0
        self.assertFigures(limit=620)
        self.assertEqual((self.customer.credit_limit, self.contact.credit_limit), (620.0, 620.0))

    def test_a_salesperson_adds_contacts_to_a_customer_with_a_limit(self):
        self.env["ir.default"].set("res.partner", "credit_limit", 5000.0, company_id=self.company.id)
        self.make_profile(self.customer, 500.0)
        other = self.setup_other_company()["company"]
        self.make_profile(self.customer, 70.0, other)
        contact = (
            self.env["res.partner"]
            .with_user(self.salesperson)
            .create({"name": "New", "parent_id": self.customer.id})
        )
        self.assertEqual(contact.sudo().credit_limit, 500.0)
        self.assertEqual(contact.sudo().with_company(other).credit_limit, 70.0)
        self.assertEqual(contact.credit_limit_amount, 500.0)
        loose = self.env["res.partner"].with_user(self.salesperson).create({"name": "Loose"})
        loose.parent_id = self.customer
        self.assertEqual(loose.sudo().credit_limit, 500.0)
        self.assertFigures(limit=500)

    def test_limits_that_core_had_are_taken_over_at_installation(self):
        branch = self.env["res.company"].create({"name": "Branch", "parent_id": self.company.id})
        self.env["ir.default"].set("res.partner", "credit_limit", 5000.0, company_id=self.company.id)
        has, zero, default, decided = (
            self.make_partner(name) for name in ("Has", "Zero", "Default", "Decided")
        )
        profile = self.make_profile(decided, 10.0)
        self.env.flush_all()
        company = str(self.company.id)
        for partner, limit in ((has, 777.0), (zero, 0.0), (default, 5000.0), (decided, 9.0)):
            self.env.cr.execute(
                "UPDATE res_partner SET credit_limit = jsonb_build_object(%s, %s) WHERE id = %s",
                (company, limit, partner.id),
            )
        self.env.invalidate_all()
        self.profiles._take_over_core_limits()
        self.assertEqual(has.credit_limit_amount, 777.0)
        self.assertEqual(has.sudo().with_company(branch).credit_limit, 777.0)
        self.assertIn("taken over", has.credit_profile_id.message_ids[0].body)
        self.assertFalse((zero | default).filtered("credit_profile_id"))
        self.assertEqual(profile.limit, 10.0)
        self.assertFalse(self.profiles._take_over_core_limits())

    def test_in_a_branch(self):
        branch = self.env["res.company"].create({"name": "Branch", "parent_id": self.company.id})
        self.customer.with_company(branch).credit_limit = 210.0
        self.assertFigures(limit=210)
        self.assertEqual(self.customer.credit_limit, 210.0)


@tagged("post_install", "-at_install")
class TestCreditPartner(CreditCase):
    """Fields, searches and actions on the customer."""

    FIELDS = (
        "credit_profile_id",
        "credit_rating_id",
        "credit_limit_set",
        "credit_limit_amount",
        "credit_exposure",
        "credit_available",
        "credit_overdue_amount",
        "credit_overdue_days",
        "credit_status",
        "collector_id",
        "credit_figures",
    )

    def test_a_contact_shows_its_companys_figures(self):
        profile = self.make_profile(self.customer, 100.0)
        profile.collector_id = self.collector
        self.make_invoice(130.0, days_overdue=40)
        self.env.invalidate_all()
        for partner in self.customer | self.contact:
            self.assertEqual(
                [partner[name] for name in self.FIELDS[:-1]],
                [profile, profile.rating_id, True, 100.0, 130.0, -30.0, 130.0, 40, "hold", self.collector],
            )

    def test_a_change_of_the_profile_shows_at_once(self):
        profile = self.make_profile(self.customer, 100.0)
        self.assertEqual(self.contact.credit_available, 100.0)
        profile.limit = 250.0
        self.assertEqual((self.contact.credit_available, self.contact.credit_limit_amount), (250.0, 250.0))

    def test_a_plain_salesperson_reads_everything(self):
        profile = self.make_profile(self.customer, 100.0)
        profile.collector_id = self.collector
        self.make_invoice(130.0, days_overdue=40)
        internal = self.make_user("credit_internal", "base.group_user")
        for user in (self.salesperson, internal):
            partner = self.customer.with_user(user)
            partner.invalidate_recordset()
            values = partner.read(self.FIELDS)[0]
            self.assertEqual((values["credit_exposure"], values["credit_status"]), (130.0, "hold"))
            partner.web_read(
                {"credit_profile_id": {"fields": {"display_name": {}}}, "collector_id": {"fields": {}}}
            )
        arch = self.env["res.partner"].with_user(self.salesperson).get_view(view_type="form")["arch"]
        self.assertIn("credit_figures", arch)
        self.assertNotIn("credit_rating_id", arch)

    def test_a_portal_user_reads_nothing(self):
        portal = self.make_user("credit_portal", "base.group_portal")
        portal.partner_id.parent_id = self.customer
        for name in self.FIELDS:
            with self.subTest(name), self.assertRaises(AccessError):
                portal.partner_id.with_user(portal).read([name])

    def test_another_company_gives_other_figures(self):
        other = self.setup_other_company()["company"]
        self.make_profile(self.customer, 100.0)
        self.make_invoice(30.0)
        self.assertEqual(self.customer.credit_available, 70.0)
        self.assertEqual(self.customer.with_company(other).credit_available, 0.0)
        self.assertFalse(self.customer.with_company(other).credit_limit_set)
        self.make_profile(self.customer, 900.0, other)
        self.assertEqual(self.customer.with_company(other).credit_available, 900.0)
        self.assertEqual(self.customer.credit_available, 70.0)

    def assertFound(self, domain, *partners):
        everybody = self.customer | self.contact | self.over | self.quiet
        found = self.env["res.partner"].search([("id", "in", everybody.ids), *domain])
        self.assertEqual(set(found.mapped("name")), {partner.name for partner in partners}, domain)

    def test_searches(self):
        self.over, self.quiet = self.make_partner("Over"), self.make_partner("Quiet")
        profile = self.make_profile(self.over, 100.0)
        profile.write(
            {"collector_id": self.collector.id, "rating_id": self.env.ref("ar_credit_control.rating_c").id}
        )
        self.make_invoice(130.0, days_overdue=5, partner_id=self.over.id)
        self.make_invoice(70.0)
        both, over, quiet = (self.customer, self.contact), self.over, self.quiet
        self.assertFound([("credit_status", "in", ["hold"])], over)
        self.assertFound([("credit_status", "not in", ["hold"])], *both, quiet)
        self.assertFound([("credit_status", "=", "ok")], quiet)
        self.assertFound([("credit_status", "!=", "ok")], *both, over)
        self.assertFound([("credit_exposure", ">", 100)], over)
        self.assertFound([("credit_exposure", "=", 0)], quiet)
        self.assertFound([("credit_exposure", "<=", 70)], *both, quiet)
        self.assertFound([("credit_available", "<", 0)], over)
        self.assertFound([("credit_limit_set", "=", True)], over)
        self.assertFound([("credit_limit_set", "=", False)], *both, quiet)
        self.assertFound([("credit_limit_set", "!=", False)], over)
        self.assertFound([("credit_limit_amount", ">=", 100)], over)
        self.assertFound([("credit_overdue_amount", ">", 0)], over)
        self.assertFound([("credit_overdue_days", ">", 4)], over)
        self.assertFound([("credit_profile_id", "!=", False)], over)
        self.assertFound([("credit_profile_id", "=", profile.id)], over)
        self.assertFound([("credit_rating_id.name", "=", "C")], over)
        self.assertFound([("credit_rating_id", "=", False)], *both, quiet)
        self.assertFound([("collector_id", "=", self.collector.id)], over)
        self.assertFound([("collector_id", "ilike", "credit_col")], over)
        self.assertFound(["!", ("collector_id", "=", self.collector.id)], *both, quiet)
        self.get_rule("no_limit").outcome = "hold"
        self.assertFound([("credit_status", "=", "hold")], *both, over, quiet)

    def test_the_search_filters_work(self):
        view = self.env["res.partner"].get_view(view_type="search")
        for name in ("credit_hold", "credit_over_limit", "credit_overdue", "credit_without_limit"):
            self.assertIn(f'name="{name}"', view["arch"])

    def test_statements_do_not_depend_on_the_number_of_partners(self):
        partners = self.env["res.partner"].create([{"name": f"P{i}", "is_company": True} for i in range(40)])

        def statements(some):
            self.env.flush_all()
            self.env.invalidate_all()
            before = self.env.cr.sql_log_count
            some.mapped("credit_status")
            return self.env.cr.sql_log_count - before

        statements(partners[:1])
        self.assertEqual(statements(partners), statements(partners[:1]))

    def test_buttons_open_what_is_behind_the_figures(self):
        self.make_profile(self.customer, 100.0)
        overdue = self.make_invoice(100.0, days_overdue=5)
        due = self.make_invoice(50.0)
        credit = self.make_invoice(20.0, move_type="out_refund")
        draft = self.make_invoice(30.0, post=False)
        order = self.make_order((2, 20.0))
        self.make_order((2, 20.0), confirm=False)

        def behind(kind):
            action = self.contact.with_user(self.collector).action_credit_documents(kind)
            return self.env[action["res_model"]].search(action["domain"])

        self.assertEqual(behind("receivable").move_id, overdue | due | credit)
        self.assertEqual(behind("overdue").move_id, overdue)
        self.assertEqual(behind("unapplied").move_id, credit)
        self.assertEqual(behind("draft_invoice"), draft)
        self.assertEqual(behind("order"), order)
        with self.assertRaises(UserError):
            self.customer.action_credit_documents("unlink")

    def test_opening_the_profile(self):
        with self.assertRaisesRegex(UserError, "Nobody has decided"):
            self.customer.with_user(self.collector).action_open_credit_profile()
        action = self.contact.with_user(self.manager).action_open_credit_profile()
        profile = self.profiles.browse(action["res_id"])
        self.assertEqual(profile.partner_id, self.customer)
        self.assertEqual(
            self.customer.with_user(self.collector).action_open_credit_profile()["res_id"], profile.id
        )
        with self.assertRaises(AccessError):
            self.customer.with_user(self.credit_user).action_open_credit_profile()

    def test_cores_inputs_are_hidden_where_ours_stand(self):
        arch = self.env["res.partner"].get_view(view_type="form")["arch"]
        self.assertIn("credit_figures", arch)
        self.assertRegex(arch, r'<label for="use_partner_credit_limit"[^>]*invisible="(1|True)"')

    def test_new_partner(self):
        self.assertEqual(self.env["res.partner"].new({"name": "New"}).credit_exposure, 0.0)

    def test_credit_settings(self):
        settings = self.env["res.config.settings"].create({"credit_in_transit": True})
        self.assertTrue(self.company.credit_in_transit)
        self.assertTrue(settings.credit_in_transit)
        self.company.write({"child_ids": [Command.create({"name": "Branch"})]})
