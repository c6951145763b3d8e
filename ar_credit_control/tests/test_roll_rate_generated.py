from collections import defaultdict
from datetime import date, timedelta

from dateutil.relativedelta import relativedelta
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from odoo.tests import tagged

from .common_roll_rate import RollRateCase

FIRST, LAST = date(2023, 1, 1), date(2024, 12, 31)
DAYS = (0, 1, 31, 61, 91)
YEARS = (0, 1, 2)
KINDS = ("paid", "credited", "written_off")

# (cents, due on day, booked so many days before it, [(cents, days after booking, kind)])
EVENTS = st.lists(st.tuples(st.integers(1, 60), st.integers(0, 300), st.sampled_from(KINDS)), max_size=4)
ITEMS = st.lists(
    st.tuples(st.integers(50, 200), st.integers(0, 600), st.integers(-40, 45), EVENTS), min_size=1, max_size=4
)


@tagged("post_install", "-at_install")
class TestRollRateGenerated(RollRateCase):
    """Ledgers of any kind, followed item by item in plain Python."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.receivable = cls.company_data["default_account_receivable"]
        cls.revenue = cls.company_data["default_account_revenue"]
        cls.journal = cls.company_data["default_journal_misc"]
        cls.policy.active = False
        cls.env.flush_all()
        cls.by_years = cls.make_policy(days=YEARS, rates=(5, 10, 100), name="Years", age_unit="year")
        cls.by_years.active = False

    @given(ITEMS)
    @settings(
        max_examples=6,
        deadline=None,
        derandomize=True,
        suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
    )
    def test_months_equal_what_became_of_each_item(self, items):
        # a savepoint leaves no trace of an example to the next one
        savepoint = self.cr.savepoint()
        try:
            lives = [self.book(*item) for item in items]
            for policy, ages in ((self.policy, DAYS), (self.by_years, YEARS)):
                derivation = self.derive(policy_id=policy.id, date_to=LAST, months=24)
                ours = {
                    (row.bucket_age, row.month): tuple(
                        round(row[name] * 100)
                        for name in ("entered", "lost_before", "paid", "credited", "written_off", "rolled")
                    )
                    for row in derivation.row_ids
                }
                self.assertEqual(ours, self.follow(lives, ages, policy.age_unit))
                self.assertTrue(
                    all(0 <= rate <= 100.000001 for rate in derivation.result_ids.mapped("loss_rate"))
                )
        finally:
            self.env.flush_all()
            savepoint.close(rollback=True)
            self.env.invalidate_all()

    def book(self, cents, due_day, lead, events):
        """Book an item and what settles it; return its due date, booking date, amount and settlements."""
        due = FIRST + timedelta(days=due_day)
        booked = due - timedelta(days=lead)
        item = self.make_entry(
            booked, (self.receivable, cents / 100, self.customer), (self.revenue, -cents / 100)
        )
        item.line_ids.filtered("partner_id").date_maturity = due
        settlements, left = [], cents
        for part, days, kind in events:
            part = min(part, left)
            if not part:
                break
            left -= part
            day = booked + timedelta(days=days)
            self.match(item, self.make_settlement(part / 100, day, kind))
            settlements.append((day, part, kind))
        return due, booked, cents, settlements

    def make_settlement(self, amount, day, kind):
        if kind == "credited":
            return self.make_invoice(
                amount, 0, move_type="out_refund", invoice_date=day, date=day, invoice_date_due=day
            )
        return self.make_entry(
            day,
            (self.receivable, -amount, self.customer),
            (self.loss if kind == "written_off" else self.revenue, amount),
        )

    @staticmethod
    def follow(lives, ages, unit):
        """Return the figures of each row in cents, by age of the bucket and month."""
        months = defaultdict(lambda: [0] * 6)
        for due, booked, cents, settlements in lives:
            starts = [
                due + timedelta(days=age)
                if unit == "day"
                else due + relativedelta(years=age) + timedelta(days=1 if age else 0)
                for age in ages
            ]
            for number, age in enumerate(ages):
                begins = starts[number] if number else date.min
                ends = starts[number + 1] if number + 1 < len(ages) else LAST + timedelta(days=1)
                last = number + 1 == len(ages)
                counted = starts[number] if last else ends
                if not FIRST <= counted <= LAST:
                    continue
                if booked > begins if number else booked >= ends:
                    continue
                before = [event for event in settlements if event[0] < begins]
                here = [event for event in settlements if begins <= event[0] < ends]
                entered = cents - sum(part for _day, part, _kind in before)
                lost_before = sum(part for _day, part, kind in before if kind == "written_off")
                parts = [sum(part for _day, part, own in here if own == kind) for kind in KINDS]
                row = months[age, counted.replace(day=1)]
                for place, value in enumerate((entered, lost_before, *parts, entered - sum(parts))):
                    row[place] += value
        return {key: tuple(row) for key, row in months.items() if row[0] or row[1]}
