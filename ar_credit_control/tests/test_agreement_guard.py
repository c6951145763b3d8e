from odoo.exceptions import AccessError, UserError
from odoo.fields import Command
from odoo.tests import tagged

from .common_agreement import AgreementCase


@tagged("post_install", "-at_install")
class TestAgreementGuard(AgreementCase):
    """Rights on instalments, and agreements of customers that come under another one."""

    def test_figures_of_instalments_are_not_typed_in(self):
        collector = self.make_user("agr_guard", "ar_credit_control.group_collector")
        self.due(1000.0)
        plan = self.plan([10, 20], user=collector)
        line = {"date": self.day(30), "amount": 10.0}
        for forged in ({"interest": 99.0}, {"amount_paid": 10.0}):
            with self.assertRaises(AccessError):
                plan.line_ids.create({"plan_id": plan.id, **line, **forged})
            with self.assertRaises(AccessError):
                plan.write({"line_ids": [Command.create({**line, **forged})]})
        plan.write({"line_ids": [Command.create(line)]})
        self.assertEqual(len(plan.line_ids), 3)

    def test_made_by_methods_alone_and_kept(self):
        manager = self.make_user("agr_keeper", "ar_credit_control.group_credit_manager")
        promise = self.promise(500.0, 5, self.due(1000.0))
        plan = self.plan([10, 20], self.due(400.0))
        for record in (promise, plan):
            vals = {
                name: record[name].id for name in ("profile_id", "partner_id", "company_id", "currency_id")
            }
            with self.subTest(record._name):
                with self.assertRaises(AccessError):
                    record.with_user(manager).create({**vals, "name": "Forged"})
                with self.assertRaises(UserError):
                    record.copy()
                with self.assertRaisesRegex(UserError, "evidence"):
                    record.sudo().unlink()
                for forged in ({"state": "kept"}, {"amount": 1.0}, {"partner_name": "Other"}):
                    with self.assertRaises(AccessError):
                        record.with_user(manager).write(forged)

    def test_notes_and_files_are_kept(self):
        """Who may write the plan does not take away what was said of it, nor change its papers."""
        collector = self.make_user("agr_notes", "ar_credit_control.group_collector")
        plan = self.plan([10, 20], self.due(1000.0), user=collector)
        note = plan.message_post(body="Their director agreed.")
        self.assertEqual(note.author_id, collector.partner_id)
        paper = self.env["ir.attachment"].with_user(collector)
        paper = paper.create(
            {"name": "plan.txt", "raw": b"signed", "res_model": plan._name, "res_id": plan.id}
        )
        for user in (collector, self.make_user("agr_manager", "ar_credit_control.group_credit_manager")):
            with self.assertRaises(AccessError):
                note.with_user(user).unlink()
            with self.assertRaises(AccessError):
                plan.with_user(user).message_ids.unlink()
            with self.assertRaisesRegex(UserError, "evidence"):
                paper.with_user(user).raw = b"other"

    def test_decisions_say_who_when_and_why(self):
        plan = self.plan([10, 20], self.due(1000.0))
        plan.action_submit()
        self.assertEqual((plan.submitted_by_id, plan.submitted_on), (self.env.user, self.day(0)))
        self.assertFalse(plan.decided_by_id)
        plan._write_decision("active", " By mail ", grace_days=3)
        self.assertEqual(
            (plan.state, plan.decided_by_id, plan.decided_on, plan.decision_note, plan.grace_days),
            ("active", self.env.user, self.day(0), "By mail", 3),
        )

    def test_customer_that_comes_under_another_one(self):
        promised, planned = self.due(1000.0), self.due(400.0)
        promise = self.promise(500.0, 5, promised)
        plan = self.plan([10, 20], planned)
        self.activate(plan)
        group = self.env["res.partner"].create({"name": "Group", "is_company": True})
        self.customer.write({"parent_id": group.id, "is_company": False})
        self.judge()
        self.assertEqual((promise.state, plan.state), ("open", "active"), "nothing was paid")
        items = self.items(promised, planned)
        self.assertEqual(items.partner_id, group)
        agreed = self.env["ar.item.settlement"]._get_agreed(items, self.company)
        self.assertEqual(sorted(agreed.values()), [400.0, 500.0])
        self.pay(500.0, 0, promised)
        self.judge()
        self.assertEqual(promise.state, "kept")
