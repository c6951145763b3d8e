from odoo import fields
from odoo.exceptions import AccessError, UserError
from odoo.fields import Command
from odoo.tests import new_test_user, tagged

from .common_hold import HoldCase


@tagged("post_install", "-at_install")
class TestHoldGate(HoldCase):
    """What is held, and that nothing slips past."""

    def test_an_order_within_the_limit_passes(self):
        order = self.make_order(10)
        self.assertTrue(order.action_confirm())
        self.assertPassed(order)
        self.assertEqual(order.credit_hold_state, "none")
        self.assertFalse(order.credit_hold_id)

    def test_an_order_over_the_limit_is_held_and_a_person_is_told(self):
        order = self.make_order(11)
        action = order.action_confirm()
        self.assertHeld(order, "limit")
        self.assertEqual(action["tag"], "display_notification")
        self.assertIn(order.name, action["params"]["message"])
        hold = order.sudo().credit_hold_id
        self.assertEqual(hold.partner_id, self.customer)
        self.assertEqual(hold.partner_name, "Kornmann AG")
        self.assertEqual(hold.order_amount, 1100.0)
        self.assertEqual(hold.limit, 1000.0)
        self.assertEqual(hold.exposure, 0.0)
        self.assertEqual(hold.available, -100.0)
        self.assertEqual(hold.pay_to_release, 100.0)
        self.assertEqual(hold.asked_by_id, self.salesperson)
        self.assertEqual(hold.source, "button")
        self.assertEqual(hold.activity_ids.user_id, hold.responsible_id)
        self.assertTrue(hold.responsible_id.has_group("ar_credit_control.group_credit_controller"))

    def test_tolerance_and_what_is_used_already_count(self):
        self.make_order(6).action_confirm()
        self.make_invoice(200, days_overdue=0)
        order = self.make_order(3)
        order.action_confirm()
        self.assertHeld(order, "limit")
        self.assertEqual(order.sudo().credit_hold_id.exposure, 800.0)
        self.get_rule("limit").tolerance_percent = 10.0
        order.action_confirm()
        self.assertPassed(order)
        self.assertEqual(order.credit_hold_state, "released", "the cause is gone, nobody decided")
        self.assertFalse(order.sudo().credit_hold_id.decided_by_id)

    def test_a_limit_of_zero_is_no_credit(self):
        order = self.make_order(1, self.make_customer("Zero", 0.0))
        order.action_confirm()
        self.assertHeld(order, "limit")

    def test_what_no_limit_means_is_a_rule(self):
        for outcome, held in ((None, False), ("warn", False), ("hold", True)):
            self.set_rules(**({"no_limit": {"outcome": outcome}} if outcome else {}))
            order = self.make_order(99, self.make_customer(str(outcome)))
            order.action_confirm()
            self.assertEqual(order.credit_hold_state == "held", held, outcome)

    def test_overdue_beyond_days_and_share_holds(self):
        invoice = self.make_invoice(50, days_overdue=31)
        order = self.make_order(1)
        order.action_confirm()
        self.assertHeld(order, "overdue")
        hold = order.sudo().credit_hold_id
        self.assertEqual(hold.pay_to_release, 50.0)
        self.assertEqual(hold.overdue_days, 31)
        self.assertIn(invoice.name, hold.pay_items)
        self.get_rule("overdue").min_amount = 60.0
        order.action_confirm()
        self.assertPassed(order)

    def test_overdue_within_the_days_passes(self):
        self.make_invoice(50, days_overdue=30)
        order = self.make_order(1)
        order.action_confirm()
        self.assertPassed(order)

    def test_all_rules_are_kept(self):
        self.make_invoice(500, days_overdue=90)
        order = self.make_order(9)
        order.action_confirm()
        self.assertHeld(order, "limit", "overdue")
        hold = order.sudo().credit_hold_id
        self.assertEqual(hold.pay_to_release, 500.0)
        self.assertEqual(sorted(hold.reason_ids.mapped("code")), ["limit", "near_limit", "overdue"])

    def test_the_profile_blocks_or_lets_pass(self):
        profile = self.env["ar.credit.profile"]._get_or_create(self.customer, self.company)
        profile.hold_override = "pass"
        order = self.make_order(99)
        order.action_confirm()
        self.assertPassed(order)
        profile.hold_override = "block"
        order = self.make_order(1)
        order.action_confirm()
        self.assertHeld(order, "blocked", "limit")
        self.assertEqual(order.sudo().credit_hold_id.pay_to_release, 0.0, "money does not help")

    def test_nothing_is_held_before_switching_on(self):
        self.company.credit_control_active = False
        order = self.make_order(99)
        order.action_confirm()
        self.assertPassed(order)
        self.assertFalse(order.credit_hold_ids)

    def test_the_contact_and_the_payer_decide_who_owes(self):
        contact = self.env["res.partner"].create({"name": "Anna", "parent_id": self.customer.id})
        order = self.make_order(11, contact)
        order.action_confirm()
        self.assertHeld(order, "limit")
        other = self.make_customer("Pays for others", 10000.0)
        order = self.make_order(11, partner_invoice_id=other.id)
        order.action_confirm()
        self.assertPassed(order)

    def test_another_currency_is_converted_at_the_rate_of_today(self):
        currency = self.setup_other_currency("EUR", rates=[("2000-01-01", 2.0)])
        pricelist = self.env["product.pricelist"].create({"name": "Other", "currency_id": currency.id})
        order = self.make_order(20, pricelist_id=pricelist.id)
        order.action_confirm()
        self.assertPassed(order)
        order = self.make_order(21, self.make_customer("Second", 1000.0), pricelist_id=pricelist.id)
        order.action_confirm()
        self.assertHeld(order, "limit")
        self.assertEqual(order.sudo().credit_hold_id.order_amount, 1050.0)
        self.assertEqual(order.sudo().credit_hold_id.order_amount_currency, 2100.0)

    def test_zero_totals_and_own_companies_ask_for_no_credit(self):
        zero = self.make_customer("Zero", 0.0)
        order = self.make_order(0, zero)
        order.action_confirm()
        self.assertPassed(order)
        sister = self.env["res.company"].create({"name": "Sister"})
        profile = self.env["ar.credit.profile"]._get_or_create(sister.partner_id, self.company)
        profile.write({"limit_set": True, "limit": 0.0})
        order = self.make_order(5, sister.partner_id)
        order.action_confirm()
        self.assertPassed(order)

    def test_a_branch_shares_limit_settings_and_exposure_of_its_root(self):
        branch = self._create_company(name="Branch", parent_id=self.company.id)
        seller = new_test_user(
            self.env,
            "hold_branch",
            groups="sales_team.group_sale_salesman",
            company_id=branch.id,
            company_ids=[Command.set(branch.ids)],
        )
        self.make_order(6).action_confirm()
        order = self.make_order(6, user=seller, company_id=branch.id)
        self.assertEqual(order.credit_forecast, "hold")
        self.assertTrue(order.credit_banner)
        order.action_confirm()
        self.assertHeld(order, "limit")
        self.assertTrue(order.credit_hold_id.read())
        self.assertEqual(order.sudo().credit_hold_id.exposure, 600)

    def test_a_company_knows_nothing_of_another(self):
        other = self._create_company(name="Other")
        seller = new_test_user(
            self.env,
            "hold_elsewhere",
            groups="sales_team.group_sale_salesman",
            company_id=other.id,
            company_ids=[Command.set(other.ids)],
        )
        self.make_invoice(900, days_overdue=90)
        order = self.make_order(50, user=seller, company_id=other.id)
        order.action_confirm()
        self.assertPassed(order)
        other.credit_control_active = True
        order = self.make_order(50, user=seller, company_id=other.id)
        order.action_confirm()
        self.assertPassed(order)

    def test_an_archived_customer_is_judged_like_others(self):
        order = self.make_order(11)
        self.customer.active = False
        order.action_confirm()
        self.assertHeld(order, "limit")

    def test_in_a_batch_each_counts_those_before_it(self):
        orders = self.make_order(6) | self.make_order(6) | self.make_order(4)
        other = self.make_order(9, self.make_customer("Other", 1000.0))
        action = (orders | other).action_confirm()
        self.assertEqual(orders.mapped("state"), ["sale", "draft", "sale"])
        self.assertPassed(other)
        self.assertHeld(orders[1], "limit")
        self.assertEqual(orders[1].sudo().credit_hold_id.source, "batch")
        self.assertIn(orders[1].name, action["params"]["message"])

    def test_what_core_refuses_it_refuses_in_its_own_words(self):
        order = self.make_order(11)
        order.action_cancel()
        with self.assertRaisesRegex(UserError, "not in a state requiring confirmation"):
            order.action_confirm()
        self.assertFalse(order.credit_hold_ids)

    def test_who_may_not_write_the_order_cannot_have_it_held(self):
        order = self.make_order(11)
        with self.assertRaises(AccessError):
            order.with_user(self.collector).action_confirm()
        self.assertFalse(order.credit_hold_ids)

    # ways around

    def test_no_write_gets_past(self):
        order = self.make_order(11)
        with self.assertRaisesRegex(UserError, "credit control"):
            order.write({"state": "sale"})
        order.invalidate_recordset()
        self.assertEqual(order.state, "draft", "undone, also where the error is swallowed")
        with self.assertRaises(UserError):
            order.state = "sale"
        with self.assertRaises(UserError):
            order.web_save({"state": "sale"}, {})
        with self.assertRaises(UserError):
            self.customer.with_user(self.manager).write(
                {"sale_order_ids": [Command.update(order.id, {"state": "sale"})]}
            )
        order.invalidate_recordset()
        self.assertEqual(order.state, "draft")

    def test_lines_written_with_the_state_count(self):
        order = self.make_order(1)
        with self.assertRaises(UserError):
            order.write({"state": "sale", "order_line": [self.line(10)]})
        order.action_cancel()
        with self.assertRaises(UserError):
            order.write({"state": "sale", "order_line": [self.line(10)]})

    def test_no_create_gets_past(self):
        orders = self.env["sale.order"].with_user(self.salesperson)
        values = {"partner_id": self.customer.id, "order_line": [self.line(11)]}
        for model, extra in (
            (orders, {"state": "sale"}),
            (orders.with_context(default_state="sale"), {}),
            (orders.sudo(), {"state": "sale"}),
        ):
            with self.assertRaises(UserError), self.env.cr.savepoint():
                model.create({**values, **extra})
        self.env["ir.default"].set("sale.order", "state", "sale")
        with self.assertRaises(UserError):
            orders.create(values)

    def test_no_copy_gets_past_and_a_copy_carries_no_release(self):
        order = self.make_order(11)
        with self.assertRaises(UserError), self.env.cr.savepoint():
            order.copy({"state": "sale"})
        order.action_confirm()
        order.sudo().credit_hold_id.with_user(self.controller).action_release("ok")
        self.assertPassed(order)
        copy = order.copy()
        self.assertEqual(copy.credit_hold_state, "none")
        copy.action_confirm()
        self.assertHeld(copy)

    def test_no_import_gets_past(self):
        orders = self.env["sale.order"].with_user(self.salesperson)
        names = ["partner_id/.id", "state", "order_line/product_id/.id", "order_line/product_uom_qty"]
        row = [str(self.customer.id), "sale", str(self.article.id), "11"]
        result = orders.load(names, [row])
        self.assertFalse(result["ids"])
        self.assertIn("credit control", result["messages"][0]["message"])

    def test_no_context_gets_past(self):
        order = self.make_order(11)
        for key in (
            "credit_gate",
            "ar_credit_passing",
            "force",
            "install_mode",
            "import_file",
            "bypass_credit",
        ):
            with self.assertRaises(UserError), self.env.cr.savepoint():
                order.with_context(**{key: order.ids}).write({"state": "sale"})
        order.with_context(
            ar_credit_passing=order.ids, install_mode=True, module="sale", skip_credit=True
        ).action_confirm()
        self.assertHeld(order)

    def test_the_superuser_passes_no_more_than_others(self):
        order = self.make_order(11).sudo()
        order.action_confirm()
        self.assertHeld(order)
        with self.assertRaises(UserError):
            order.with_user(self.env.ref("base.user_root")).write({"state": "sale"})

    def test_hold_fields_cannot_be_written(self):
        order = self.make_order(11)
        order.action_confirm()
        hold = order.sudo().credit_hold_id
        for user in (self.salesperson, self.controller, self.manager):
            for values in ({"state": "released"}, {"cap_amount": 1e9}, {"asked_by_id": self.auditor.id}):
                with self.assertRaises(AccessError):
                    hold.with_user(user).write(values)
            with self.assertRaises(AccessError):
                hold.with_user(user).unlink()
            with self.assertRaises(AccessError):
                hold.with_user(user).reason_ids.unlink()
        order.with_user(self.manager).write({"credit_hold_state": "released", "credit_hold_id": False})
        order.invalidate_recordset()
        self.assertHeld(order)
        with self.assertRaises(AccessError):
            order.with_user(self.manager).write(
                {
                    "credit_hold_ids": [
                        Command.create(
                            {
                                "name": "x",
                                "partner_id": self.customer.id,
                                "company_id": self.company.id,
                                "currency_id": self.company.currency_id.id,
                                "source": "hand",
                                "state": "released",
                                "cap_amount": 1e9,
                                "valid_until": fields.Date.today(),
                            }
                        )
                    ]
                }
            )

    def test_nobody_deletes_a_hold(self):
        order = self.make_order(11)
        order.action_confirm()
        hold = order.sudo().credit_hold_id
        with self.assertRaisesRegex(UserError, "evidence"):
            hold.unlink()
        order.with_user(self.manager).sudo().unlink()
        self.assertEqual(hold.state, "expired")
        self.assertEqual(hold.partner_name, "Kornmann AG")
        self.assertTrue(hold.name)

    def test_a_payment_of_another_order_does_not_count(self):
        order = self.make_order(11)
        other = self.make_order(11)
        provider = self.env["payment.provider"].create({"name": "Test", "code": "none"})
        method = self.env["payment.method"].with_context(active_test=False).search([], limit=1)
        paid = self.env["payment.transaction"].create(
            {
                "provider_id": provider.id,
                "payment_method_id": method.id,
                "reference": "hold-1",
                "amount": 1100.0,
                "currency_id": order.currency_id.id,
                "partner_id": self.customer.id,
                "state": "done",
                "sale_order_ids": [Command.set(other.ids)],
            }
        )
        self.assertTrue(other.sudo()._credit_is_exempt())
        cheat = new_test_user(
            self.env,
            "hold_cheat",
            groups="sales_team.group_sale_salesman_all_leads,account.group_account_invoice",
            company_id=self.company.id,
            company_ids=[Command.set(self.company.ids)],
        )
        order.with_user(cheat).write({"transaction_ids": [Command.link(paid.id)]})
        order.action_confirm()
        self.assertHeld(order, "limit")

    def test_the_gate_is_wrapped_once_and_taken_off(self):
        model_class = self.env.registry["sale.order"]
        self.assertTrue(model_class.action_confirm.is_credit_gate)
        gate = model_class.action_confirm
        self.env["sale.order"]._register_hook()
        self.assertIs(model_class.action_confirm, gate)
        self.env["sale.order"]._unregister_hook()
        self.addCleanup(self.env["sale.order"]._register_hook)
        self.assertFalse(getattr(model_class.action_confirm, "is_credit_gate", False))


