from odoo import fields
from odoo.exceptions import AccessError, UserError
from odoo.fields import Command
from odoo.tests import Form, tagged

from .common_delivery import DeliveryCase


@tagged("post_install", "-at_install")
class TestDeliveryGate(DeliveryCase):
    """Nothing leaves the house for a held customer or order, whichever way it is tried."""

    def test_a_delivery_that_passes_is_done_as_ever(self):
        picking = self.make_delivery(8)
        self.assertIs(picking.button_validate(), True)
        self.assertDelivered(picking)
        self.assertFalse(picking.sudo().credit_hold_ids)

    def test_a_delivery_of_a_held_order_waits(self):
        picking = self.make_held_delivery()
        self.assertEqual(picking.sudo().sale_id.credit_hold_state, "held")
        self.assertEqual(picking.credit_hold_state, "held", "before anybody validates")
        picking.move_ids[0].quantity = 3
        notice = picking.button_validate()
        self.assertEqual(notice["params"]["type"], "warning")
        self.assertIn(picking.name, notice["params"]["message"])
        self.assertNotIn("1,000", str(notice), "no limit is told")
        self.assertStopped(picking, "order_held")
        self.assertEqual(picking.move_ids[0].quantity, 3, "what was entered is kept")
        hold = self.hold_of(picking)
        self.assertEqual(hold.name, picking.name)
        self.assertEqual(hold.partner_id, self.customer)
        self.assertEqual(hold.asked_by_id, self.worker)
        self.assertEqual(hold.order_amount, 1300)
        self.assertTrue(hold.responsible_id)
        self.assertEqual(hold.activity_ids.user_id, hold.responsible_id)

    def test_nothing_is_held_before_switching_on(self):
        picking = self.make_held_delivery()
        self.company.credit_control_active = False
        picking.button_validate()
        self.assertDelivered(picking)

    def test_a_blocked_customer_gets_nothing(self):
        picking = self.make_delivery(2)
        self.block(self.customer)
        picking.button_validate()
        self.assertStopped(picking, "blocked")

    def test_without_an_order_the_customer_decides(self):
        self.block(self.customer)
        picking = self.make_transfer(self.customer)
        picking.button_validate()
        self.assertStopped(picking, "blocked")

    def test_without_an_order_the_goods_must_fit_the_limit(self):
        picking = self.make_transfer(self.customer)
        picking.move_ids.write({"product_uom_qty": 11, "quantity": 11})
        picking.button_validate()
        self.assertStopped(picking, "limit")
        self.assertEqual(self.hold_of(picking).order_amount, 1100)
        picking.move_ids.quantity = 10
        picking.move_ids.product_uom_qty = 10
        picking.button_validate()
        self.assertDelivered(picking)
        own = self.make_transfer(self.customer, owner_id=self.customer.id)
        own.button_validate()
        self.assertDelivered(own)

    def test_goods_cannot_be_parted_from_their_order(self):
        picking = self.make_held_delivery()
        with self.assertRaisesRegex(UserError, "stay with it"):
            picking.sale_id = False
        with self.assertRaisesRegex(UserError, "stay with it"):
            picking.move_ids.sale_line_id = False

    def test_goods_cannot_be_parted_before_their_delivery_is_held(self):
        """Sent to somebody else, without their order, they would be judged for that one."""
        picking = self.make_delivery(8)
        other = self.make_delivery(1)
        self.block(self.customer)
        with self.assertRaisesRegex(UserError, "stay with it"):
            picking.sale_id = False
        with self.assertRaisesRegex(UserError, "stay with it"):
            picking.move_ids.sale_line_id = other.sudo().move_ids.sale_line_id
        self.env["ar.credit.profile"]._get_or_create(self.customer, self.company).hold_override = False
        picking.sale_id = False
        self.assertFalse(picking.move_ids.sale_line_id)

    def test_an_order_stopped_by_hand_is_not_delivered_to_a_customer_who_always_passes(self):
        picking = self.make_delivery(2)
        self.env["ar.credit.profile"]._get_or_create(self.customer, self.company).hold_override = "pass"
        picking.sudo().sale_id.with_user(self.controller).action_credit_put_on_hold("Wait for a call")
        picking.button_validate()
        self.assertStopped(picking, "manual")

    def make_transfer(self, partner, **values):
        picking = (
            self.env["stock.picking"]
            .with_user(self.worker)
            .create(
                {
                    "picking_type_id": self.warehouse.out_type_id.id,
                    "partner_id": partner.id,
                    "move_ids": [Command.create(self.prepare_move())],
                    **values,
                }
            )
        )
        picking.action_confirm()
        picking.action_assign()
        return picking

    def prepare_move(self, **values):
        return {
            "product_id": self.article.id,
            "product_uom_qty": 2,
            "location_id": self.warehouse.lot_stock_id.id,
            "location_dest_id": self.env.ref("stock.stock_location_customers").id,
            **values,
        }

    def test_in_a_batch_those_that_pass_are_done(self):
        held = self.make_held_delivery()
        passing = self.make_delivery(2, self.make_customer("Solvent Ltd", 1000.0))
        (held | passing).button_validate()
        self.assertStopped(held)
        self.assertDelivered(passing)

    def test_in_a_batch_transfer_those_that_pass_are_done(self):
        if "stock.picking.batch" not in self.env:
            self.skipTest("stock_picking_batch is not installed")
        held = self.make_held_delivery()
        passing = self.make_delivery(2, self.make_customer("Solvent Ltd", 1000.0))
        values = {"picking_ids": [Command.set((held | passing).ids)], "company_id": self.company.id}
        batch = self.env["stock.picking.batch"].with_user(self.worker).create(values)
        batch.action_confirm()
        (held | passing).move_ids.picked = True
        notice = batch.action_done()
        self.assertIn(held.name, notice["params"]["message"])
        self.assertStopped(held)
        self.assertDelivered(passing)
        self.assertEqual(batch.picking_ids, held)

    def test_what_a_vendor_sends_to_the_customer_is_a_delivery(self):
        self.block(self.customer)
        vendors = self.env.ref("stock.stock_location_suppliers")
        picking = self.make_transfer(
            self.customer,
            picking_type_id=self.warehouse.in_type_id.id,
            location_id=vendors.id,
            location_dest_id=self.env.ref("stock.stock_location_customers").id,
            move_ids=[Command.create(self.prepare_move(location_id=vendors.id))],
        )
        picking.button_validate()
        self.assertStopped(picking, "blocked")

    def test_a_part_with_a_back_order_waits(self):
        picking = self.make_held_delivery()
        picking.move_ids[0].write({"quantity": 3, "picked": True})
        wizard = self.env["stock.backorder.confirmation"].with_user(self.worker)
        context = {"button_validate_picking_ids": picking.ids, "default_pick_ids": [(4, picking.id)]}
        wizard = wizard.with_context(**context).create({"pick_ids": [(4, picking.id)]})
        wizard.process_cancel_backorder()
        self.assertStopped(picking)

    def test_a_back_order_is_judged_anew(self):
        picking = self.make_delivery(8)
        picking.move_ids.write({"quantity": 3, "picked": True})
        action = picking.button_validate()
        self.assertEqual(action["res_model"], "stock.backorder.confirmation")
        Form.from_action(picking.env, action).save().process()
        self.assertDelivered(picking)
        rest = picking.backorder_ids
        self.assertTrue(rest)
        self.block(self.customer)
        rest.button_validate()
        self.assertStopped(rest, "blocked")

    def test_code_that_delivers_without_the_button_is_stopped(self):
        picking = self.make_held_delivery()
        picking.move_ids.picked = True
        picking.sudo()._action_done()
        self.assertStopped(picking)
        picking.move_ids.sudo()._action_done()
        self.assertStopped(picking)

    def test_states_cannot_be_written(self):
        picking = self.make_held_delivery()
        for records in (picking, picking.move_ids):
            with self.assertRaisesRegex(UserError, "on credit hold"), self.cr.savepoint():
                records.write({"state": "done"})
        self.assertEqual(picking.state, "assigned")
        self.assertFalse(picking.move_ids.filtered(lambda move: move.state == "done"))

    def test_moves_cannot_be_created_done(self):
        self.block(self.customer)
        picking = self.make_transfer(self.customer)
        moves = self.env["stock.move"].with_user(self.worker)
        for values in ({"picking_id": picking.id}, {"partner_id": self.customer.id}):
            with self.assertRaisesRegex(UserError, "on credit hold"):
                moves.create(self.prepare_move(state="done", **values))
            with self.assertRaisesRegex(UserError, "on credit hold"):
                moves.with_context(default_state="done").create(self.prepare_move(**values))

    def test_moves_without_a_transfer_are_refused(self):
        self.block(self.customer)
        move = self.env["stock.move"].create(self.prepare_move(partner_id=self.customer.id))
        move._action_confirm()
        move.write({"quantity": 2, "picked": True})
        with self.assertRaisesRegex(UserError, "on credit hold"):
            move._action_done()

    def test_what_is_done_is_not_raised(self):
        picking = self.make_delivery(3)
        picking.button_validate()
        self.block(self.customer)
        with self.assertRaisesRegex(UserError, "on credit hold"), self.cr.savepoint():
            picking.move_ids.quantity = 8
        with self.assertRaisesRegex(UserError, "on credit hold"), self.cr.savepoint():
            picking.move_line_ids.quantity = 8
        with self.assertRaisesRegex(UserError, "on credit hold"), self.cr.savepoint():
            self.env["stock.move.line"].with_user(self.worker).create(
                {
                    "picking_id": picking.id,
                    "product_id": self.article.id,
                    "quantity": 5,
                    "location_id": self.warehouse.lot_stock_id.id,
                    "location_dest_id": picking.location_dest_id.id,
                }
            )
        picking.move_ids.quantity = 2
        self.assertEqual(picking.move_ids.quantity, 2, "less may always be")

    def test_a_line_to_the_customer_makes_it_a_delivery(self):
        """An internal transfer whose line goes to the customers' place."""
        self.block(self.customer)
        picking = self.make_transfer(
            self.customer,
            picking_type_id=self.warehouse.int_type_id.id,
            move_ids=[
                Command.create(self.prepare_move(location_dest_id=self.warehouse.wh_input_stock_loc_id.id))
            ],
        )
        picking.move_line_ids.location_dest_id = self.env.ref("stock.stock_location_customers")
        picking.button_validate()
        self.assertNotEqual(picking.state, "done")
        self.assertTrue(self.hold_of(picking))

    def test_the_schedule_delivers_nothing(self):
        picking = self.make_held_delivery()
        self.env["stock.rule"].with_user(self.env.ref("base.user_root")).run_scheduler()
        self.assertNotEqual(picking.state, "done")

    def test_no_context_opens_the_gate(self):
        picking = self.make_held_delivery()
        picking.with_context(
            skip_sanity_check=True, skip_backorder=True, button_validate_picking_ids=picking.ids
        ).button_validate()
        self.assertStopped(picking)

    def test_returns_and_receipts_always_pass(self):
        picking = self.make_delivery(3)
        picking.button_validate()
        self.block(self.customer)
        wizards = self.env["stock.return.picking"]
        wizard = wizards.with_context(active_id=picking.id, active_model=picking._name).create({})
        wizard.product_return_moves.quantity = 3
        returned = self.env["stock.picking"].browse(wizard.action_create_returns()["res_id"])
        returned.button_validate()
        self.assertDelivered(returned)

    def test_only_the_last_step_is_stopped(self):
        self.warehouse.delivery_steps = "pick_pack_ship"
        first = self.make_delivery(8)
        order = first.sudo().sale_id
        self.block(self.customer)
        self.assertEqual(first.picking_type_id, self.warehouse.pick_type_id)
        first.button_validate()
        self.assertDelivered(first)
        packing = order.picking_ids - first
        packing.with_user(self.worker).button_validate()
        self.assertDelivered(packing)
        shipping = (order.picking_ids - first - packing).with_user(self.worker)
        shipping.button_validate()
        self.assertStopped(shipping, "blocked")

    def test_more_than_ordered_must_fit_the_limit(self):
        picking = self.make_delivery(8)
        picking.move_ids.quantity = 10
        picking.move_ids.picked = True
        picking.button_validate()
        self.assertDelivered(picking)
        other = self.make_delivery(8, self.make_customer("Grabbing Inc", 1000.0))
        other.move_ids.quantity = 11
        other.move_ids.picked = True
        other.button_validate()
        self.assertStopped(other, "limit")
        self.assertEqual(self.hold_of(other).exposure, 0)
        self.assertEqual(self.hold_of(other).order_amount, 1100)

    def test_a_limit_that_was_cut_stops_deliveries_where_the_rule_says_so(self):
        picking = self.make_delivery(8)
        self.env["ar.credit.profile"]._get_or_create(self.customer, self.company).limit = 500
        self.get_rule("limit").on_delivery = True
        picking.button_validate()
        self.assertStopped(picking, "limit")
        self.assertEqual(self.hold_of(picking).available, -300)

    def test_overdue_items_stop_deliveries(self):
        picking = self.make_delivery(3)
        invoice = self.make_invoice(200, 45)
        picking.button_validate()
        self.assertStopped(picking, "overdue")
        hold = self.hold_of(picking)
        self.assertEqual(hold.pay_to_release, 200)
        self.assertIn(invoice.name, hold.pay_items)

    def test_a_release_of_the_order_covers_its_delivery(self):
        self.make_invoice(200, 45)
        order = self.make_order(3)
        order.action_confirm()
        self.assertHeld(order, "overdue")
        order.sudo().credit_hold_id.with_user(self.controller).action_release("Promised")
        self.assertPassed(order)
        picking = order.sudo().picking_ids.with_user(self.worker)
        picking.button_validate()
        self.assertDelivered(picking)

    def test_two_companies(self):
        """What is decided in one company says nothing in another."""
        other = self.setup_other_company()["company"]
        self.block(self.customer)
        warehouse = self.env["stock.warehouse"].sudo().search([("company_id", "=", other.id)], limit=1)
        other.credit_control_active = True
        worker = self.make_worker("other_worker", other)
        self.stock(5, warehouse=warehouse)
        picking = (
            self.env["stock.picking"]
            .with_user(worker)
            .create(
                {
                    "picking_type_id": warehouse.out_type_id.id,
                    "partner_id": self.customer.id,
                    "move_ids": [Command.create(self.prepare_move(location_id=warehouse.lot_stock_id.id))],
                }
            )
        )
        picking.action_confirm()
        picking.action_assign()
        picking.button_validate()
        self.assertDelivered(picking)


