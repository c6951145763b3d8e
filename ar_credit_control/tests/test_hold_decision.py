from odoo import fields
from odoo.exceptions import AccessError, UserError
from odoo.tests import tagged
from odoo.tools import mute_logger

from .common_hold import HoldCase


@tagged("post_install", "-at_install")
class TestHoldDecision(HoldCase):
    """Who decides, what a decision keeps, and what it sets going."""

    def setUp(self):
        super().setUp()
        self.order = self.make_order(11)
        self.order.action_confirm()
        self.hold = self.order.sudo().credit_hold_id.with_user(self.controller)

    def test_release_confirms_as_the_asker_and_keeps_who_and_why(self):
        self.hold.action_release("Good payer", cap_amount=1200)
        self.assertPassed(self.order)
        self.assertEqual(self.order.credit_hold_state, "released")
        self.assertEqual(self.hold.decided_by_id, self.controller)
        self.assertEqual(self.hold.decision_note, "Good payer")
        self.assertEqual(self.hold.cap_amount, 1200)
        self.assertTrue(self.hold.decided_on)
        self.assertFalse(self.hold.activity_ids, "the controllers' task is done")
        activity = self.order.sudo().activity_ids.filtered(
            lambda activity: (
                activity.activity_type_id == self.env.ref("ar_credit_control.mail_activity_hold_decided")
            )
        )
        self.assertEqual(activity.user_id, self.salesperson)

    def test_who_works_in_more_companies_than_sales_decides(self):
        other = self.env["res.company"].create({"name": "Another company"})
        self.controller.company_ids |= other
        hold = self.hold.with_context(allowed_company_ids=[self.company.id, other.id])
        hold.action_release("Good payer")
        self.assertPassed(self.order)
        activity = self.order.sudo().activity_ids.filtered(lambda activity: "Released" in activity.summary)
        self.assertEqual(activity.user_id, self.salesperson)

    def test_refuse_leaves_a_quotation_and_tells_sales(self):
        self.hold.action_refuse("Overdue first")
        self.assertEqual(self.order.state, "draft")
        self.assertEqual(self.order.credit_hold_state, "refused")
        self.assertEqual(self.order.sudo().activity_ids.user_id, self.salesperson)
        self.order.action_confirm()
        self.assertHeld(self.order, "limit")
        self.assertEqual(len(self.order.credit_hold_ids), 2, "the refusal is kept")

    def test_only_controllers_decide(self):
        for user in (self.salesperson, self.collector, self.auditor):
            hold = self.hold.with_user(user)
            for method in (hold.action_release, hold.action_refuse):
                with self.assertRaises(AccessError):
                    method("mine")
            with self.assertRaises(AccessError):
                hold.sudo().action_release("sudo keeps the user")

    def test_the_requester_never_approves(self):
        order = self.make_order(11, self.make_customer("Mine", 1000.0), user=self.manager)
        order.action_confirm()
        hold = order.credit_hold_id
        self.assertFalse(hold.can_decide)
        for method in (hold.action_release, hold.action_refuse, hold.sudo().action_release):
            with self.assertRaises(AccessError):
                method("my own")
        wizard = (
            self.env["ar.credit.hold.decision"]
            .with_user(self.manager)
            .create({"hold_ids": hold.ids, "decision": "release", "note": "my own"})
        )
        with self.assertRaises(AccessError):
            wizard.action_apply()
        self.assertNotEqual(hold.responsible_id, self.manager)
        hold.with_user(self.controller).action_release("two pairs of eyes")
        self.assertPassed(order)

    def test_a_program_that_asks_is_its_salesperson(self):
        order = self.make_order(11, self.make_customer("Mine", 1000.0), user=self.manager)
        order.with_user(self.env.ref("base.public_user")).sudo().action_confirm()
        with self.assertRaises(AccessError):
            order.credit_hold_id.with_user(self.manager).action_release("signed it myself")

    def test_nobody_confirms_on_a_release_of_their_own(self):
        order = self.make_order(11, self.make_customer("Mine", 1000.0))
        order.with_user(self.manager).action_credit_put_on_hold("Look at it")
        hold = order.sudo().credit_hold_id.with_user(self.manager)
        hold.action_release("Fine", cap_amount=1e6)
        order.with_user(self.manager).action_confirm()
        self.assertHeld(order, "limit")
        self.assertEqual(order.sudo().credit_hold_id.asked_by_id, self.manager)
        mine = self.make_order(11, self.make_customer("Sold by me", 1000.0), user=self.manager)
        mine.action_credit_put_on_hold("Look at it")
        with self.assertRaises(AccessError):
            mine.credit_hold_id.action_release("Sold by me, released by me", cap_amount=1e6)

    def test_a_refused_hold_by_hand_stays_by_hand(self):
        order = self.make_order(1)
        order.with_user(self.controller).action_credit_put_on_hold("Rumours")
        order.sudo().credit_hold_id.with_user(self.controller).action_refuse("No")
        for _attempt in range(3):
            order.action_confirm()
            self.assertHeld(order, "manual")
        self.assertTrue(order.sudo().credit_hold_id.forced)

    def test_an_order_that_passes_after_a_refusal_is_not_refused_any_more(self):
        self.hold.action_refuse("Too much")
        self.order.order_line.product_uom_qty = 1
        self.order.action_confirm()
        self.assertPassed(self.order)
        self.assertEqual(self.order.credit_hold_state, "none")

    def test_a_release_ends_today_or_later(self):
        with self.assertRaisesRegex(UserError, "in the past"):
            self.hold.action_release("ok", valid_until="2020-01-01")

    def test_who_takes_over_an_order_sees_its_hold(self):
        other = self.salesperson.copy({"login": "hold_other"})
        self.assertFalse(self.env["ar.credit.hold"].with_user(other).search([]))
        self.order.with_user(self.manager).user_id = other
        self.assertEqual(self.order.with_user(other).credit_hold_id.display_name, self.hold.display_name)

    def test_a_decision_is_taken_once(self):
        self.hold.action_release("ok")
        for method in (self.hold.action_release, self.hold.action_refuse):
            with self.assertRaisesRegex(UserError, "not on hold any more"):
                method("again")

    def test_an_order_that_grew_is_looked_at_again(self):
        self.order.order_line.product_uom_qty = 50
        with self.assertRaisesRegex(UserError, "Check it again"):
            self.hold.action_release("ok")
        self.hold.action_recheck()
        self.assertEqual(self.hold.order_amount, 5000)
        self.hold.action_release("ok")
        self.assertPassed(self.order)

    def test_checking_again_releases_what_passes_now(self):
        profile = self.env["ar.credit.profile"]._get_or_create(self.customer, self.company)
        self.hold.action_recheck()
        self.assertHeld(self.order, "limit")
        profile.limit = 2000
        self.hold.action_recheck()
        self.assertPassed(self.order)
        self.assertEqual(self.hold.state, "released")

    def test_cancelling_ends_the_hold(self):
        self.order.action_cancel()
        self.assertEqual(self.hold.state, "expired")
        self.assertEqual(self.order.credit_hold_state, "none")
        self.order.action_draft()
        self.order.action_confirm()
        self.assertHeld(self.order, "limit")

    def test_a_release_ends_with_the_order(self):
        self.hold.action_release("ok")
        self.order.sudo().action_cancel()  # stock_picking_batch lets the warehouse alone cancel deliveries
        self.order.action_draft()
        self.order.action_confirm()
        self.assertHeld(self.order, "limit")

    def test_a_hold_by_hand_waits_for_a_person(self):
        order = self.make_order(1)
        with self.assertRaises(AccessError):
            order.action_credit_put_on_hold("no")
        order.with_user(self.controller).action_credit_put_on_hold("Rumours")
        self.assertHeld(order, "manual")
        order.action_confirm()
        self.assertHeld(order, "manual")
        hold = order.sudo().credit_hold_id.with_user(self.controller)
        self.assertEqual(hold.asked_by_id, self.salesperson)
        hold.action_recheck()
        self.assertHeld(order, "manual")
        self.assertEqual(hold.pay_to_release, 0.0)
        self.assertIn("Rumours", hold.reason_text)
        hold.action_release("Talked to them")
        self.assertPassed(order)

    def test_a_release_before_confirming_holds_until_it_expires(self):
        order = self.make_order(12, self.make_customer("Later", 1000.0))
        order.with_user(self.controller).action_credit_put_on_hold("Wait")
        hold = order.sudo().credit_hold_id.with_user(self.controller)
        hold.action_release("ok", valid_until=fields.Date.today())
        self.assertEqual(order.state, "draft", "nobody asked to confirm")
        self.assertEqual(order.credit_hold_state, "released")
        hold.sudo().valid_until = fields.Date.subtract(fields.Date.today(), days=1)
        self.env["ar.credit.hold"].sudo()._expire_releases()
        self.assertEqual(hold.state, "expired")
        order.action_confirm()
        self.assertHeld(order, "limit")

    def test_a_release_is_for_its_customer(self):
        order = self.make_order(12, self.make_customer("First", 1000.0))
        order.with_user(self.controller).action_credit_put_on_hold("Wait")
        order.sudo().credit_hold_id.with_user(self.controller).action_release("ok")
        order.partner_invoice_id = self.make_customer("Second", 100.0)
        order.action_confirm()
        self.assertHeld(order, "limit")

    def test_the_schedule_releases_only_where_the_company_wants_it(self):
        self.company.credit_hold_auto_release = False
        self.env["ar.credit.profile"]._get_or_create(self.customer, self.company).limit = 2000
        forced = self.make_order(1)
        forced.with_user(self.controller).action_credit_put_on_hold("Wait")
        schedule = self.env.ref("ar_credit_control.cron_credit_hold").sudo()
        with self.enter_registry_test_mode():
            schedule.method_direct_trigger()
        self.assertHeld(self.order)
        self.company.credit_hold_auto_release = True
        with self.enter_registry_test_mode():
            schedule.method_direct_trigger()
        self.assertPassed(self.order)
        self.assertHeld(forced)

    def test_in_a_batch_several_are_released(self):
        other = self.make_order(12, self.make_customer("Other", 1000.0))
        other.action_confirm()
        holds = self.hold | other.sudo().credit_hold_id
        wizard = (
            self.env["ar.credit.hold.decision"]
            .with_user(self.controller)
            .create({"hold_ids": holds.ids, "decision": "release", "preset": "agreed"})
        )
        wizard.action_apply()
        self.assertPassed(self.order)
        self.assertPassed(other)
        self.assertEqual(set(holds.mapped("decision_note")), {"Agreed by management"})

    def test_a_reason_is_asked_for(self):
        wizard = (
            self.env["ar.credit.hold.decision"]
            .with_user(self.controller)
            .create({"hold_ids": self.hold.ids, "decision": "refuse"})
        )
        with self.assertRaisesRegex(UserError, "Say why"):
            wizard.action_apply()

    def test_release_when_the_asker_has_left(self):
        self.salesperson.active = False
        self.hold.action_release("ok")
        self.assertPassed(self.order)

    def test_who_sees_which_holds(self):
        Hold = self.env["ar.credit.hold"]
        found = Hold.with_user(self.salesperson).search([("order_id", "=", self.order.id)])
        self.assertEqual(found, self.hold)
        foreign = self.make_order(11, user=self.manager)
        foreign.action_confirm()
        self.assertFalse(Hold.with_user(self.salesperson).search([("order_id", "=", foreign.id)]))
        for user in (self.collector, self.controller, self.auditor):
            self.assertTrue(Hold.with_user(user).search([("order_id", "=", foreign.id)]))
        other = self.env["res.company"].create({"name": "Elsewhere"})
        stranger = self.controller.copy(
            {"login": "stranger", "company_id": other.id, "company_ids": other.ids}
        )
        self.assertFalse(Hold.with_user(stranger).search([]))
        with self.assertRaises(AccessError):
            self.hold.with_user(stranger).action_release("not mine")

    def test_searches(self):
        orders = self.env["sale.order"].with_user(self.salesperson)
        passed = self.make_order(1)
        mine = [("id", "in", (self.order | passed).ids)]

        def search(*domain):
            return orders.search(mine + list(domain))

        self.assertEqual(search(("credit_hold_state", "=", "held")), self.order)
        self.assertEqual(search(("credit_hold_state", "!=", "held")), passed)
        self.assertEqual(search(("credit_hold_state", "=", "none")), passed)
        self.assertEqual(search(("credit_hold_id", "=", self.hold.id)), self.order)
        self.assertEqual(search(("credit_hold_id", "=", False)), passed)
        self.assertEqual(search(("credit_hold_id", "!=", False)), self.order)
        self.assertEqual(search(("credit_hold_id.order_amount", ">", 1000)), self.order)
        self.hold.action_refuse("no")
        self.assertFalse(search(("credit_hold_state", "=", "held")))
        self.assertEqual(search(("credit_hold_state", "in", ("held", "refused"))), self.order)
        self.order.action_confirm()
        self.assertFalse(search(("credit_hold_state", "=", "refused")), "a newer hold took its place")

    @mute_logger("odoo.addons.base.models.ir_model")
    def test_an_auditor_reads_and_writes_nothing(self):
        hold = self.hold.with_user(self.auditor)
        self.assertTrue(hold.read(["state", "reason_text", "exposure"]))
        for operation in ("write", "create", "unlink"):
            self.assertFalse(hold.has_access(operation))
