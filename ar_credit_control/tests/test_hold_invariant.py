from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from odoo.tests import tagged

from .common_hold import HoldCase

RAISED = st.integers(0, 9)
BATCHES = st.lists(st.lists(st.integers(1, 9), min_size=1, max_size=4), min_size=1, max_size=3)


@tagged("post_install", "-at_install")
class TestHoldInvariant(HoldCase):
    """Accepted exposure never exceeds limit and tolerance unreleased, and nothing is held needlessly."""

    @settings(
        max_examples=8,
        deadline=None,
        derandomize=True,
        database=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(
        limit=st.integers(0, 15),
        tolerance=st.sampled_from([0, 10]),
        batches=BATCHES,
        raised=st.integers(0, 9),
    )
    def test_generated_batches(self, limit, tolerance, batches, raised):
        with self.env.cr.savepoint() as savepoint:
            self.check_batches(limit, tolerance, batches, raised)
            savepoint.rollback()
        self.env.invalidate_all()

    def check_batches(self, limit, tolerance, batches, raised):
        self.get_rule("limit").tolerance_percent = tolerance
        partner = self.make_customer("Generated", limit * 100.0)
        allowed = limit * (100 + tolerance)
        accepted = self.env["sale.order"]
        for quantities in batches:
            orders = (
                accepted.union(*(self.make_order(quantity, partner) for quantity in quantities)) - accepted
            )
            orders.action_confirm()
            confirmed = orders.filtered(lambda order: order.state == "sale")
            accepted |= confirmed
            total = sum(accepted.mapped("amount_total"))
            self.assertLessEqual(total, allowed)
            for order in orders - confirmed:
                self.assertEqual(order.credit_hold_state, "held")
                self.assertGreater(total + order.amount_total, allowed, "it would have fitted")
        if accepted and raised:
            accepted[0].order_line.product_uom_qty += raised
            over = sum(accepted.mapped("amount_total")) > allowed
            self.assertEqual(accepted[0].credit_hold_state == "held", over)
