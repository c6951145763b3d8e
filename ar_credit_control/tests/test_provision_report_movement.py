from datetime import timedelta

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from odoo.exceptions import AccessError
from odoo.fields import Command
from odoo.tests import tagged

from .common_provision import ProvisionCase

PARTS = ("charge", "release", "used", "recovered", "exchange", "other")
# What happens, on which day before today, and an amount where it needs one.
EVENT = st.tuples(
    st.sampled_from(["run", "run", "run", "cancel", "entry", "writeoff", "recovery", "exchange"]),
    st.sampled_from([200, 150, 120, 100, 70, 40, 20, 5]),
    st.sampled_from([33.33, 70, 100.01, 250]),
)


class MovementCase(ProvisionCase):
    """What changes the allowance besides runs."""

    @classmethod
    def day(cls, days):
        return cls.today - timedelta(days=days)

    @classmethod
    def make_entry(cls, amount, date, against=None, company=None):
        """An entry that raises the allowance by ``amount``."""
        move = cls.env["account.move"].create(
            {
                "journal_id": cls.company_data["default_journal_misc"].id,
                "date": date,
                "company_id": (company or cls.company).id,
                "line_ids": [
                    Command.create({"account_id": cls.allowance.id, "balance": -amount}),
                    Command.create({"account_id": (against or cls.loss).id, "balance": amount}),
                ],
            }
        )
        move.action_post()
        return move

    @classmethod
    def make_movement(cls, kind, amount, date, segment=None):
        """A movement as write-offs record it, with its entry."""
        move = cls.make_entry(amount, date)
        return (
            cls.env["ar.provision.movement"]
            .sudo()
            .create(
                {
                    "kind": kind,
                    "date": date,
                    "company_id": cls.company.id,
                    "root_company_id": cls.company.id,
                    "account_id": cls.allowance.id,
                    "segment_id": segment and segment.id,
                    "amount": amount,
                    "move_id": move.id,
                }
            )
        )

    def report(self, date_from, date_to, user=None):
        return (
            self.env["ar.provision.movement.report"]
            .with_user(user or self.auditor)
            .create({"company_id": self.company.id, "date_from": date_from, "date_to": date_to})
        )

    def totals(self, report):
        names = ("opening", *PARTS, "closing")
        return {name: round(sum(report.line_ids.mapped(name)), 2) for name in names}

    def assertMovement(self, date_from, date_to, **expected):
        report = self.report(date_from, date_to)
        totals = {name: value for name, value in self.totals(report).items() if value}
        self.assertEqual(totals, {name: value for name, value in expected.items() if value})
        self.assertEqual(report.difference, 0)
        self.assertEqual(report.ledger, expected.get("closing", 0))


