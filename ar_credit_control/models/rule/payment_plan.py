"""Which open items to pay, and how much of the last one, so that a customer's demand passes.

Amounts are whole numbers of the smallest unit of the currency.
"""

from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True)
class OpenItem:
    """An open item of the ledger. ``whole``: paid in full or not at all (it is in a foreign currency)."""

    id: int
    move_id: int
    name: str
    amount: int
    days_overdue: int
    whole: bool = False


@dataclass(frozen=True)
class Cap:
    """A rule on open items: ``fails`` says so of what it counts and of the whole balance.

    ``counts(item, open)``: whether it counts an item of which so much is still open. The less of an item is
    open the less a rule counts, and the less it counts the rather it passes.
    """

    counts: Callable
    fails: Callable


def plan(items, receivable, total, caps):
    """Return what to pay: a list of (item, amount), and what remains to be paid in advance.

    Items that a failing rule counts are paid first, then the others, each from the oldest on. It is the least
    in that order: with one unit less, a rule still fails.

    :param items: :class:`OpenItem`, the oldest first
    :param receivable: what the customer owes in all, receipts and credits that are not applied taken off
    :param total: what has to be paid whichever the items
    :param caps: :class:`Cap` of all rules that could hold, those that pass now too
    """
    counted = [sum(item.amount for item in items if cap.counts(item, item.amount)) for cap in caps]
    failing = [cap for cap, amount in zip(caps, counted, strict=True) if cap.fails(amount, receivable)]
    first = [item for item in items if any(cap.counts(item, item.amount) for cap in failing)]
    known = {item.id for item in first}
    payments, paid = [], 0
    for item in first + [item for item in items if item.id not in known]:
        others = [
            amount - (item.amount if cap.counts(item, item.amount) else 0)
            for cap, amount in zip(caps, counted, strict=True)
        ]
        part = _least_part(item, caps, others, receivable - paid, total - paid)
        if part is not None:
            return payments + [(item, part)] * (part > 0), 0
        payments.append((item, item.amount))
        paid += item.amount
        counted = others
    return payments, max(total - paid, 0)


def _least_part(item, caps, others, receivable, total):
    """Return how much of an item to pay so that everything passes, None when not even all of it does.

    All of it is left to the next item to find out. What is asked for begins to hold at one of few points:
    nothing paid, the total reached, the balance zero, or a rule that counts the item content.
    """

    def fails(position, part):
        cap, rest = caps[position], item.amount - part
        counted = others[position] + (rest if rest and cap.counts(item, rest) else 0)
        return cap.fails(counted, receivable - part)

    points = {0}
    if not item.whole:
        points |= {point for point in (total, receivable) if 0 < point < item.amount}
        for position, cap in enumerate(caps):
            if cap.counts(item, item.amount) and not fails(position, item.amount - 1):
                points.add(_first_passing(lambda part, at=position: fails(at, part), item.amount - 1))
    for point in sorted(points):
        if point >= total and not any(fails(position, point) for position in range(len(caps))):
            return point
    return None


def _first_passing(fails, high):
    """Return the smallest number up to ``high``, which passes, that does not fail."""
    low = -1
    while high - low > 1:
        middle = (low + high) // 2
        if fails(middle):
            low = middle
        else:
            high = middle
    return high
