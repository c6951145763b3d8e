from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from odoo.tests import BaseCase, tagged

from ..models.rule import payment_plan


def make_cap(days, smallest, share):
    return payment_plan.Cap(
        counts=lambda item, rest: item.days_overdue > days and rest >= smallest,
        fails=lambda counted, receivable: receivable > 0 and counted * 100 > receivable * share,
    )


@st.composite
def ledgers(draw):
    rows = draw(
        st.lists(st.tuples(st.integers(1, 400), st.integers(-20, 90), st.booleans()), min_size=1, max_size=6)
    )
    rows.sort(key=lambda row: -row[1])
    items = [
        payment_plan.OpenItem(number, number, str(number), amount, days, whole)
        for number, (amount, days, whole) in enumerate(rows)
    ]
    receivable = sum(item.amount for item in items) - draw(st.integers(0, 500))
    caps = draw(st.lists(st.tuples(st.integers(0, 60), st.integers(1, 150), st.integers(0, 100)), max_size=3))
    return items, receivable, draw(st.integers(0, 1500)), [make_cap(*cap) for cap in caps]


@tagged("post_install", "-at_install")
class TestPaymentPlan(BaseCase):
    """What is said to be paid is enough, and nothing less in the same order is."""

    def _passes(self, items, receivable, total, caps, payments, advance=0):
        paid = {item.id: part for item, part in payments}
        rest = {item.id: item.amount - paid.get(item.id, 0) for item in items}
        self.assertTrue(all(amount >= 0 for amount in rest.values()))
        sum_paid = sum(paid.values()) + advance
        counted = [
            sum(rest[item.id] for item in items if rest[item.id] and cap.counts(item, rest[item.id]))
            for cap in caps
        ]
        return sum_paid >= total and not any(
            cap.fails(amount, receivable - sum_paid) for cap, amount in zip(caps, counted, strict=True)
        )

    @settings(max_examples=400, deadline=None, suppress_health_check=list(HealthCheck))
    @given(ledgers())
    def test_enough_and_no_more(self, ledger):
        items, receivable, total, caps = ledger
        payments, advance = payment_plan.plan(items, receivable, total, caps)
        self.assertTrue(self._passes(items, receivable, total, caps, payments, advance))
        self.assertFalse(
            any(part != item.amount for item, part in payments[:-1]), "only the last one in part"
        )
        self.assertFalse(any(item.whole and part != item.amount for item, part in payments))
        if advance:
            self.assertFalse(self._passes(items, receivable, total, caps, payments, advance - 1))
            return
        # With anything less along the same way, a rule still fails.
        for number, (item, part) in enumerate(payments):
            for less in {0} if item.whole else {0, part // 2, part - 1}:
                shorter = [*payments[:number], (item, less)]
                self.assertFalse(self._passes(items, receivable, total, caps, shorter))

    def test_what_a_failing_rule_counts_comes_first(self):
        old_but_small = payment_plan.OpenItem(1, 1, "A", 10, 90)
        counted = payment_plan.OpenItem(2, 2, "B", 500, 40)
        items = [old_but_small, counted]
        payments, advance = payment_plan.plan(items, 510, 0, [make_cap(30, 100, 0)])
        self.assertEqual((payments, advance), ([(counted, 401)], 0), "what is left is too small to count")

    def test_what_the_items_cannot_bring_is_paid_in_advance(self):
        item = payment_plan.OpenItem(1, 1, "A", 100, -5)
        self.assertEqual(payment_plan.plan([item], 100, 250, []), ([(item, 100)], 150))
        self.assertEqual(payment_plan.plan([], 0, 0, []), ([], 0))
