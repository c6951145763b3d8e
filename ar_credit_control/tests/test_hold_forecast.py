from odoo.fields import Command
from odoo.tests import Form, tagged

from .common_hold import HoldCase


@tagged("post_install", "-at_install")
class TestHoldForecast(HoldCase):
    """What is told while quoting and before switching on, and what a check costs."""

    # A check: lock, plans there are, figures, what the rules ask for beyond them, holds of the order, and
    # whether the customer is one of the own companies. No more than 12 is allowed.
    EXTRA = 8

    def test_the_forecast_says_what_confirming_does(self):
        self.make_invoice(300, days_overdue=0)
        order = self.make_order(8)
        self.assertEqual(order.credit_forecast, "hold")
        self.assertEqual(order.credit_forecast_limit, 1000)
        self.assertEqual(order.credit_forecast_used, 300)
        self.assertEqual(order.credit_forecast_amount, 800)
        self.assertEqual(order.credit_forecast_left, -100)
        self.assertEqual(order.credit_forecast_pay, 100)
        order.order_line.product_uom_qty = 6
        self.assertEqual(order.credit_forecast, "warn", "90 % are reached")
        order.order_line.product_uom_qty = 1
        self.assertEqual(order.credit_forecast, "pass")
        self.assertFalse(order.credit_hold_ids, "looking changes nothing")

    def test_no_limit_is_told_apart_from_no_credit(self):
        none, zero = self.make_customer("Undecided"), self.make_customer("No Credit", 0)
        self.assertFalse(self.make_order(1, none).credit_forecast_limit_set)
        self.assertTrue(self.make_order(1, zero).credit_forecast_limit_set, "zero is a limit")

    def test_the_banner_names_the_invoice_that_would_help(self):
        invoice = self.make_invoice(300, days_overdue=40)
        order = self.make_order(1)
        banner = str(order.credit_banner)
        self.assertIn('data-kind="hold"', banner)
        self.assertIn(invoice.name, banner)
        order.action_confirm()
        order.invalidate_recordset()
        self.assertIn('data-kind="held"', str(order.credit_banner))
        order.sudo().credit_hold_id.with_user(self.controller).action_refuse("First <b>pay</b>")
        order.invalidate_recordset()
        self.assertIn('data-kind="refused"', str(order.credit_banner))
        self.assertIn("First &lt;b&gt;pay&lt;/b&gt;", str(order.credit_banner), "words of people are escaped")

    def test_while_typing_a_quotation_as_a_plain_salesperson(self):
        form = Form(self.env["sale.order"].with_user(self.salesperson))
        form.partner_id = self.customer
        with form.order_line.new() as line:
            line.product_id = self.article
            line.product_uom_qty = 11
        self.assertEqual(form._values["credit_banner"] and "hold" in str(form._values["credit_banner"]), True)
        order = form.save()
        self.assertEqual(order.credit_forecast, "hold")

    def test_a_plain_salesperson_reads_every_field_of_a_held_order(self):
        order = self.make_order(11)
        order.action_confirm()
        self.env.invalidate_all()
        names = [name for name in order.fields_get(attributes=[]) if name.startswith("credit_")]
        self.assertIn("credit_forecast", names)
        values = order.read(names)[0]
        self.assertEqual(values["credit_hold_state"], "held")
        specification = {name: {} for name in names if name != "credit_hold_ids"}
        specification["credit_hold_id"] = {"fields": {"display_name": {}}}
        self.assertTrue(order.web_read(specification))
        self.assertTrue(order.credit_hold_id.read())

    def test_core_is_silent_where_we_speak(self):
        self.company.account_use_credit_limit = True
        self.customer.sudo().write({"use_partner_credit_limit": True})
        order = self.make_order(11)
        self.assertEqual(order.partner_credit_warning, "")
        invoice = self.env["account.move"].create(
            {
                "move_type": "out_invoice",
                "partner_id": self.customer.id,
                "invoice_line_ids": [Command.create({"name": "x", "price_unit": 5000, "quantity": 1})],
            }
        )
        self.assertEqual(invoice.partner_credit_warning, "")
        self.company.credit_control_active = False
        (order + order).invalidate_recordset()
        invoice.invalidate_recordset()
        self.assertTrue(order.partner_credit_warning)
        self.assertTrue(invoice.partner_credit_warning)
        self.assertFalse(order.credit_banner, "and we are silent to a plain salesperson where core speaks")

    def test_before_switching_on_the_preview_shows_what_would_be(self):
        self.company.credit_control_active = False
        small, big = self.make_order(1), self.make_order(11)
        confirmed = self.make_order(20, self.make_customer("Confirmed", 500.0))
        confirmed.action_confirm()
        self.assertPassed(confirmed)
        orders = self.env["sale.order"].with_user(self.controller)
        mine = ("id", "in", (small | big | confirmed).ids)
        self.assertEqual(orders.search([mine, ("credit_forecast", "=", "hold")], order="id"), big | confirmed)
        self.assertEqual(orders.search([mine, ("credit_forecast", "!=", "hold")]), small)
        self.assertIn('data-kind="preview"', str(big.with_user(self.controller).credit_banner))
        self.assertFalse((small | big | confirmed).credit_hold_ids)

    def test_the_preview_takes_a_bounded_number_of_statements(self):
        self.company.credit_control_active = False
        partners = [self.make_customer(f"Customer {number}", 50.0 * number) for number in range(12)]

        def count(orders):
            self.env.flush_all()
            self.env.invalidate_all()
            before = self.env.cr.sql_log_count
            found = self.env["sale.order"].search(
                [("id", "in", orders.ids), ("credit_forecast", "=", "hold")]
            )
            found.mapped("credit_forecast_reason")
            return self.env.cr.sql_log_count - before

        few = self.env["sale.order"].union(*(self.make_order(3, partner) for partner in partners[:2]))
        many = few.union(*(self.make_order(3, partner) for partner in partners for _number in range(3)))
        count(few)
        self.assertEqual(count(many), count(few))

    # statements

    def count(self, order):
        self.env.flush_all()
        self.env.invalidate_all()
        before = self.env.cr.sql_log_count
        order.action_confirm()
        self.env.flush_all()
        self.assertPassed(order)
        return self.env.cr.sql_log_count - before

    def make_ledger(self, partner, items):
        for number in range(items):
            self.make_invoice(1, days_overdue=number % 5, partner=partner)

    def test_statements_above_core_do_not_depend_on_the_ledger(self):
        self.article.type = "service"  # what deliveries cost, and batches of them, is not ours
        partners = [self.make_customer(name, 100000.0) for name in ("Core", "Small", "Large")]
        self.make_ledger(partners[1], 1)
        self.make_ledger(partners[2], 15)
        for partner in partners:
            self.make_order(1, partner).action_confirm()
        self.company.credit_control_active = False
        self.count(self.make_order(2, partners[0]))  # what Odoo keeps from then on
        core = self.count(self.make_order(2, partners[0]))
        self.company.credit_control_active = True
        self.count(self.make_order(2, partners[0]))
        small = self.count(self.make_order(2, partners[1]))
        large = self.count(self.make_order(2, partners[2]))
        self.assertEqual(large, small)
        self.assertLessEqual(small - core, self.EXTRA)

    def test_a_batch_costs_no_statement_per_order(self):
        partner = self.make_customer("Batch", 1e6)

        def judge(orders):
            self.env.flush_all()
            self.env.invalidate_all()
            before = self.env.cr.sql_log_count
            self.env["ar.credit.check"]._judge(orders, lock=True)
            return self.env.cr.sql_log_count - before

        few = self.make_order(1, partner) | self.make_order(1, partner)
        many = few.union(*(self.make_order(1, self.make_customer(str(number), 10.0)) for number in range(10)))
        judge(few)
        self.assertEqual(judge(many), judge(few))
