from collections import defaultdict

from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from odoo.tests import tagged

from .common_credit import CreditCase

STEPS = (
    "confirm",
    "cancel",
    "reopen",
    "deliver",
    "raise",
    "lower",
    "down_payment",
    "invoice",
    "post",
    "back_to_draft",
    "cancel_draft",
    "credit",
    "credit_part",
    "pay",
)


@tagged("post_install", "-at_install")
class TestCreditLifeCycle(CreditCase):
    """Exposure against a slow computation from the documents, while orders live random lives."""

    @given(
        lines=st.lists(
            st.tuples(st.integers(1, 9), st.sampled_from([10.0, 33.33, -5.0]), st.booleans()),
            min_size=1,
            max_size=3,
        ),
        steps=st.lists(st.tuples(st.sampled_from(STEPS), st.integers(0, 8)), min_size=3, max_size=9),
    )
    @settings(
        max_examples=10,
        deadline=None,
        derandomize=True,
        phases=[Phase.generate],
        database=None,
        suppress_health_check=[HealthCheck.too_slow, HealthCheck.differing_executors],
    )
    def test_exposure_counts_each_line_once_at_every_stage(self, lines, steps):
        self.env.invalidate_all()
        with self.env.cr.savepoint() as savepoint:
            order = self.make_order(
                *(
                    (quantity, price, self.by_delivery if late else self.by_order)
                    for quantity, price, late in lines
                ),
                confirm=False,
            )
            for step, number in [("confirm", 0), *steps]:
                getattr(self, f"step_{step}")(order, number)
                self.env.flush_all()
                expected = self.compute_slowly(self.customer)
                figures = self.figures()
                for name, value in expected.items():
                    self.assertAlmostEqual(figures[name], value, 2, f"{name} after {step}")
                self.assertAlmostEqual(figures["exposure"], sum(expected.values()), 2)
            savepoint.rollback()
        self.env.invalidate_all()

    @given(deliveries=st.lists(st.integers(1, 4), min_size=1, max_size=4), share=st.sampled_from([0, 10, 25]))
    @settings(
        max_examples=4,
        deadline=None,
        derandomize=True,
        phases=[Phase.generate],
        database=None,
        suppress_health_check=[HealthCheck.too_slow, HealthCheck.differing_executors],
    )
    def test_an_order_is_worth_its_total_until_it_is_paid(self, deliveries, share):
        """Ordered, delivered in parts, invoiced in parts, with a down payment: the sum never moves."""
        self.env.invalidate_all()
        with self.env.cr.savepoint() as savepoint:
            order = self.make_order((sum(deliveries) + 1, 100.0, self.by_delivery))
            total = order.amount_total
            if share:
                down_payment = self._create_down_payment_invoice(order, "percentage", share)
                self.assertFigures(exposure=total)
                down_payment.action_post()
                self.assertFigures(exposure=total)
            for quantity in deliveries:
                line = order.order_line.filtered(lambda line: line.product_id == self.by_delivery)
                line.qty_delivered += quantity
                self.assertFigures(exposure=total)
                invoice = self.invoice_order(order, post=False)
                self.assertFigures(exposure=total)
                if invoice.state == "draft":
                    invoice.action_post()
                self.assertFigures(exposure=total)
            savepoint.rollback()
        self.env.invalidate_all()

    # ------------------------------------------------------------------
    # Steps; one that does not apply does nothing
    # ------------------------------------------------------------------

    def goods(self, order):
        return order.order_line.filtered(lambda line: not line.display_type and not line.is_downpayment)

    def invoices(self, order, **values):
        invoices = order.invoice_ids
        for name, value in values.items():
            invoices = invoices.filtered(lambda move, name=name, value=value: move[name] == value)
        return invoices.sorted("id")

    def step_confirm(self, order, _number):
        if order.state in ("draft", "sent"):
            order.action_confirm()

    def step_cancel(self, order, _number):
        if order.state == "sale" and not order.locked:
            order._action_cancel()

    def step_reopen(self, order, _number):
        if order.state == "cancel":
            order.action_draft()
            order.action_confirm()

    def step_deliver(self, order, number):
        if order.state == "sale":
            line = self.goods(order)[number % len(self.goods(order))]
            line.qty_delivered += 1 + number % 3

    def step_raise(self, order, number):
        if order.state == "sale":
            self.goods(order)[number % len(self.goods(order))].product_uom_qty += 2

    def step_lower(self, order, number):
        line = self.goods(order)[number % len(self.goods(order))]
        if order.state == "sale" and line.product_uom_qty > 1:
            line.product_uom_qty -= 1

    def step_down_payment(self, order, number):
        if order.state == "sale" and order.amount_total > 20:
            self._create_down_payment_invoice(order, "fixed", 7.0 + number, post=bool(number % 2))

    def step_invoice(self, order, number):
        if order.state == "sale" and order._get_invoiceable_lines(final=True):
            order.with_context(raise_if_nothing_to_invoice=False)._create_invoices(final=bool(number % 2))

    def step_post(self, order, _number):
        if drafts := self.invoices(order, state="draft"):
            drafts[0].action_post()

    def step_back_to_draft(self, order, _number):
        if posted := self.invoices(order, state="posted"):
            posted[-1].button_draft()

    def step_cancel_draft(self, order, _number):
        if drafts := self.invoices(order, state="draft"):
            drafts[-1].button_cancel()

    def step_credit(self, order, number):
        if posted := self.invoices(order, state="posted", move_type="out_invoice"):
            self.credit_note(posted[number % len(posted)], post=bool(number % 2))

    def step_credit_part(self, order, number):
        if posted := self.invoices(order, state="posted", move_type="out_invoice"):
            refund = self.credit_note(posted[0], post=False)
            line = refund.invoice_line_ids.filtered(lambda line: line.display_type == "product")[:1]
            line.quantity = line.quantity / 2
            if number % 2:
                refund.action_post()

    def step_pay(self, order, number):
        if posted := self.invoices(order, state="posted", move_type="out_invoice"):
            invoice = posted[number % len(posted)]
            if invoice.amount_residual > 0:
                self.pay(invoice, round(invoice.amount_residual / (1 + number % 2), 2))

    # ------------------------------------------------------------------
    # The same figures, document by document
    # ------------------------------------------------------------------

    def compute_slowly(self, partner):
        items = self.env["account.move.line"].search(
            [
                ("partner_id", "child_of", partner.id),
                ("account_id.account_type", "=", "asset_receivable"),
                ("parent_state", "=", "posted"),
                ("company_id", "=", self.company.id),
            ]
        )
        drafts = self.env["account.move"].search(
            [
                ("partner_id", "child_of", partner.id),
                ("state", "=", "draft"),
                ("move_type", "in", ("out_invoice", "out_refund", "out_receipt")),
                ("company_id", "=", self.company.id),
            ]
        )
        orders = self.env["sale.order"].search(
            [("partner_id", "child_of", partner.id), ("state", "=", "sale")]
        )
        return {
            "receivable": sum(items.mapped("amount_residual")),
            "draft_invoice": sum(
                -move.amount_total if move.move_type == "out_refund" else move.amount_total for move in drafts
            ),
            "order": sum(self.compute_order_slowly(order) for order in orders),
        }

    def compute_order_slowly(self, order):
        goods = 0.0
        for line in self.goods(order):
            quantities = defaultdict(float)
            for item in line.invoice_lines:
                if item.move_id.state != "cancel":
                    reverses = item.move_id.move_type == "out_refund" and bool(item.move_id.reversed_entry_id)
                    quantities[item.move_id.move_type, reverses] += item.quantity
            invoiced = quantities["out_invoice", False] - quantities["out_refund", False]
            open_quantity = max(max(line.product_uom_qty, line.qty_delivered) - invoiced, 0.0)
            price = line.price_total / line.product_uom_qty if line.product_uom_qty else line.price_unit
            goods += price * open_quantity
        paid_ahead = 0.0
        for line in order.order_line.filtered(lambda line: line.is_downpayment and not line.display_type):
            if line.qty_invoiced:
                for item in line.invoice_lines:
                    if item.move_id.state != "cancel":
                        sign = -1 if item.move_id.move_type == "out_refund" else 1
                        paid_ahead += sign * item.price_total
        return goods - min(paid_ahead, max(goods, 0.0))