@tagged("post_install", "-at_install")
class TestProvisionReportMovement(MovementCase):
    """The movement table leads from the opening to the closing balance of the ledger."""

    def test_charge_release_and_their_period(self):
        invoice = self.make_invoice(10_000, 70)
        self.make_run(self.day(60))
        self.make_run(self.day(20))
        self.assertMovement(self.day(90), self.day(61))
        self.assertMovement(self.day(90), self.day(30), charge=160, closing=160)
        self.assertMovement(self.day(59), self.day(0), opening=160, charge=200, closing=360)
        self.pay(invoice)
        self.make_run()
        self.assertMovement(self.day(10), self.day(0), opening=360, release=-360, closing=0)
        self.assertMovement(self.day(90), self.day(0), charge=360, release=-360, closing=0)

    def test_a_run_posted_late_for_an_earlier_date(self):
        self.make_invoice(10_000, 70)
        self.make_run(self.day(20))
        self.make_run(self.day(60))
        self.assertMovement(self.day(90), self.day(30), charge=160, closing=160)
        self.assertMovement(self.day(59), self.day(0), opening=160, charge=200, closing=360)
        self.assertMovement(self.day(90), self.day(0), charge=360, closing=360)

    def test_a_cancelled_run_is_neither_charge_nor_release(self):
        self.make_invoice(10_000, 70)
        self.make_run(self.day(60)).with_user(self.manager).action_cancel("Wrong")
        self.assertMovement(self.day(90), self.day(0))

    def test_a_run_cancelled_after_its_period_was_closed_is_a_release_of_the_next(self):
        self.make_invoice(10_000, 70)
        run = self.make_run(self.day(60))
        self.company.fiscalyear_lock_date = self.day(50)
        run.with_user(self.manager).action_cancel("Wrong")
        self.assertMovement(self.day(90), self.day(50), charge=160, closing=160)
        self.assertMovement(self.day(49), self.day(0), opening=160, release=-160, closing=0)

    def test_write_offs_recoveries_and_exchange(self):
        self.make_invoice(10_000, 70)
        self.make_run(self.day(60))
        self.make_movement("used", -100, self.day(40))
        self.make_movement("recovered", 30, self.day(30))
        self.make_movement("exchange", 5, self.day(30))
        self.assertMovement(
            self.day(60), self.day(30), charge=160, used=-100, recovered=30, exchange=5, closing=95
        )

    def test_entries_by_hand_are_other(self):
        self.make_entry(40, self.day(100))
        self.make_entry(7, self.day(50))
        self.assertMovement(self.day(60), self.day(30), opening=40, other=7, closing=47)

    def test_an_opening_explains_a_balance_and_changes_none(self):
        self.make_entry(40, self.day(100))
        opening = self.runs.with_user(self.controller)._create_opening(self.company, self.day(60))
        opening.action_compute()
        self.approve(opening)
        opening.action_post()
        self.assertMovement(self.day(60), self.day(30), opening=40, closing=40)
        self.assertMovement(self.day(120), self.day(0), other=40, closing=40)

    def test_an_entry_set_back_to_draft_leaves_the_table(self):
        self.make_entry(100, self.day(80))
        movement = self.make_movement("used", -60, self.day(60))
        self.assertMovement(self.day(70), self.day(0), opening=100, used=-60, closing=40)
        movement.move_id.button_draft()
        self.assertMovement(self.day(70), self.day(0), opening=100, closing=100)

    def test_by_segment(self):
        vip = self.env["res.partner.category"].create({"name": "Key account"})
        self.policy.segment_ids = [Command.create({"name": "Key", "category_ids": vip.ids})]
        key = self.make_partner("Key customer", category_id=vip.ids)
        self.make_invoice(10_000, 70)
        self.make_invoice(1_000, 70, partner_id=key.id)
        self.make_run(self.day(60))
        report = self.report(self.day(90), self.day(0))
        rows = {line.segment_id.name: line.charge for line in report.line_ids}
        self.assertEqual(rows, {False: 160, "Key": 16})
        self.assertEqual(report.closing, 176)

    def test_drill_down(self):
        self.make_invoice(10_000, 70)
        run = self.make_run(self.day(60))
        line = self.report(self.day(90), self.day(0)).line_ids
        entries = self.env["account.move.line"].search(line.action_open_entries()["domain"])
        self.assertEqual(entries.move_id, run.move_ids)
        self.assertEqual(sum(entries.mapped("balance")), -160)
        movements = self.env["ar.provision.movement"].search(line.action_open_movements()["domain"])
        self.assertEqual(movements, run.movement_ids)

    def test_who_may(self):
        reports = self.env["ar.provision.movement.report"]
        for user in (self.controller, self.manager, self.auditor, self.accountant):
            self.assertTrue(reports.with_user(user).action_open()["res_id"])
        for user in (self.salesperson, self.credit_user, self.collector):
            with self.assertRaises(AccessError):
                reports.with_user(user).action_open()
        other = self.env["res.company"].create({"name": "Another company"})
        with self.assertRaises(AccessError):
            reports.with_user(self.auditor).create({"company_id": other.id})
        mine = self.report(self.day(90), self.day(0))
        with self.assertRaises(AccessError):
            mine.with_user(self.auditor).write({"company_id": other.id})
        with self.assertRaises(AccessError):
            mine.with_user(self.controller).read(["closing"])

    def test_companies_do_not_mix(self):
        self.make_entry(40, self.day(100))
        other = self.collect_company_accounting_data(self._create_company(name="Another company"))
        company = other["company"]
        account = self.allowance.copy({"code": "129902", "company_ids": [Command.set(company.ids)]})
        self.policy.copy(
            {
                "active": True,
                "company_id": company.id,
                "journal_id": False,
                "allowance_account_id": account.id,
                "expense_account_id": False,
                "loss_account_id": False,
            }
        )
        report = self.env["ar.provision.movement.report"].create(
            {"company_id": company.id, "date_from": self.day(300), "date_to": self.day(0)}
        )
        self.assertFalse(report.line_ids)
        self.assertMovement(self.day(300), self.day(0), other=40, closing=40)

    def test_branches_stand_on_rows_of_their_own(self):
        branch = self.env["res.company"].create({"name": "Branch", "parent_id": self.company.id})
        self.env.user.company_ids = [Command.link(branch.id)]
        self.make_entry(40, self.day(100))
        self.make_entry(7, self.day(100), company=branch)
        report = self.report(self.day(300), self.day(0))
        rows = {line.company_id: line.other for line in report.line_ids}
        self.assertEqual(rows, {self.company: 40, branch: 7})
        self.assertEqual((report.ledger, report.difference), (47, 0))

    def test_the_number_of_statements_is_constant(self):
        self.make_invoice(10_000, 70)
        self.make_run(self.day(60))

        def count():
            self.env.invalidate_all()
            before = self.env.cr.sql_log_count
            self.report(self.day(300), self.day(0))
            return self.env.cr.sql_log_count - before

        count()
        small = count()
        for days in range(40, 20, -1):
            self.make_entry(1, self.day(days))
        self.assertEqual(count(), small)


