from odoo.exceptions import AccessError, UserError
from odoo.fields import Command
from odoo.tests import new_test_user, tagged

from .common_contact import ContactCase


@tagged("post_install", "-at_install")
class TestContactRights(ContactCase):
    """Who logs and reads contacts, of which customers and companies; checked on the server."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.make_invoice(days=40)
        cls.make_invoice(days=40, partner=cls.other)
        cls.case = cls.open()
        cls.other_case = cls.open(cls.other)
        cls.foreign = cls.setup_other_company()["company"]

    def create_dialog(self, user, partner=None, company=None, **values):
        """The dialog as RPC makes it, past the button."""
        return (
            self.env["ar.collection.contact"]
            .with_user(user)
            .create(
                {
                    "partner_id": (partner or self.customer).id,
                    "company_id": (company or self.company).id,
                    "outcome_id": self.outcome("call_back").id,
                    **values,
                }
            )
        )

    def test_a_salesperson_logs_contacts_with_own_customers(self):
        activity = self.create_dialog(self.seller)._log()
        self.assertEqual(activity.user_id, self.seller)
        with self.assertRaises(AccessError):
            self.create_dialog(self.seller, self.other)._log()
        with self.assertRaises(AccessError):
            self.other.with_user(self.seller).action_log_contact()
        self.assertTrue(self.customer.with_user(self.seller).action_log_contact())

    def test_an_auditor_reads_all_and_logs_nothing(self):
        activity = self.log("call_back")
        self.assertTrue(activity.with_user(self.auditor).has_access("read"))
        with self.assertRaises(AccessError):
            self.customer.with_user(self.auditor).action_log_contact()
        with self.assertRaises(AccessError):
            self.create_dialog(self.auditor)._log()
        for user, shown in ((self.auditor, False), (self.collector, True), (self.seller, True)):
            arch = self.env["ar.collection.case"].with_user(user).get_view(view_type="form")["arch"]
            self.assertEqual("action_log_contact" in arch, shown)

    def test_other_users_reach_nothing(self):
        outsider = new_test_user(self.env, "contact_outsider", groups="base.group_user")
        activity = self.log("call_back")
        with self.assertRaises(AccessError):
            activity.with_user(outsider).read(["note"])
        with self.assertRaises(AccessError):
            self.create_dialog(outsider)
        with self.assertRaises(AccessError):
            self.customer.with_user(outsider).action_log_contact()

    def test_a_salesperson_reads_contacts_with_own_customers(self):
        own = self.log("call_back")
        foreign = self.log("call_back", partner=self.other)
        seen = self.activities.with_user(self.seller).search([])
        self.assertIn(own, seen)
        self.assertNotIn(foreign, seen)
        with self.assertRaises(AccessError):
            self.env["ar.collection.statistic"].with_user(self.seller).search([])

    def test_companies_are_apart(self):
        with self.assertRaises(AccessError):
            self.create_dialog(self.collector, company=self.foreign)._log()
        with self.assertRaises(AccessError):
            self.activities.with_user(self.collector)._check_logs(self.customer, self.foreign)
        activity = self.activities.sudo()._log_contact(
            self.customer, self.foreign, "call", self.outcome("call_back")
        )
        self.assertFalse(activity.case_id, "the case of another company is not this one's")
        self.assertNotIn(activity, self.activities.with_user(self.collector).search([]))
        statistics = self.env["ar.collection.statistic"].with_user(self.collector)
        self.assertNotIn(activity, statistics.search([]).activity_id)
        self.assertFalse(self.figures(self.case)["last_contact_date"])

    def test_who_audits_by_now_corrects_nothing(self):
        activity = self.log("call_back")
        self.assertTrue(activity.with_user(self.collector)._may_correct())
        activity.sudo().user_id = self.auditor
        self.assertFalse(activity.with_user(self.auditor)._may_correct())

    def test_what_belongs_to_others_is_refused(self):
        items = self.env["ar.aging.report"].search([("partner_id", "=", self.other.id)])
        dialog = self.create_dialog(self.collector, outcome_id=self.outcome("says_paid").id)
        dialog.item_ids = [Command.set(items.ids)]
        with self.assertRaises(UserError):
            dialog._log()
        dialog = self.create_dialog(self.collector, contact_id=self.other.id)
        with self.assertRaises(UserError):
            dialog._log()
        dialog = self.create_dialog(self.seller, outcome_id=self.outcome("says_paid").id)
        dialog.sudo().item_ids = [Command.set(items.ids)]
        with self.assertRaises(UserError, msg="what the user may not read is as if it were not there"):
            dialog._log()

    def test_items_of_others_are_not_disputed(self):
        """As RPC may name them, for who reads them and for who does not."""
        item = self.env["ar.aging.report"].search([("partner_id", "=", self.other.id)])
        for user in (self.collector, self.seller):
            dialog = self.create_dialog(user, outcome_id=self.outcome("disputed").id, note="Mine")
            dialog.dispute_line_ids = [
                Command.clear(),
                Command.create({"item": item.id, "amount": 10.0, "amount_left": 10.0}),
            ]
            with self.assertRaises(UserError):
                dialog._log()

    def test_a_correction_is_of_the_same_customer_and_of_who_may(self):
        activity = self.log("call_back", partner=self.other)
        with self.assertRaises(AccessError):
            self.create_dialog(self.collector, corrects_id=activity.id)._log()
        with self.assertRaises(AccessError):
            self.create_dialog(self.colleague, self.other, corrects_id=activity.id)._log()

    def test_collectors_change_nothing_of_contact_persons_but_the_role(self):
        collector = self.payables.with_user(self.collector)
        with self.assertRaises(AccessError):
            collector.phone = "+1"
        self.log("call_back", contact_role="first")
        self.assertEqual((self.payables.collection_role, self.payables.phone), ("first", "+49 30 1"))

    def test_nothing_of_it_is_called_from_outside(self):
        for name in ("log_contact", "note_person", "record_says_paid", "finish_steps", "take_place_of"):
            self.assertTrue(hasattr(self.activities, f"_{name}"))
            self.assertFalse(hasattr(self.activities, name))

    def test_reasons_and_outcomes_are_the_managers(self):
        for model in ("ar.collection.reason", "ar.collection.outcome"):
            for user in (self.collector, self.controller):
                self.assertFalse(self.env[model].with_user(user).has_access("write"))
            self.assertFalse(self.env[model].has_access("unlink"), "they are archived")

    def test_merged_customers_keep_their_contacts(self):
        activity = self.log("says_paid", partner=self.other)
        wizard = self.env["base.partner.merge.automatic.wizard"].create({})
        wizard._merge((self.customer + self.other).ids, self.customer, extra_checks=False)
        activity.invalidate_recordset()
        self.assertEqual(activity.partner_id, self.customer)
        self.assertEqual(activity.partner_name, "Lindgren AB", "as it was then")
