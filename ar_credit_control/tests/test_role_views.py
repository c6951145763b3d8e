from lxml import etree

from odoo.tests import tagged

from .common_dispute import DisputeCase


@tagged("post_install", "-at_install")
class TestRoleViews(DisputeCase):
    """People open what they may read, and find no button that would refuse them."""

    def buttons(self, model, user, view=None):
        arch = self.env[model].with_user(user).get_view(view and self.env.ref(view).id, "form")["arch"]
        return {button.get("name") for button in etree.fromstring(arch).iter("button")}

    def test_no_button_that_refuses_the_auditor(self):
        for model, view, name in (
            ("account.move", "account.view_move_form", "action_record_dispute"),
            ("ar.credit.hold", None, "action_recheck"),
            ("ar.credit.review", None, "action_submit"),
        ):
            with self.subTest(model=model, button=name):
                self.assertIn(name, self.buttons(model, self.collector, view))
                self.assertNotIn(name, self.buttons(model, self.auditor, view))

    def test_who_works_on_a_dispute(self):
        dispute = self.record(self.make_invoice(1000.0, 30), 500.0)
        dispute.sudo().owner_id = self.credit_user  # the salesperson of the customer answers
        working = {
            user.login: dispute.with_user(user).may_work
            for user in (self.credit_user, self.collector, self.controller, self.auditor)
        }
        self.assertEqual(
            working,
            {"credit_own": True, "credit_col": True, "credit_ctl": True, "credit_aud": False},
        )

    def test_auditors_read_the_configuration(self):
        menus = self.env["ir.ui.menu"]
        seen = menus.browse(menus.with_user(self.auditor)._visible_menu_ids())
        section = self.env.ref("ar_credit_control.menu_section_configuration")
        entries = section.child_id
        self.assertIn(section, seen)
        self.assertEqual(
            (entries - seen).mapped("name"),
            ["Settings", "Take-over", "Provision Policies"],
            "Auditors read the policies of provisions where runs are.",
        )
        for entry in entries & seen:
            with self.subTest(menu=entry.name):
                model = self.env[entry.action.res_model].with_user(self.auditor)
                self.assertTrue(model.has_access("read"))
                self.assertFalse(any(model.has_access(right) for right in ("create", "write", "unlink")))

    def test_a_salesperson_opens_an_invoice_of_the_open_items(self):
        invoice = self.make_invoice(1000.0, 30).with_user(self.credit_user)
        arch = invoice.get_view(self.env.ref("account.view_move_form").id, "form")["arch"]
        fields = etree.fromstring(arch).xpath("//field[not(ancestor::field)]/@name")
        invoice.invalidate_recordset()
        self.assertEqual(invoice.web_read({name: {} for name in fields})[0]["id"], invoice.id)
