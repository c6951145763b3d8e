from dataclasses import dataclass, field
from typing import Any, NamedTuple

from odoo.tools import LazyTranslate

_lt = LazyTranslate(__name__)


class Measure(NamedTuple):
    """What a criterion can look at: where it comes from, how it is named, written and read."""

    kind: str  # behaviour, financial, agency, relation, qualitative
    label: Any
    pattern: Any  # how a value is written
    help: Any


MEASURES = {
    "weighted_delay": Measure(
        "behaviour",
        _lt("Days paid late"),
        _lt("%.1f days"),
        _lt(
            "Days between due date and payment, weighted by amount; open overdue items count at their age "
            "today. Negative: paid early."
        ),
    ),
    "late_share": Measure(
        "behaviour",
        _lt("Share paid late"),
        _lt("%.0f %%"),
        _lt("Share of the amount that was paid after the due date or is overdue."),
    ),
    "trend": Measure(
        "behaviour",
        _lt("Trend of the delay"),
        _lt("%+.1f days"),
        _lt("Days late in the last three months less those of the whole window. Positive: it gets worse."),
    ),
    "longest_delay": Measure(
        "behaviour",
        _lt("Longest delay"),
        _lt("%.0f days"),
        _lt("The latest payment, or the oldest open item, of at least the smallest amount."),
    ),
    "broken_promises": Measure(
        "behaviour", _lt("Broken promises"), "%.0f", _lt("Promises to pay that were not kept in the window.")
    ),
    "written_off_share": Measure(
        "behaviour",
        _lt("Share written off"),
        _lt("%.0f %%"),
        _lt("Written off in the window and not recovered, as a percentage of the highest balance."),
    ),
    "months_known": Measure(
        "relation", _lt("Length of relation"), _lt("%.0f months"), _lt("Months since the first invoice.")
    ),
    "current_ratio": Measure(
        "financial", _lt("Current ratio"), "%.2f", _lt("Current assets ÷ current liabilities.")
    ),
    "debt_share": Measure(
        "financial",
        _lt("Debt share"),
        _lt("%.0f %%"),
        _lt("Interest-bearing debt as a percentage of total assets."),
    ),
    "interest_cover": Measure(
        "financial", _lt("Interest cover"), "%.1f ×", _lt("Operating profit (EBIT) ÷ interest paid.")
    ),
    "equity_share": Measure(
        "financial", _lt("Equity share"), _lt("%.0f %%"), _lt("Equity as a percentage of total assets.")
    ),
    "agency_points": Measure(
        "agency",
        _lt("Agency report"),
        _lt("%.0f points"),
        _lt("Points of the newest report that has not expired, 0 to 100."),
    ),
    "answer": Measure(
        "qualitative", _lt("Question"), "%.0f", _lt("The points of the answer that a person chose.")
    ),
}


@dataclass
class Score:
    """Outcome of a scorecard for one customer.

    ``score`` is None when too little is known; ``rating`` is then the rating of customers nobody rated.
    ``lines`` are dicts of criterion_id, name, measured (None: unknown), points (None: left out), weight and
    text. ``proposed_limit`` is in the root company's currency, None when there is nothing to reckon it from.
    """

    score: float | None
    rating: Any
    lines: list = field(default_factory=list)
    proposed_limit: float | None = None
    proposed_days: int = 0
    formula: str = ""
    figures: dict = field(default_factory=dict)
