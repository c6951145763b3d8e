from odoo import fields
from odoo.exceptions import AccessError, UserError
from odoo.fields import Command
from odoo.tests import freeze_time, new_test_user, tagged

from .common_hold import HoldCase


@tagged("post_install", "-at_install")
class TestHoldAttack(HoldCase):
    """What somebody with a login and a script tries, to sell more than the limit allows."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.seller = new_test_user(
            cls.env,
            "hold_attacker",
            groups="sales_team.group_sale_salesman,base.group_partner_manager",
            company_id=cls.company.id,
            company_ids=[Command.set(cls.company.ids)],
        )

    def make_own_order(self, quantity, partner=None, **values):
        order = self.make_order(quantity, partner, self.seller, **values)
        self.env.flush_all()  # what was computed at creation is in the database, as in a later request
        self.env.invalidate_all()
        return order

    def get_exposure(self, partner=None):
        partner = partner or self.customer
        return self.env["ar.credit.exposure"]._get_figures(partner, self.company)[partner.id]["exposure"]

    def test_a_total_written_by_hand(self):
        order = self.make_own_order(11)
        order.write({"amount_total": 0.0})
        order.action_confirm()
        self.assertHeld(order, "limit")
        self.assertEqual(order.amount_total, 1100.0)

    def test_a_total_of_a_line_written_by_hand(self):
        order = self.make_own_order(11)
        order.order_line.write({"price_total": 0.0, "price_subtotal": 0.0})
        order.action_confirm()
        self.assertHeld(order, "limit")

    def test_totals_given_at_creation(self):
        line = self.line(11)
        line[2].update(price_total=0.0, price_subtotal=0.0, price_tax=0.0)
        order = (
            self.env["sale.order"]
            .with_user(self.seller)
            .create({"partner_id": self.customer.id, "order_line": [line], "amount_total": 0.0})
        )
        order.action_confirm()
        self.assertHeld(order, "limit")

    def test_an_open_line_made_to_look_invoiced_or_free(self):
        order = self.make_own_order(10)
        order.action_confirm()
        self.assertPassed(order)
        for vals in ({"qty_invoiced": 10.0}, {"price_total": 0.0}, {"state": "draft"}):
            self.env.flush_all()
            order.order_line.write(vals)
            self.assertEqual(self.get_exposure(), 1000.0, vals)
        second = self.make_own_order(1)
        second.action_confirm()
        self.assertHeld(second, "limit")

    def test_lines_linked_to_the_invoice_of_another_order(self):
        invoice = self.make_invoice(5000.0, -30, self.make_customer("Somebody else", 100000.0))
        invoice.invoice_user_id = self.seller
        link = [Command.set(invoice.invoice_line_ids.ids)]
        order = self.make_own_order(9)
        order.action_confirm()
        with self.assertRaisesRegex(AccessError, "Only invoicing"):
            order.order_line.write({"invoice_lines": link})
        with self.assertRaisesRegex(AccessError, "Only invoicing"):
            self.make_own_order(1, order_line=[Command.create({**self.line(9)[2], "invoice_lines": link})])
        self.assertEqual(self.get_exposure(), 900.0)

    def test_a_confirmed_order_made_a_quotation_again(self):
        order = self.make_own_order(9)
        order.action_confirm()
        for state in ("draft", "sent"):
            with self.assertRaisesRegex(UserError, "cancel it first"):
                order.write({"state": state})
        self.assertEqual(self.get_exposure(), 900.0)
        order.sudo()._action_cancel()  # stock_picking_batch lets the warehouse alone cancel deliveries
        order.action_draft()
        self.assertEqual(order.state, "draft")

    def test_lines_that_pretend_to_be_down_payments(self):
        line = self.line(10)
        line[2]["is_downpayment"] = True
        order = (
            self.env["sale.order"]
            .with_user(self.seller)
            .create({"partner_id": self.customer.id, "order_line": [line]})
        )
        order.action_confirm()
        self.assertPassed(order)
        self.assertEqual(self.get_exposure(), 1000.0)
        other = self.make_customer("Late pretender", 1000.0)
        order = self.make_own_order(10, other)
        order.action_confirm()
        order.order_line.write({"is_downpayment": True})
        self.assertEqual(self.get_exposure(other), 1000.0)

    def assertHeldOverLimit(self):
        order = self.make_own_order(11)
        order.action_confirm()
        self.assertHeld(order, "limit")
        order.sudo()._action_cancel()

    def test_an_order_of_a_negative_total_makes_no_room(self):
        credit = self.make_own_order(0, order_line=[self.line(1, -5000.0)])
        credit.action_confirm()
        self.assertPassed(credit)
        self.assertHeldOverLimit()
        wizard = (
            self.env["sale.advance.payment.inv"]
            .with_user(self.seller)
            .with_context(active_model="sale.order", active_ids=credit.ids)
            .create({"advance_payment_method": "delivered"})
        )
        wizard.create_invoices()
        note = credit.sudo().invoice_ids
        self.assertEqual((note.move_type, note.state), ("out_refund", "draft"))
        self.assertHeldOverLimit()
        order = self.make_own_order(11)
        order.action_confirm()
        self.assertHeld(order, "limit")
        note.action_post()
        self.assertEqual(self.get_exposure(), -5000.0)
        order.action_confirm()
        self.assertPassed(order)

    def test_a_discount_within_an_order_counts(self):
        order = self.make_own_order(0, order_line=[self.line(12), self.line(1, -200.0)])
        order.action_confirm()
        self.assertPassed(order)
        self.assertEqual(self.get_exposure(), 1000.0)

    def test_a_line_that_moves_to_a_confirmed_order(self):
        order = self.make_own_order(5)
        order.action_confirm()
        quotation = self.make_own_order(6)
        quotation.order_line.write({"order_id": order.id})
        self.assertEqual(order.credit_hold_state, "held")

    def test_an_order_confirmed_where_holds_are_off_that_moves(self):
        other = self.env["res.company"].create(
            {"name": "No Control", "country_id": self.company.country_id.id}
        )
        self.seller.company_ids |= other
        both = self.seller.company_ids.ids
        warehouses = "stock.warehouse" in self.env
        for early in (True, False):
            order = (
                self.env["sale.order"]
                .with_user(self.seller)
                .with_context(allowed_company_ids=[other.id, self.company.id])
                .create(
                    {
                        "partner_id": self.customer.id,
                        "company_id": other.id,
                        "pricelist_id": False,
                        "order_line": [self.line(11)],
                    }
                )
            )
            if early:
                order.action_confirm()
                self.assertPassed(order)
            vals = {"company_id": self.company.id, "state": "sale", "fiscal_position_id": False}
            if warehouses:
                vals["warehouse_id"] = (
                    self.env["stock.warehouse"].search([("company_id", "=", self.company.id)], limit=1).id
                )
            with self.assertRaisesRegex(UserError, "cannot be set to confirmed"):
                order.with_context(allowed_company_ids=both).write(vals)
            self.assertEqual(order.company_id, other)

    def test_a_debtor_written_by_hand(self):
        rich = self.make_customer("Rich", 100000.0)
        contact = self.env["res.partner"].create({"name": "Buyer", "parent_id": self.customer.id})
        contact.with_user(self.seller).write({"commercial_partner_id": rich.id})
        self.assertEqual(contact.commercial_partner_id, self.customer)
        order = self.make_own_order(11, contact)
        order.action_confirm()
        self.assertHeld(order, "limit")

    def test_a_contact_that_changes_company_takes_its_orders_along(self):
        rich = self.make_customer("Rich", 100000.0)
        contact = self.env["res.partner"].create({"name": "Buyer", "parent_id": rich.id})
        order, small = self.make_own_order(11, contact), self.make_own_order(1, rich)
        (order | small).action_confirm()
        self.assertPassed(order)
        contact.with_user(self.seller).write({"parent_id": self.customer.id})
        self.assertEqual(order.credit_hold_state, "held")
        hold = order.sudo().credit_hold_id
        self.assertEqual((hold.partner_id, hold.source), (self.customer, "change"))
        self.assertEqual(small.credit_hold_state, "none")

    @freeze_time("2026-03-10 20:00:00")
    def test_the_time_zone_of_the_request_decides_nothing(self):
        self.seller.tz = "Asia/Shanghai"  # the 11th already
        self.make_invoice(50, days_overdue=30)
        order = self.make_own_order(1)
        order.with_context(tz="America/Los_Angeles").action_confirm()
        self.assertHeld(order, "overdue")
        self.company.partner_id.tz = "America/Los_Angeles"  # the company's own day goes first: the 10th
        order.with_context(tz="Asia/Shanghai").action_confirm()
        self.assertPassed(order)

    @freeze_time("2026-03-10 20:00:00")
    def test_a_release_ends_with_the_companys_day(self):
        self.company.partner_id.tz = "Pacific/Kiritimati"  # the 11th already
        order = self.make_own_order(11)
        order.action_confirm()
        hold = order.sudo().credit_hold_id.with_user(self.controller)
        with self.assertRaisesRegex(UserError, "past"):
            hold.action_release("Ends yesterday", valid_until="2026-03-10")
        hold.action_release("Ends today", valid_until="2026-03-11")
        self.assertPassed(order)

    def test_words_of_a_decision_are_text(self):
        order = self.make_own_order(11)
        order.action_confirm()
        reason = "<img src=x onerror=alert(1)> a < b"
        order.sudo().credit_hold_id.with_user(self.controller).action_refuse(reason)
        activity = order.sudo().activity_ids.filtered(lambda activity: activity.note)
        for html in (activity.note, order.sudo().message_ids.filtered("body")[0].body):
            self.assertNotIn("<img", html)
            self.assertIn("&lt;img src=x onerror=alert(1)&gt; a &lt; b", html)

    def test_searching_customers_reads_nothing_behind_their_figures(self):
        profile = self.env["ar.credit.profile"]._get_or_create(self.customer, self.company)
        profile.write({"note": "secret", "collector_id": self.controller.id})
        partners = self.env["res.partner"].with_user(self.seller)
        for domain in (
            [("credit_profile_id.note", "ilike", "secret")],
            [("credit_profile_id", "any", [("note", "ilike", "secret")])],
            [("credit_profile_id", "not any", [("note", "ilike", "secret")])],
            [("collector_id.totp_secret", "!=", False)],
        ):
            with self.assertRaises(AccessError):
                partners.search(domain)
        self.assertEqual(partners.search([("collector_id.login", "=", "hold_controller")]), self.customer)
        others = partners.search([("collector_id", "not any", [("login", "=", "hold_controller")])])
        self.assertNotIn(self.customer, others)
        self.assertIn(self.company.partner_id, others)
        found = partners.with_user(self.manager).search([("credit_profile_id.note", "ilike", "secret")])
        self.assertEqual(found, self.customer)

    def test_a_default_state_of_ones_own(self):
        self.env["ir.default"].with_user(self.seller).set("sale.order", "state", "sale", user_id=True)
        with self.assertRaisesRegex(UserError, "cannot be set to confirmed"):
            self.make_order(11, user=self.seller)

    def test_defaults_of_ones_own_for_the_hold(self):
        defaults = self.env["ir.default"].with_user(self.seller)
        for name, value in {
            "state": "released",
            "cap_amount": 1e9,
            "valid_until": "2099-12-31",
            "decided_by_id": self.controller.id,
        }.items():
            defaults.set("ar.credit.hold", name, value, user_id=True)
        order = self.make_own_order(11)
        for _attempt in range(2):
            order.action_confirm()
            self.assertEqual(order.state, "draft")
        hold = order.sudo().credit_hold_ids
        self.assertEqual((hold.state, hold.cap_amount, hold.decided_by_id.id), ("held", 0.0, False))

    def test_orders_reached_through_their_customer(self):
        order = self.make_own_order(11)
        partner = self.customer.with_user(self.seller)
        for command in (
            Command.update(order.id, {"state": "sale"}),
            Command.create({"state": "sale", "order_line": [self.line(11)]}),
        ):
            with self.assertRaisesRegex(UserError, "cannot be set to confirmed"):
                partner.write({"sale_order_ids": [command]})

    def test_a_hold_cannot_be_taken_off_its_order(self):
        order = self.make_own_order(11)
        order.action_confirm()
        hold = order.sudo().credit_hold_id
        for command in (
            Command.unlink(hold.id),
            Command.clear(),
            Command.set([]),
            Command.delete(hold.id),
            Command.update(hold.id, {"state": "released"}),
            Command.create({"name": "x", "state": "released"}),
        ):
            with self.assertRaises(UserError):
                order.write({"credit_hold_ids": [command]})
                self.env.flush_all()
        self.env.invalidate_all()
        self.assertEqual(order.credit_hold_state, "held")

    def test_who_audits_checks_nothing_again(self):
        order = self.make_own_order(11)
        order.action_confirm()
        hold = order.sudo().credit_hold_id
        with self.assertRaises(AccessError):
            hold.with_user(self.auditor).action_recheck()
        hold.with_user(self.collector).action_recheck()
        self.assertHeld(order)

    def test_very_large_and_tiny_orders(self):
        order = self.make_own_order(0, order_line=[self.line(1, 1e12)])
        order.action_confirm()
        self.assertHeld(order, "limit")
        self.assertEqual(order.sudo().credit_hold_id.pay_to_release, 1e12 - 1000.0)
        exact = self.make_own_order(0, order_line=[self.line(1, 1000.0), self.line(1, 0.004)])
        exact.action_confirm()
        self.assertPassed(exact)

    def test_a_currency_without_decimals(self):
        yen = self.env.ref("base.JPY")
        yen.active = True
        self.env["res.currency.rate"].create(
            {"currency_id": yen.id, "company_id": self.company.id, "name": "2020-01-01", "rate": 150.0}
        )
        pricelist = self.env["product.pricelist"].create(
            {"name": "Yen", "currency_id": yen.id, "company_id": self.company.id}
        )
        for price, held in ((150000.0, False), (150001.0, True)):
            partner = self.make_customer(f"Nippon {price}", 1000.0)
            order = self.make_own_order(0, partner, pricelist_id=pricelist.id)
            order.write({"order_line": [Command.clear(), self.line(1, price)]})
            self.assertEqual(order.currency_id, yen)
            order.action_confirm()
            self.assertEqual(order.credit_hold_state == "held", held, price)
        self.assertEqual(order.sudo().credit_hold_id.order_amount, 1000.01)

    def test_today(self):
        self.company.partner_id.tz = "Pacific/Kiritimati"
        ahead = self.company._credit_today()
        self.company.partner_id.tz = "Pacific/Pago_Pago"
        self.assertIn((ahead - self.company._credit_today()).days, (1, 2))
        self.assertIsInstance(ahead, type(fields.Date.today()))
