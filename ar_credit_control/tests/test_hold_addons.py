from odoo import fields
from odoo.fields import Command
from odoo.tests import tagged

from .common_hold import HoldCase


@tagged("post_install", "-at_install")
class TestHoldAddons(HoldCase):
    """What other addons do when an order is confirmed waits with the order: they are loaded around ours."""

    def make_loyal_order(self):
        """An order that spends 10 of the customer's 100 points."""
        program = self.env["loyalty.program"].create(
            {
                "name": "Points",
                "program_type": "loyalty",
                "trigger": "auto",
                "applies_on": "both",
                "rule_ids": [Command.create({"reward_point_amount": 1, "reward_point_mode": "order"})],
                "reward_ids": [
                    Command.create(
                        {
                            "reward_type": "discount",
                            "discount": 10,
                            "discount_mode": "per_order",
                            "required_points": 10,
                        }
                    )
                ],
            }
        )
        card = self.env["loyalty.card"].create(
            {"program_id": program.id, "partner_id": self.customer.id, "points": 100}
        )
        order = self.make_order(12)
        order.sudo()._update_programs_and_rewards()
        order.sudo()._apply_program_reward(program.reward_ids, card)
        return order, card

    def test_loyalty_spends_no_points(self):
        order, card = self.make_loyal_order()
        self.assertTrue(order.order_line.filtered("is_reward_line"))
        for _attempt in range(3):
            order.action_confirm()
            self.assertHeld(order)
            self.assertEqual(card.points, 100)
            self.assertFalse(card.history_ids)
        order.sudo().credit_hold_id.with_user(self.controller).action_release("ok")
        self.assertPassed(order)
        self.assertEqual(card.points, 91, "10 spent, 1 earned, once")
        self.assertEqual(len(card.history_ids), 1)

    def test_a_promotion_that_ends_while_confirming_does_not_exceed_the_limit(self):
        program = self.env["loyalty.program"].create(
            {
                "name": "Until yesterday",
                "program_type": "promotion",
                "trigger": "auto",
                "applies_on": "current",
                "rule_ids": [Command.create({})],
                "reward_ids": [Command.create({"reward_type": "discount", "discount": 50})],
            }
        )
        order = self.make_order(15)
        order.sudo()._update_programs_and_rewards()
        order.sudo()._apply_program_reward(program.reward_ids, order.sudo().coupon_point_ids.coupon_id)
        self.assertEqual(order.amount_total, 750)
        program.active = False
        order.action_confirm()
        self.assertEqual(order.amount_total, 1500)
        self.assertEqual(order.credit_hold_state, "held", "what was accepted was 750")

    def test_loyalty_does_not_drop_unclaimed_coupons(self):
        program = self.env["loyalty.program"].create(
            {
                "name": "Now",
                "program_type": "promotion",
                "trigger": "auto",
                "applies_on": "current",
                "rule_ids": [Command.create({})],
                "reward_ids": [Command.create({"reward_type": "discount", "discount": 5})],
            }
        )
        order = self.make_order(12)
        order.sudo()._update_programs_and_rewards()
        points = order.sudo().coupon_point_ids.filtered(lambda point: point.coupon_id.program_id == program)
        self.assertTrue(points)
        order.action_confirm()
        self.assertHeld(order)
        self.assertTrue(points.exists().coupon_id)

    def test_the_template_sends_no_mail(self):
        mail = self.env["mail.template"].create(
            {
                "name": "Welcome",
                "model_id": self.env["ir.model"]._get_id("sale.order"),
                "subject": "Welcome {{ object.name }}",
                "partner_to": "{{ object.partner_id.id }}",
            }
        )
        template = self.env["sale.order.template"].create({"name": "With mail", "mail_template_id": mail.id})
        self.customer.email = "kornmann@example.com"
        order = self.make_order(12, sale_order_template_id=template.id)
        order.write({"order_line": [Command.clear(), self.line(12)]})

        def sent():
            return order.sudo().message_ids.filtered(lambda message: "Welcome" in (message.subject or ""))

        order.with_context(send_email=True).action_confirm()
        order.action_confirm()
        self.assertHeld(order)
        self.assertFalse(sent())
        self.assertFalse(
            order.sudo().message_ids.filtered(lambda message: self.customer in message.partner_ids)
        )
        order.sudo().credit_hold_id.with_user(self.controller).action_release("ok")
        self.assertPassed(order)
        self.assertEqual(len(sent()), 1)

    def test_the_event_registers_nobody(self):
        ticket = self.env["product.product"].create(
            {
                "name": "Ticket",
                "type": "service",
                "service_tracking": "event",
                "taxes_id": False,
                "list_price": 600,
            }
        )
        now = fields.Datetime.now()
        event = (
            self.env["event.event"]
            .sudo()
            .create(
                {
                    "name": "Fair",
                    "date_begin": fields.Datetime.add(now, days=7),
                    "date_end": fields.Datetime.add(now, days=8),
                    "event_ticket_ids": [
                        Command.create({"name": "Standard", "product_id": ticket.id, "price": 600})
                    ],
                }
            )
        )
        order = self.make_order(
            0,
            order_line=[
                Command.create(
                    {
                        "product_id": ticket.id,
                        "product_uom_qty": 2,
                        "price_unit": 600,
                        "event_id": event.id,
                        "event_ticket_id": event.event_ticket_ids.id,
                        "tax_ids": [Command.clear()],
                    }
                )
            ],
        )
        action = order.action_confirm()
        self.assertHeld(order)
        self.assertEqual(action["tag"], "display_notification")
        self.assertFalse(event.registration_ids)
        order.sudo().credit_hold_id.with_user(self.controller).action_release("ok")
        self.assertPassed(order)
        self.assertEqual(len(event.registration_ids), 2)

    def test_what_an_addon_returns_comes_after_the_notice(self):
        order, card = self.make_loyal_order()
        held = self.make_order(99)
        order.order_line.filtered(lambda line: not line.is_reward_line).product_uom_qty = 5
        action = (order | held).action_confirm()
        self.assertPassed(order)
        self.assertHeld(held)
        self.assertIn(held.name, action["params"]["message"])
        self.assertNotEqual(card.points, 100)
