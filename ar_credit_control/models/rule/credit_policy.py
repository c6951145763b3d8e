"""The credit rules of a company as plain data, so that they can be kept between transactions."""

from dataclasses import dataclass, field


def get_overdue_column(days, smallest):
    """Return the name of the column of what is overdue by more than so many days, in items of that size."""
    return f"overdue_beyond_{days}_{round(smallest * 1000)}"


@dataclass(frozen=True)
class Rule:
    """One ``ar.credit.rule``, whose fields mean the same. Amounts in the root company's currency."""

    id: int
    name: str
    kind: str
    outcome: str
    checkpoints: frozenset
    rating_ids: frozenset
    category_ids: frozenset
    country_ids: frozenset
    tolerance_percent: float = 0.0
    tolerance_amount: float = 0.0
    share_percent: float = 0.0
    min_amount: float = 0.0
    amount: float = 0.0
    days: int = 0
    count: int = 0
    period_days: int = 0
    warn_days: int = 0

    @property
    def threshold(self):
        """Which overdue items the rule counts: older than so many days and not below so much."""
        return self.days, self.min_amount

    @property
    def overdue_column(self):
        """Name of the column of the exposure that holds what the rule counts."""
        return get_overdue_column(*self.threshold)

    def get_allowed(self, base):
        """Return what ``base``, limit and security, allows with the tolerance of the rule."""
        tolerance = base * self.tolerance_percent / 100
        return base + (min(tolerance, self.tolerance_amount) if self.tolerance_amount else tolerance)

    def get_overdue_allowed(self, receivable):
        """Return how much of what it counts the rule lets be overdue, of a balance."""
        share = max(receivable, 0.0) * self.share_percent / 100
        if self.kind == "overdue" or not self.amount:
            return share
        return min(self.amount, share) if self.share_percent else self.amount


@dataclass(frozen=True)
class Policy:
    """The active rules of one root company, in their order, and what they need to know of ratings.

    ``unrated_id`` is the rating of customers without one, ``rating_days`` the days of credit by rating.
    """

    rules: tuple = ()
    unrated_id: int | None = None
    rating_days: dict = field(default_factory=dict)

    def at(self, checkpoint):
        """Return the rules that look at orders, deliveries or invoices."""
        return [rule for rule in self.rules if checkpoint in rule.checkpoints]

    @property
    def thresholds(self):
        """Which overdue items the rules ask for, see :attr:`Rule.threshold`."""
        return {rule.threshold for rule in self.rules if rule.kind in ("overdue", "overdue_amount")}
