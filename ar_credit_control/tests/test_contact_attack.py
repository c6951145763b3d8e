import base64

from odoo.exceptions import AccessError, UserError
from odoo.fields import Command
from odoo.tests import HttpCase, new_test_user, tagged
from odoo.tools import mute_logger

from .common_contact import ContactCase


@tagged("post_install", "-at_install")
class TestContactAttack(ContactCase, HttpCase):
    """What people with rights, and without, try on the record of contacts: RPC, import, files, HTML."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.make_invoice(days=40)
        cls.make_invoice(days=40, partner=cls.other)
        cls.case = cls.open()
        (cls.manager,) = cls.make_users(dun_manager="ar_credit_control.group_credit_manager")
        cls.admin = new_test_user(
            cls.env,
            "contact_admin",
            groups="base.group_system,ar_credit_control.group_credit_manager,account.group_account_manager",
            company_id=cls.company.id,
            company_ids=[Command.set(cls.company.ids)],
        )

    def upload(self, user, name="slip.txt", content=b"paid", **values):
        return (
            self.env["ir.attachment"]
            .with_user(user)
            .create({"name": name, "datas": base64.b64encode(content), **values})
        )

    def log_with(self, document, user=None):
        dialog = self.dialog("call_back", user=user).save()
        dialog.document_ids = [Command.set(document.ids)]
        return dialog._log()

    def test_nobody_with_rights_rewrites_the_record(self):
        activity = self.log("says_paid")
        for user in (self.collector, self.controller, self.manager, self.admin):
            own = activity.with_user(user)
            for vals in ({"note": "x"}, {"user_id": user.id}, {"attachment_ids": [Command.clear()]}):
                with self.assertRaises(AccessError):
                    own.write(vals)
            with self.assertRaises(AccessError):
                own.unlink()
            with self.assertRaises(AccessError):
                own.item_ids.write({"pauses": False})
            with self.assertRaises(AccessError):
                own.item_ids.unlink()
            result = own.load(
                ["partner_id/.id", "company_id/.id", "kind", "date", "day", "user_id/.id"],
                [[self.customer.id, self.company.id, "call", "2026-01-01", "2026-01-01", self.collector.id]],
            )
            self.assertFalse(result["ids"])
            result = own.load([".id", "note"], [[activity.id, "rewritten"]])
            self.assertFalse(result["ids"])
        self.assertFalse(activity.note)

    def test_files_are_neither_replaced_nor_moved_nor_deleted(self):
        document = self.upload(self.collector)
        activity = self.log_with(document)
        kept = activity.attachment_ids
        for user in (self.collector, self.controller, self.manager, self.admin):
            own = kept.with_user(user)
            for vals in (
                {"datas": base64.b64encode(b"unpaid")},
                {"raw": b"unpaid"},
                {"name": "other.txt"},
                {"res_model": "res.partner", "res_id": self.customer.id},
                {"res_id": 0},
            ):
                with self.assertRaises(UserError):
                    own.write(vals)
            with self.assertRaises(UserError):
                own.unlink()
        self.assertEqual(kept.raw, b"paid")

    def test_a_contact_takes_no_files_from_other_records(self):
        """Files that belong to another record stay there; the contact keeps a copy."""
        elsewhere = self.upload(
            self.env.user, name="contract.pdf", res_model="res.partner", res_id=self.customer.id
        )
        activity = self.log_with(elsewhere, user=self.env.user)
        self.assertEqual((elsewhere.res_model, elsewhere.res_id), ("res.partner", self.customer.id))
        self.assertEqual(activity.attachment_ids.raw, b"paid")
        self.assertEqual(activity.attachment_ids.res_model, activity._name)
        first = self.log_with(self.upload(self.collector))
        again = self.log_with(first.attachment_ids)
        self.assertEqual(first.attachment_ids.res_id, first.id, "it stays with its contact")
        self.assertEqual(again.attachment_ids.res_id, again.id)

    def test_html_is_text(self):
        activity = self.log(
            "reason",
            reason_id=self.reason("acceptance"),
            note="<script>alert(1)</script><b>bold</b>",
            next_step="<img src=x onerror=alert(1)>",
        )
        task = self.steps(self.case)
        self.assertNotIn("<script", task.note)
        self.assertNotIn("<b>", task.note)
        self.env.flush_all()
        self.env.invalidate_all()
        events = self.case._get_events()[self.case.id]
        self.assertFalse([event for event in events if "<script" in str(event.get("html") or "")])
        self.assertIn("<script>", activity.note, "kept as it was said")

    def test_a_portal_user_reaches_nothing(self):
        activity = self.log("says_paid")
        portal = new_test_user(self.env, "contact_portal", groups="base.group_portal")
        portal.partner_id.parent_id = self.customer
        records = (activity, activity.item_ids, self.case, self.reason("money"), self.outcome("refused"))
        for record in records:
            with self.assertRaises(AccessError):
                record.with_user(portal).read(["display_name"])
        with self.assertRaises(AccessError):
            self.env["ar.collection.contact"].with_user(portal).create(
                {"partner_id": self.customer.id, "company_id": self.company.id}
            )
        with self.assertRaises(AccessError):
            self.customer.with_user(portal).action_log_contact()
        with self.assertRaises(AccessError):
            self.payables.with_user(portal).read(["collection_role"])

    def test_by_rpc_over_http(self):
        """As a browser console would: a salesperson for a customer of others, a portal user, a collector."""
        activity = self.log("call_back", partner=self.other)
        portal = new_test_user(
            self.env, "contact_portal", groups="base.group_portal", password="contact_portal"
        )
        self.seller.password = "dun_seller"
        self.collector.password = "dun_collector"
        self.env.flush_all()
        calls = (
            ("dun_collector", activity._name, "write", [[activity.id], {"note": "x"}]),
            ("dun_collector", activity._name, "unlink", [[activity.id]]),
            ("dun_collector", activity._name, "_log_contact", [self.customer.id, self.company.id, "call"]),
            ("dun_seller", activity._name, "read", [[activity.id], ["note"]]),
            ("dun_seller", "res.partner", "action_log_contact", [[self.other.id]]),
            (portal.login, activity._name, "search_read", [[]]),
        )
        for login, model, method, args in calls:
            with self.subTest(f"{login} {method}"), mute_logger("odoo.http"):
                self.authenticate(login, login)
                reply = self.url_open(
                    f"/web/dataset/call_kw/{model}/{method}",
                    json={"params": {"model": model, "method": method, "args": args, "kwargs": {}}},
                ).json()
                self.assertIn("AccessError", reply["error"]["data"]["name"])
        self.assertFalse(activity.note)

    def test_a_salesperson_reaches_own_customers_only(self):
        theirs = self.open(self.other)
        for action in ("action_no_answer", "action_log_contact", "action_stop_supply", "action_supply_again"):
            with self.assertRaises(AccessError):
                getattr(theirs.with_user(self.seller), action)()
        with self.assertRaises(AccessError):
            self.case.with_user(self.seller).action_supply_again()

    def test_the_time_of_logging_is_not_chosen(self):
        """Neither who logged it nor when it was written comes from the dialog's values."""
        dialogs = self.env["ar.collection.contact"].with_user(self.collector)
        fields = dialogs.fields_get()
        self.assertNotIn("user_id", fields)
        activity = self.log("call_back")
        self.assertEqual((activity.user_id, activity.create_uid), (self.collector, self.collector))
