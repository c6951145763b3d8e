from datetime import timedelta

from odoo.exceptions import AccessError, UserError
from odoo.tests import tagged

from .common_contact import ContactCase


@tagged("post_install", "-at_install")
class TestContactConsequence(ContactCase):
    """Unless supplied, unwilling, insolvent: the contact proposes, who has the authority decides."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.make_invoice(days=40)
        cls.case = cls.open()
        (cls.manager,) = cls.make_users(dun_manager="ar_credit_control.group_credit_manager")
        # Reasons are edited by people: these tests do not depend on what became of them.
        for key, follow_up in (("supply", "stop"), ("unwilling", "legal"), ("insolvent", "insolvent")):
            cls.reason(key).follow_up = follow_up

    def tell(self, key, user=None, **values):
        return self.log("reason", user=user, reason_id=self.reason(key), note="In their words", **values)

    def order(self):
        product = self.env["product.product"].sudo().create({"name": "Pump", "list_price": 100.0})
        order = (
            self.env["sale.order"]
            .sudo()
            .create(
                {
                    "partner_id": self.customer.id,
                    "company_id": self.company.id,
                    "order_line": [(0, 0, {"product_id": product.id, "product_uom_qty": 1})],
                }
            )
        )
        order.action_confirm()
        return order

    # Stop supply

    def test_a_stop_is_asked_for_and_decided_with_one_click(self):
        self.company.credit_control_active = True
        activity = self.tell("supply")
        review = activity.review_id
        self.assertEqual(
            (review.kind, review.state, review.requester_id), ("stop", "submitted", self.collector)
        )
        self.assertIn("In their words", review.reason)
        self.assertFalse(activity.next_step, "who decides is asked by the request")
        self.assertFalse(self.case.profile_id.hold_override, "a request stops nothing")
        asked = self.env["mail.activity"].search(
            [("res_model", "=", review._name), ("res_id", "=", review.id)]
        )
        self.assertTrue(asked.user_id.has_group("ar_credit_control.group_credit_manager"))

        case = self.case.with_user(self.manager)
        self.assertTrue(case.stop_can_decide)
        self.assertIn("In their words", case.stop_text)
        case.action_stop_supply()
        self.env.invalidate_all()
        self.assertEqual(self.case.profile_id.hold_override, "block")
        self.assertTrue(case.supply_stopped)
        self.assertFalse(case.stop_text)
        self.assertEqual((review.state, review.decided_by_id), ("approved", self.manager))
        self.assertEqual((review.former_hold_override, review.decided_hold_override), (False, "block"))
        self.assertFalse(asked.exists())
        order = self.order()
        self.assertEqual(order.credit_hold_state, "held")
        self.assertIn("blocked", order.credit_hold_id.reason_ids.mapped("code"))
        self.assertIn("Stop of supply", self.case.message_ids[0].body)

    def test_a_stop_changes_neither_limit_nor_terms(self):
        profile = self.case.profile_id
        profile.write({"limit_set": True, "limit": 700.0, "payment_days_set": True, "payment_days": 12})
        profile.write({"limit_valid_until": self.today + timedelta(days=1)})
        review = self.tell("supply").review_id
        profile.sudo()._apply_review({"limit": 900.0})
        self.case.with_user(self.manager).action_stop_supply()
        self.assertEqual((profile.limit, profile.payment_days), (900.0, 12))
        self.assertEqual(profile.limit_valid_until, self.today + timedelta(days=1))
        self.assertEqual(review.decided_total, 900.0, "what the authority must cover")

    def test_who_decides_on_the_limit_decides_on_the_stop(self):
        self.case.profile_id.write({"limit_set": True, "limit": 700.0})
        authority = self.env["ar.credit.authority"]
        for user, amount in ((self.controller, 500.0), (self.manager, 5000.0)):
            authority.sudo().create(
                {"company_id": self.company.id, "user_id": user.id, "kind": "limit", "amount": amount}
            )
        review = self.tell("supply").review_id
        self.assertEqual(review.responsible_id, self.manager)
        for user in (self.collector, self.colleague, self.auditor, self.seller):
            case = self.case.with_user(user)
            self.assertFalse(case.stop_can_decide)
            with self.assertRaises(AccessError):
                case.action_stop_supply()
        self.case.with_user(self.controller).action_stop_supply()
        self.assertEqual(
            review.state, "submitted", "the controller's authority is too small: the next tier decides"
        )
        self.case.with_user(self.manager).action_stop_supply()
        self.assertEqual(review.state, "approved")

    def test_who_asks_never_decides(self):
        self.tell("supply", user=self.manager)
        self.assertFalse(self.case.with_user(self.manager).stop_can_decide)
        with self.assertRaises(AccessError):
            self.case.with_user(self.manager).action_stop_supply()
        self.assertFalse(self.case.profile_id.hold_override)

    def test_a_stop_is_refused_with_the_reason(self):
        review = self.tell("supply").review_id
        action = self.case.with_user(self.manager).action_keep_supply()
        self.assertEqual(action["res_model"], "ar.credit.review.decision")
        with self.assertRaises(AccessError):
            review.with_user(self.collector).action_refuse("No")
        review.with_user(self.manager).action_refuse("They pay in advance")
        self.env.invalidate_all()
        self.assertFalse(self.case.stop_text)
        self.assertFalse(self.case.profile_id.hold_override)
        with self.assertRaises(UserError):
            self.case.with_user(self.manager).action_stop_supply()

    def test_nothing_is_asked_twice(self):
        first = self.tell("supply").review_id
        again = self.tell("insolvent", user=self.colleague)
        self.assertEqual(again.review_id, first)
        self.case.with_user(self.manager).action_stop_supply()
        dialog = self.dialog("reason", reason_id=self.reason("supply"))
        self.assertTrue(dialog.stop_text)
        self.assertFalse(dialog.save()._log().review_id, "supply is stopped already")

    def test_supplied_again_by_who_may(self):
        self.tell("supply")
        self.case.with_user(self.manager).action_stop_supply()
        for user in (self.collector, self.controller):
            with self.assertRaises(AccessError):
                self.case.with_user(user).action_supply_again()
        self.case.with_user(self.manager).action_supply_again()
        self.assertFalse(self.case.profile_id.hold_override)
        self.assertEqual(self.case.profile_id.last_review_id.source, "direct", "on record")

    def test_taken_off_it_is_the_managers_step(self):
        dialog = self.dialog("reason", reason_id=self.reason("supply"))
        dialog.ask_stop = False
        self.assertTrue(dialog.next_step)
        activity = dialog.save()._log()
        self.assertFalse(activity.review_id)
        self.assertTrue(activity.next_user_id.has_group("ar_credit_control.group_credit_manager"))

    def test_a_salesperson_asks_for_nothing(self):
        activity = self.tell("insolvent", user=self.seller)
        self.assertFalse(activity.review_id or activity.placement_id or activity.security_ids)
        self.assertTrue(activity.next_user_id.has_group("ar_credit_control.group_credit_manager"))

    # Insolvent

    def make_security(self, kind, **values):
        bank = self.env["res.partner"].create({"name": "Uferbank"})
        of_kind = {
            "insurance": {"insurer_id": bank.id, "policy": "P-7", "reporting_days": 60},
            "guarantee": {"guarantor_id": bank.id},
            "deposit": {},
        }
        security = (
            self.env["ar.credit.security"]
            .with_user(self.controller)
            .create(
                {
                    "partner_id": self.customer.id,
                    "company_id": self.company.id,
                    "kind": kind,
                    "amount": 1000.0,
                    "date_from": self.today - timedelta(days=400),
                    "date_to": self.today + timedelta(days=300),
                    "user_id": self.controller.id,
                    **of_kind[kind],
                    **values,
                }
            )
        )
        security.action_submit()
        security.with_user(self.manager).action_validate()
        return security.with_env(self.env)

    def test_insolvent_asks_insurer_guarantor_and_lawyer(self):
        insurance = self.make_security("insurance", reporting_days=42)
        guarantee = self.make_security("guarantee", claim_by=self.today + timedelta(days=200))
        deposit = self.make_security("deposit")
        future = self.make_invoice(days=-20, amount=300.0)
        activity = self.tell("insolvent")
        self.assertEqual(activity.review_id.kind, "stop")
        self.assertEqual(activity.sudo().security_ids, insurance + guarantee)
        task = self.steps(insurance)
        self.assertEqual(task.user_id, self.controller)
        self.assertEqual(
            task.date_deadline, self.today + timedelta(days=2), "42 days from the due date, 40 are over"
        )
        self.assertIn("In their words", task.note)
        claim = self.steps(guarantee)
        self.assertEqual(claim.user_id, self.controller)
        self.assertTrue(
            self.today < claim.date_deadline <= self.today + timedelta(days=14), "at once, not in months"
        )
        self.assertIn(str((self.today + timedelta(days=200)).year), claim.summary)
        self.assertFalse(self.steps(deposit).filtered(lambda step: step.user_id == self.controller))
        placement = activity.placement_id
        self.assertEqual(
            (placement.kind, placement.state, placement.user_id), ("lawyer", "draft", self.collector)
        )
        self.assertIn(future, placement.line_ids.move_id, "what is not due yet is registered too")
        self.assertIn("In their words", placement.facts)
        with self.assertRaises(UserError):
            placement.with_user(self.controller).action_approve()

        self.tell("insolvent")
        self.assertEqual(len(self.steps(insurance)), 1, "one task for each security")
        self.assertEqual(self.env["ar.placement"].search_count([("partner_id", "=", self.customer.id)]), 1)

    def test_a_task_to_report_ends_with_the_report(self):
        insurance = self.make_security("insurance")
        self.tell("insolvent")
        self.assertTrue(self.steps(insurance))
        overdue = self.env["ar.insurance.overdue"].with_user(self.controller)
        overdue.search([("security_id", "=", insurance.id)]).action_report()
        self.assertFalse(self.steps(insurance))

    def test_what_was_said_is_escaped_in_the_tasks(self):
        insurance = self.make_security("insurance")
        self.log("reason", reason_id=self.reason("insolvent"), note="<b>gone</b><img src=x onerror=alert(1)>")
        note = self.steps(insurance).note
        self.assertNotIn("<b>", note)
        self.assertNotIn("<img", note)

    def test_insolvent_offers_the_write_off(self):
        future = self.make_invoice(days=-20, amount=300.0)
        self.assertFalse(self.tell("insolvent", user=self.colleague).writeoff_id, "offered, not done")
        dialog = self.dialog("reason", reason_id=self.reason("insolvent"), note="Liquidator appointed")
        dialog.draft_writeoff = True
        dialog = dialog.save()
        document = self.env["ir.attachment"].with_user(self.collector).create({"name": "Court", "raw": b"x"})
        dialog.document_ids = document
        action = dialog.action_log()
        writeoff = self.env[action["res_model"]].with_user(self.collector).browse(action["res_id"])
        self.assertEqual((writeoff._name, writeoff.state, writeoff.amount), ("ar.writeoff", "draft", 1300))
        self.assertEqual(writeoff.reason_id, self.env.ref("ar_credit_control.writeoff_reason_insolvency"))
        self.assertIn("Liquidator appointed", writeoff.note)
        self.assertEqual(writeoff.document_ids.mapped("name"), ["Court"])
        activity = self.activities.search([("writeoff_id", "=", writeoff.id)])
        self.assertEqual(activity.attachment_ids, document)
        writeoff.line_ids.filtered(lambda line: line.move_id == future).amount = 0
        self.assertEqual(writeoff.amount, 1000)
        writeoff.action_submit()
        with self.assertRaises(AccessError):
            writeoff.with_user(self.collector).action_approve()
        # What was left out can be asked for, what waits is not asked for twice.
        again = self.dialog("reason", reason_id=self.reason("insolvent"))
        again.draft_writeoff = True
        self.assertEqual(again.save()._log().writeoff_id.line_ids.move_id, future)
        third = self.dialog("reason", reason_id=self.reason("insolvent"))
        third.draft_writeoff = True
        self.assertFalse(third.save()._log().writeoff_id)

    def test_a_salesperson_writes_nothing_off_by_a_contact(self):
        dialog = self.dialog("reason", user=self.seller, reason_id=self.reason("insolvent")).save()
        dialog.draft_writeoff = True
        self.assertFalse(dialog._log().writeoff_id)

    # Unwilling

    def test_unwilling_drafts_the_hand_over_of_what_is_overdue(self):
        future = self.make_invoice(days=-20, amount=300.0)
        dialog = self.dialog("refused", reason_id=self.reason("unwilling")).save()
        action = dialog.action_log()
        placement = self.env[action["res_model"]].browse(action["res_id"])
        self.assertEqual(
            (placement._name, placement.kind, placement.state), ("ar.placement", "lawyer", "draft")
        )
        self.assertNotIn(future, placement.line_ids.move_id)
        placement.with_user(self.collector).write({"agent_id": self.other.id})
        placement.with_user(self.collector).action_submit()
        with self.assertRaises(AccessError):
            placement.with_user(self.collector).action_approve()
        placement.with_user(self.controller).action_approve()
        self.assertEqual((placement.state, self.case.state), ("placed", "legal"))
        later = self.make_invoice(days=30, amount=200.0)
        again = self.log("refused", reason_id=self.reason("unwilling"))
        self.assertEqual(again.placement_id.line_ids.move_id, later, "the rest is handed over already")

    def test_a_correction_keeps_what_was_asked(self):
        wrong = self.tell("insolvent")
        action = wrong.with_user(self.collector).action_correct()
        dialogs = self.env["ar.collection.contact"].with_user(self.collector)
        dialog = dialogs.with_context(**action["context"]).create({})
        dialog.write({"outcome_id": self.outcome("call_back").id, "reason_id": False, "note": "Not them"})
        right = dialog._log()
        self.assertEqual((right.review_id, right.placement_id), (wrong.review_id, wrong.placement_id))

    def test_a_correction_keeps_the_write_off(self):
        dialog = self.dialog("reason", reason_id=self.reason("insolvent"))
        dialog.draft_writeoff = True
        wrong = dialog.save()._log()
        self.assertTrue(wrong.writeoff_id)
        action = wrong.with_user(self.collector).action_correct()
        dialogs = self.env["ar.collection.contact"].with_user(self.collector)
        dialog = dialogs.with_context(**action["context"]).create({})
        dialog.write({"outcome_id": self.outcome("call_back").id, "reason_id": False, "note": "Not them"})
        self.assertEqual(dialog._log().writeoff_id, wrong.writeoff_id)