@tagged("post_install", "-at_install")
class TestDeliveryDecision(DeliveryCase):
    """Who decides on a delivery, and what follows."""

    def setUp(self):
        super().setUp()
        self.picking = self.make_held_delivery()
        self.picking.button_validate()
        self.hold = self.hold_of(self.picking)

    def test_released_it_is_validated_by_a_person(self):
        self.hold.with_user(self.controller).action_release("Paid at the gate")
        self.assertNotEqual(self.picking.state, "done", "somebody has to hand over the goods")
        self.assertEqual(self.picking.credit_hold_state, "released")
        self.assertIn(self.worker, self.picking.sudo().activity_ids.user_id)
        self.picking.button_validate()
        self.assertDelivered(self.picking)
        self.assertEqual(self.hold.state, "released")

    def test_a_release_ends_at_its_amount(self):
        self.hold.with_user(self.controller).action_release("This much", cap_amount=1300)
        order = self.picking.sudo().sale_id
        order.write({"order_line": [self.line(2)]})
        self.picking.button_validate()
        self.assertStopped(self.picking)

    def test_a_release_ends_with_its_day(self):
        self.hold.with_user(self.controller).action_release("Today", valid_until=fields.Date.today())
        self.hold.sudo().valid_until = fields.Date.subtract(fields.Date.today(), days=2)
        self.picking.button_validate()
        self.assertStopped(self.picking)

    def test_releases_expire(self):
        self.hold.with_user(self.controller).action_release("Today", valid_until=fields.Date.today())
        self.hold.sudo().valid_until = fields.Date.subtract(fields.Date.today(), days=2)
        self.env["ar.credit.hold"]._expire_releases()
        self.assertEqual(self.hold.state, "expired")

    def test_refused_it_stays(self):
        self.hold.with_user(self.controller).action_refuse("Overdue first")
        self.assertEqual(self.picking.credit_hold_state, "refused")
        self.picking.button_validate()
        self.assertNotEqual(self.picking.state, "done")

    def test_releasing_the_order_frees_its_deliveries(self):
        order_hold = self.picking.sudo().sale_id.credit_hold_id
        order_hold.with_user(self.controller).action_release("Agreed")
        self.assertEqual(self.hold.state, "released")
        self.picking.button_validate()
        self.assertDelivered(self.picking)

    def test_an_order_raised_above_its_release_stops_again(self):
        order = self.picking.sudo().sale_id
        order.credit_hold_id.with_user(self.controller).action_release("Agreed")
        order.with_user(self.salesperson).write({"order_line": [self.line(4)]})
        self.assertEqual(order.credit_hold_state, "held")
        self.picking.button_validate()
        self.assertStopped(self.picking, "order_held")

    def test_refusing_the_order_keeps_them(self):
        order_hold = self.picking.sudo().sale_id.credit_hold_id
        order_hold.with_user(self.controller).action_refuse("No")
        self.assertEqual(self.hold.state, "held")
        self.assertEqual(self.hold.reason_ids.filtered(lambda r: r.outcome == "hold").code, "order_refused")

    def test_it_passes_when_the_cause_is_gone(self):
        self.env["ar.credit.profile"]._get_or_create(self.customer, self.company).limit = 5000
        order_hold = self.picking.sudo().sale_id.credit_hold_id
        order_hold.with_user(self.controller).action_recheck()
        self.assertEqual(self.hold.state, "released")
        self.picking.button_validate()
        self.assertDelivered(self.picking)

    def test_who_asked_never_decides(self):
        both = self.make_worker("hold_both", self.company)
        both.group_ids += self.env.ref("ar_credit_control.group_credit_controller")
        self.hold.sudo().asked_by_id = both
        with self.assertRaises(AccessError):
            self.hold.with_user(both).action_release("Mine")
        self.hold.sudo().asked_by_id = self.worker
        self.hold.with_user(both).action_release("Another's")
        self.picking.with_user(both).button_validate()
        self.assertNotEqual(self.picking.state, "done", "nobody delivers on a release of their own")

    def test_the_warehouse_decides_nothing_and_sees_no_figures(self):
        for method in ("action_release", "action_refuse"):
            with self.assertRaises(AccessError):
                getattr(self.hold.with_user(self.worker), method)("Let go")
        with self.assertRaises(AccessError):
            self.hold.with_user(self.worker).read(["limit"])
        self.picking.read()
        self.picking.get_views([(False, "form"), (False, "list"), (False, "kanban"), (False, "search")])

    def test_cancelled_or_deleted_it_asks_nobody(self):
        self.picking.action_cancel()
        self.assertEqual(self.hold.state, "expired")
        other = self.make_held_delivery(partner=self.make_customer("Gone Ltd", 1000.0))
        other.button_validate()
        hold = self.hold_of(other)
        other.sudo().unlink()
        self.assertEqual(hold.state, "expired")
        self.assertTrue(hold.name)

    def test_validated_twice_there_is_one_hold(self):
        self.picking.button_validate()
        self.assertEqual(self.hold_of(self.picking), self.hold)

    def test_search(self):
        other = self.make_delivery(1, self.make_customer("Free Ltd", 1000.0))
        waiting = self.make_held_delivery(partner=self.make_customer("Asked Nobody Ltd", 1000.0))
        pickings = self.env["stock.picking"].with_user(self.worker)
        for state, expected in (("held", self.picking | waiting), ("none", other)):
            domain = [("id", "in", (self.picking | other | waiting).ids)]
            self.assertEqual(pickings.search([*domain, ("credit_hold_state", "=", state)]), expected, state)
            self.assertEqual(set(expected.mapped("credit_hold_state")), {state})


@tagged("post_install", "-at_install")
class TestReservation(DeliveryCase):
    def test_goods_are_kept_for_held_orders(self):
        picking = self.make_held_delivery()
        picking.do_unreserve()
        picking.action_assign()
        self.assertEqual(set(picking.move_ids.mapped("state")), {"assigned"})

    def test_or_left_to_others_until_released(self):
        self.company.credit_reserve_held = False
        picking = self.make_held_delivery()
        picking.do_unreserve()
        picking.action_assign()
        self.assertEqual(set(picking.move_ids.mapped("state")), {"confirmed"})
        free = self.make_delivery(1, self.make_customer("Free Ltd", 1000.0))
        self.assertEqual(free.state, "assigned")
        order_hold = picking.sudo().sale_id.credit_hold_id
        order_hold.with_user(self.controller).action_release("Agreed")
        self.assertEqual(set(picking.move_ids.mapped("state")), {"assigned"})

    def test_a_blocked_customer_reserves_nothing(self):
        self.company.credit_reserve_held = False
        picking = self.make_delivery(2)
        picking.do_unreserve()
        self.block(self.customer)
        picking.action_assign()
        self.assertEqual(picking.state, "confirmed")