@tagged("post_install", "-at_install")
class TestHoldRaise(HoldCase):
    """A confirmed order that grows beyond what was approved."""

    def setUp(self):
        super().setUp()
        self.order = self.make_order(9)
        self.order.action_confirm()

    def assertRaisedHeld(self):
        self.assertEqual(self.order.state, "sale", "the confirmation is not undone")
        self.assertEqual(self.order.credit_hold_state, "held")
        self.assertEqual(self.order.sudo().credit_hold_id.source, "change")

    def test_more_within_the_limit_is_fine(self):
        self.order.order_line.product_uom_qty = 10
        self.assertEqual(self.order.credit_hold_state, "none")

    def test_more_quantity(self):
        self.order.order_line.product_uom_qty = 11
        self.assertRaisedHeld()

    def test_a_higher_price(self):
        self.order.write({"order_line": [Command.update(self.order.order_line.id, {"price_unit": 200})]})
        self.assertRaisedHeld()

    def test_another_line(self):
        self.order.write({"order_line": [self.line(2)]})
        self.assertRaisedHeld()

    def test_a_line_of_its_own(self):
        self.env["sale.order.line"].with_user(self.salesperson).create(
            {"order_id": self.order.id, "product_id": self.article.id, "product_uom_qty": 2}
        )
        self.assertRaisedHeld()

    def test_another_debtor(self):
        other = self.make_customer("Poor", 100.0)
        self.order.partner_invoice_id = other
        self.assertRaisedHeld()
        self.assertEqual(self.order.sudo().credit_hold_id.partner_id, other)

    def test_lines_that_replace_each_other_in_one_write_are_compared_as_a_whole(self):
        self.order.write(
            {"order_line": [self.line(5), Command.update(self.order.order_line.id, {"product_uom_qty": 4})]}
        )
        self.assertEqual(self.order.credit_hold_state, "none")

    def test_lowering_it_again_ends_the_hold(self):
        self.order.order_line.product_uom_qty = 12
        self.assertRaisedHeld()
        self.order.order_line.product_uom_qty = 8
        self.assertNotEqual(self.order.credit_hold_state, "held")

    def test_a_release_covers_its_amount_and_no_more(self):
        order = self.make_order(5)
        order.action_confirm()
        order.sudo().credit_hold_id.with_user(self.controller).action_release("ok", cap_amount=700)
        self.assertPassed(order)
        order.order_line.product_uom_qty = 7
        self.assertEqual(order.credit_hold_state, "released")
        order.order_line.product_uom_qty = 8
        self.assertEqual(order.credit_hold_state, "held")
