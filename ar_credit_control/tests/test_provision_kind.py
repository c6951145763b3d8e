from contextlib import suppress
from datetime import date, timedelta

from hypothesis import given, settings
from hypothesis import strategies as st

from odoo.fields import Command
from odoo.tests import tagged

from .test_provision_invariant import DAYS, GENERATED, ProvisionInvariantCase, RollbackError

PARTS = ("opening", "charge", "release", "used", "recovered", "exchange", "other", "closing")


@tagged("post_install", "-at_install")
class TestProvisionKind(ProvisionInvariantCase):
    """What the movement table says a run changed, and why, does not depend on when the run was posted."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        tag = cls.env["res.partner.category"].create({"name": "Key account"})
        cls.policy.write(
            {
                "closing_rate": True,
                "exchange_account_id": cls.loss.id,
                "segment_ids": [Command.create({"name": "Key", "category_ids": tag.ids})],
            }
        )
        cls.second.category_id = tag
        cls.entry(-7.77, "2024-12-31", account=cls.allowance)
        for number, partner in enumerate((cls.customer, cls.second)):
            cls.invoice(10_000.01 + number, "2024-12-20", partner=partner, currency=cls.foreign)
            cls.invoice(5_000.55, "2025-02-20", partner=partner, currency=cls.foreign)
            cls.invoice(333.33, "2025-06-20", partner=partner)
        cls.payment(4_000, "2025-07-20", partner=cls.second, currency=cls.foreign)
        cls.match(*cls.env["account.move"].search([("partner_id", "=", cls.second.id)]))

    def read_table(self):
        """{period end: {(segment, part): amount}} of the periods that end on the days of runs."""
        table = {}
        starts = [date(2025, 1, 1), *(day + timedelta(days=1) for day in DAYS)]
        for start, day in zip(starts, DAYS, strict=False):
            report = self.env["ar.provision.movement.report"].create(
                {"company_id": self.company.id, "date_from": start, "date_to": day}
            )
            self.assertEqual(self.company.currency_id.round(report.difference), 0)
            table[day] = {
                (line.segment_id.name, part): round(line[part], 2)
                for line in report.line_ids
                for part in PARTS
                if round(line[part], 2)
            }
        return table

    def read_in_order(self, days):
        """The table after runs at these days, posted in the order of their dates."""
        table = {}
        with suppress(RollbackError), self.env.cr.savepoint():
            for day in sorted(days):
                self.make_run(day)
            table = self.read_table()
            raise RollbackError
        self.env.invalidate_all()
        return table

    def post(self, *steps):
        """Post the run of a day; cancel it where it is posted."""
        posted = {}
        for number in steps:
            day = DAYS[number]
            if day in posted:
                self.cancel(posted.pop(day))
            else:
                self.env.invalidate_all()
                posted[day] = self.make_run(day)
            for run in posted.values():
                self.assert_booked(run)
        return posted

    def cancel(self, run):
        # what was read by others before is not at hand in a request of its own
        self.env.invalidate_all()
        run = run.with_context(allowed_company_ids=self.controller.company_ids.ids)
        run.with_user(self.manager).action_cancel("Wrong")

    def assert_as_in_order(self, *steps):
        posted = self.post(*steps)
        table = self.read_table()
        for run in posted.values():
            self.cancel(run)
        self.assertEqual(table, self.read_in_order(posted))
        return table

    def test_posted_after_a_later_one(self):
        table = self.assert_as_in_order(0, 2, 1)
        self.assertTrue(table[DAYS[1]]["Key", "exchange"], "else this test proves nothing")
        self.assertTrue(table[DAYS[2]]["Key", "exchange"], "else this test proves nothing")

    def test_cancelled_after_a_later_one_was_posted(self):
        self.assert_as_in_order(0, 1, 2, 1)

    def test_posted_before_the_first_one(self):
        """The first run has no exchange, until another one comes before it."""
        table = self.assert_as_in_order(1, 0)
        self.assertTrue(table[DAYS[1]]["Key", "exchange"])
        self.assert_as_in_order(0, 1, 0)

    def test_posted_between_two_and_cancelled(self):
        self.policy.exchange_account_id = False
        self.assert_as_in_order(0, 3, 2, 1, 2)

    def test_by_who_does_not_work_in_the_branch(self):
        """Its entries are booked, reversed and carried, too."""
        third = self.make_partner("Of the branch")
        entry = self.entry(1_000, "2025-01-20", partner=third, company=self.branch)
        self.assertEqual(entry.company_id, self.branch)
        self.controller.company_ids -= self.branch
        self.env.invalidate_all()
        entries = self.runs.with_user(self.controller).env["account.move"]
        self.assertFalse(
            entries.search([("company_id", "=", self.branch.id)]), "else this test proves nothing"
        )
        self.assert_as_in_order(0, 2, 1, 0)
        booked = self.env["ar.provision.movement"].search([("company_id", "=", self.branch.id)])
        self.assertTrue(booked.move_id, "else this test proves nothing")

    @settings(max_examples=4, **GENERATED)
    @given(st.lists(st.integers(0, len(DAYS) - 1), min_size=3, max_size=5))
    def test_any_order(self, steps):
        with suppress(RollbackError), self.env.cr.savepoint():
            self.assert_as_in_order(*steps)
            raise RollbackError
        self.env.invalidate_all()