@tagged("post_install", "-at_install")
class TestProvisionReportInvariant(MovementCase):
    """Whatever is posted and cancelled in whatever order: the table leads to the ledger, and periods join."""

    def happen(self, what, days, amount):
        date = self.day(days)
        posted = self.runs.search([("company_id", "=", self.company.id), ("state", "=", "posted")])
        if what == "run":
            if date not in posted.mapped("date"):
                self.make_run(date)
        elif what == "cancel":
            posted[:1].with_user(self.manager).action_cancel("Wrong")
        elif what == "entry":
            self.make_entry(amount, date)
        else:
            kind = {"writeoff": "used", "recovery": "recovered", "exchange": "exchange"}[what]
            self.make_movement(kind, -amount if kind == "used" else amount, date)

    def assert_closes(self, report):
        rows = {}
        for line in report.line_ids:
            parts = sum(line[part] for part in ("opening", *PARTS))
            self.assertAlmostEqual(parts, line.closing, 6)
            self.assertGreaterEqual(line.charge, 0)
            self.assertLessEqual(line.release, 0)
            rows[line.company_id, line.account_id, line.segment_id] = line
        self.assertAlmostEqual(report.closing, self.allowance_at(report.date_to), 2)
        self.assertEqual(self.company.currency_id.round(report.difference), 0)
        return rows

    @settings(max_examples=8, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))
    @given(st.lists(EVENT, min_size=3, max_size=7), st.sampled_from([180, 100, 90, 41, 20]))
    def test_any_order(self, events, cut):
        with self.env.cr.savepoint() as savepoint:
            self.make_invoice(10_000, 130)
            self.make_invoice(4_000, 60)
            for event in events:
                self.happen(*event)
            first = self.report(self.day(300), self.day(cut))
            second = self.report(self.day(cut - 1), self.day(0))
            whole = self.report(self.day(300), self.day(0))
            before, after, both = (self.assert_closes(report) for report in (first, second, whole))
            for key in before.keys() | after.keys() | both.keys():
                closing = sum(before[key].mapped("closing")) if key in before else 0
                opening = sum(after[key].mapped("opening")) if key in after else 0
                self.assertAlmostEqual(closing, opening, 2)
            one, two, all_ = (self.totals(report) for report in (first, second, whole))
            for part in ("used", "recovered", "exchange", "other"):
                self.assertAlmostEqual(one[part] + two[part], all_[part], 2)
            net = [row["charge"] + row["release"] for row in (one, two, all_)]
            self.assertAlmostEqual(net[0] + net[1], net[2], 2)
            savepoint.rollback()
        self.env.invalidate_all()
