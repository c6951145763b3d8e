from datetime import timedelta

from odoo.exceptions import AccessError, UserError, ValidationError
from odoo.fields import Command
from odoo.tests import tagged

from .common_provision import ProvisionCase


@tagged("post_install", "-at_install")
class TestProvisionAttack(ProvisionCase):
    """What nobody may do to rates, assessments and runs, by whatever way of the web services."""

    def draft_matrix(self, **values):
        return self.make_matrix(
            self.policy, (1, 2, 3, 4, 5), approve=False, date_from=self.today, **values
        ).with_user(self.controller)

    def test_nothing_is_born_decided(self):
        course = (
            {"state": "approved"},
            {"decided_by_id": self.manager.id},
            {"submitted_by_id": self.manager.id},
        )
        terms = {
            "ar.provision.run": {"date": self.today, "company_id": self.company.id},
            "ar.provision.matrix": {"policy_id": self.policy.id, "reason": "None"},
            "ar.provision.assessment": {"partner_id": self.customer.id, "reason": "None"},
        }
        for model, values in terms.items():
            for decided in course:
                with self.subTest(model=model, **decided), self.assertRaises(AccessError):
                    self.env[model].with_user(self.controller).create({**values, **decided})

    def test_a_run_is_computed_not_typed(self):
        values = {"date": self.today, "company_id": self.company.id}
        for typed in ({"computed_on": "2026-01-01 00:00:00"}, {"amount": 5}, {"kind": "opening"}):
            with self.subTest(**typed), self.assertRaises(AccessError):
                self.runs.with_user(self.controller).create({**values, **typed})
        run = self.runs.with_user(self.controller).create(values)
        for typed in ({"state": "posted"}, {"amount": 5}, {"line_ids": [Command.clear()]}):
            with self.subTest(**typed), self.assertRaises(AccessError):
                run.write(typed)

    def test_approved_rates_never_change(self):
        matrix = self.draft_matrix()
        self.approve(matrix)
        rate = matrix.rate_ids[0]
        segment = self.env["ar.provision.segment"].create({"policy_id": self.policy.id, "name": "Public"})
        with self.assertRaises(UserError):
            rate.rate = 99
        with self.assertRaises(UserError):
            rate.unlink()
        with self.assertRaises(UserError):
            rate.copy({"segment_id": segment.id})
        with self.assertRaises(AccessError):
            matrix.write({"rate_ids": [Command.update(rate.id, {"rate": 99})]})
        draft = self.draft_matrix()
        with self.assertRaises(UserError):
            draft.rate_ids[0].matrix_id = matrix

    def test_approved_cash_never_changes(self):
        assessment = (
            self.env["ar.provision.assessment"]
            .with_user(self.controller)
            .create(
                {
                    "partner_id": self.customer.id,
                    "reason": "Insolvent",
                    "flow_ids": [Command.create({"amount": 10, "date": self.today})],
                }
            )
        )
        self.approve(assessment)
        with self.assertRaises(UserError):
            assessment.flow_ids.amount = 1
        with self.assertRaises(UserError):
            assessment.flow_ids.unlink()
        with self.assertRaises(UserError):
            assessment.flow_ids.copy({"assessment_id": assessment.id})

    def test_who_drafts_or_changes_rates_does_not_approve_them(self):
        drafted = self.draft_matrix().with_user(self.manager).copy()
        drafted.with_user(self.controller).action_submit()
        with self.assertRaises(AccessError):
            drafted.action_approve()
        changed = self.draft_matrix()
        changed.with_user(self.manager).rate_ids[0].rate = 50
        changed.action_submit()
        with self.assertRaises(AccessError):
            changed.with_user(self.manager).action_approve()

    def test_what_was_computed_for_another_date_is_not_submitted(self):
        self.make_invoice(1_000, 40)
        run = self.make_run(post=False).with_user(self.controller)
        run.date = self.today - timedelta(days=30)
        with self.assertRaisesRegex(UserError, "Compute"):
            run.action_submit()
        run.action_compute()
        run.action_submit()
        self.assertEqual(run.amount, 16)

    def test_policy_and_company_belong_together(self):
        other = self.env["res.company"].create({"name": "Other"})
        branch = self.env["res.company"].create({"name": "Branch", "parent_id": self.company.id})
        self.controller.company_ids += other + branch
        runs = self.runs.with_user(self.controller)
        values = {"date": self.today, "policy_id": self.policy.id}
        for company in (other, branch):
            with self.subTest(company=company.name), self.assertRaises(UserError):
                runs.create({**values, "company_id": company.id})
                self.env.flush_all()

    def test_roles(self):
        self.make_invoice(1_000, 40)
        run = self.make_run(post=False)
        for user in (self.collector, self.salesperson, self.credit_user):
            with self.subTest(user=user.login), self.assertRaises(AccessError):
                run.with_user(user).line_ids.read(["amount"])
        self.assertEqual(run.with_user(self.auditor).amount, 36)
        for action in ("action_compute", "action_submit", "action_cancel"):
            with self.subTest(action=action), self.assertRaises(AccessError):
                getattr(run.with_user(self.auditor), action)()
        self.approve(run)
        for user in (self.auditor, self.collector, self.salesperson):
            with self.subTest(user=user.login), self.assertRaises(AccessError):
                run.with_user(user).action_post()
        run.with_user(self.accountant).action_post()
        with self.assertRaises(UserError):
            run.with_user(self.accountant).action_post()
        with self.assertRaises(AccessError):
            run.line_ids.with_user(self.manager).unlink()
        with self.assertRaises(AccessError):
            run.movement_ids.with_user(self.manager).amount = 0
        with self.assertRaises(AccessError):
            run.with_user(self.manager).unlink()

    def test_one_posted_run_at_a_date(self):
        self.make_invoice(1_000, 40)
        first, second = (self.make_run(post=False) for _number in range(2))
        for run in (first, second):
            self.approve(run)
        first.with_user(self.controller).action_post()
        with self.assertRaises(UserError):
            second.with_user(self.controller).action_post()


@tagged("post_install", "-at_install")
class TestProvisionEdge(ProvisionCase):
    """Figures where they could go wrong."""

    def test_revaluation_in_foreign_currency_only(self):
        """An item of a foreign account that moves company currency alone has no amount to convert."""
        foreign = self.setup_other_currency("CHF", rates=[("2020-01-01", 2.0), (self.today, 4.0)])
        self.policy.closing_rate = True
        receivable = self.company_data["default_account_receivable"]
        self.make_invoice(1_000, 40, currency_id=foreign.id, date=self.today, invoice_date="2024-01-01")
        line = {"partner_id": self.customer.id, "currency_id": foreign.id}
        self.env["account.move"].create(
            {
                "date": self.today,
                "line_ids": [
                    Command.create(
                        {**line, "account_id": receivable.id, "balance": 30, "amount_currency": 0}
                    ),
                    Command.create({"account_id": self.loss.id, "balance": -30}),
                ],
            }
        ).action_post()
        run = self.make_run()
        by_gross = {line.gross: line for line in run.line_ids}
        self.assertEqual(by_gross[30].amount, 0)
        [invoice] = [line for line in run.line_ids if line.gross_currency]
        self.assertEqual((invoice.amount, invoice.amount_currency), (9, 36))

    def test_what_is_not_needed_any_more_is_released_where_it_was_charged(self):
        receivable = self.company_data["default_account_receivable"]
        allowance, charge = self.allowance.copy({"code": "129902"}), self.charge.copy({"code": "699909"})
        self.policy.account_map_ids = [
            Command.create(
                {
                    "account_id": receivable.id,
                    "allowance_account_id": allowance.id,
                    "expense_account_id": charge.id,
                }
            )
        ]
        self.make_invoice(1_000, 40)
        before = self.today - timedelta(days=5)
        self.make_run(before)
        self.assertEqual(self.allowance_at(account=allowance), 36)
        self.env["account.payment"].create(
            {"partner_id": self.customer.id, "amount": 1_000, "payment_type": "inbound", "date": self.today}
        ).action_post()
        run = self.make_run()
        self.assertEqual(run.change, -36)
        self.assertEqual(self.allowance_at(account=allowance), 0)
        self.assertEqual(run.movement_ids.against_account_id, charge)
        self.assertFalse(self.allowance_at(account=charge))

    def test_an_allowance_account_has_one_charge_account(self):
        """The allowance of an account cannot be told apart by what it was charged to."""
        receivable = self.company_data["default_account_receivable"]
        with self.assertRaises(ValidationError):
            self.policy.account_map_ids = [
                Command.create({"account_id": receivable.id, "expense_account_id": self.loss.id})
            ]

    def test_several_securities(self):
        """They cover together, never more than what is at risk, at the average of their rates."""
        insurer = self.make_partner("Insurer")
        rating = self.env["ar.credit.rating"].search([("is_unrated", "=", False)], limit=1)
        rating.provision_factor = 3
        self.make_profile(insurer).rating_id = rating
        self.policy.cover_rate = 1
        self.make_invoice(300.01, 40)
        self.make_invoice(699.99, 10)
        terms = {"partner_id": self.customer.id, "date_from": self.today - timedelta(days=100)}
        securities = (
            self.env["ar.credit.security"]
            .with_user(self.controller)
            .create(
                [
                    {**terms, "kind": "deposit", "amount": 200},
                    {
                        **terms,
                        "kind": "insurance",
                        "amount": 250,
                        "insured_share": 80,
                        "insurer_id": insurer.id,
                        "policy": "P1",
                        "date_to": self.today,
                    },
                ]
            )
        )
        self.env.flush_all()
        self.env.cr.execute(
            "UPDATE ar_credit_security SET state = 'valid' WHERE id = ANY (%s)", [securities.ids]
        )
        self.env.invalidate_all()
        run = self.make_run(post=False)
        self.assertEqual(run.covered, 400)
        self.assertEqual(set(run.line_ids.mapped("cover_rate")), {2})
        losses = [
            round((gross - covered) * rate, 2) + round(covered * 0.02, 2)
            for gross, covered, rate in ((300.01, 120.0, 0.036), (699.99, 280.0, 0.016))
        ]
        self.assertAlmostEqual(run.amount, sum(losses), 2)
        self.env.cr.execute(
            "UPDATE ar_credit_security SET amount = 5000 WHERE id = ANY (%s)", [securities.ids]
        )
        run.with_user(self.controller).action_compute()
        self.assertEqual(run.covered, 1_000)
        self.assertFalse([line for line in run.line_ids if line.covered > line.gross])

    def test_assessment_in_two_currencies_and_a_branch(self):
        """What is expected from a customer is one amount over all its items; parts add up to it."""
        foreign = self.setup_other_currency("CHF", rates=[("2020-01-01", 3.0)])
        self.make_invoice(100, 40)
        self.make_invoice(100, 10, currency_id=foreign.id)
        self.make_invoice(77.77, 0, partner_id=self.contact.id)
        other = self.make_partner("Other")
        self.make_invoice(100, 40, partner_id=other.id)
        assessment = (
            self.env["ar.provision.assessment"]
            .with_user(self.controller)
            .create(
                {
                    "partner_id": self.contact.id,
                    "reason": "Insolvent",
                    "date_from": self.today,
                    "flow_ids": [Command.create({"amount": 100, "probability": 50, "date": self.today})],
                }
            )
        )
        self.approve(assessment)
        run = self.make_run()
        own = run.line_ids.filtered(lambda line: line.partner_id == self.customer)
        self.assertEqual(set(own.mapped("treatment")), {"individual"})
        self.assertAlmostEqual(sum(own.mapped("amount")), 100 + 33.33 + 77.77 - 50, 2)
        self.assertAlmostEqual(run.amount, 100 + 33.33 + 77.77 - 50 + 3.6, 2)
        self.env.cr.execute(
            "UPDATE ar_provision_assessment_flow SET amount = 1000 WHERE assessment_id = %s", [assessment.id]
        )
        more = self.make_run(self.today + timedelta(days=0), post=False)
        own = more.line_ids.filtered(lambda line: line.partner_id == self.customer)
        self.assertEqual(sum(own.mapped("amount")), 0, "a gain is no allowance")

    def test_segment_without_rates_of_its_own(self):
        """A segment with approved rates stays; without newer ones it takes those of everyone else."""
        tag = self.env["res.partner.category"].create({"name": "Public"})
        self.customer.category_id = tag
        segment = self.env["ar.provision.segment"].create(
            {"policy_id": self.policy.id, "name": "Public", "category_ids": tag.ids}
        )
        matrix = self.make_matrix(self.policy, EVERYBODY, approve=False)
        matrix.rate_ids = [
            Command.create({"bucket_id": bucket.id, "segment_id": segment.id, "rate": 50})
            for bucket in self.policy.bucket_ids
        ]
        self.approve(matrix)
        self.make_invoice(1_000, 40)
        before = self.make_run(self.today - timedelta(days=5))
        self.assertEqual(before.amount, 500)
        with self.assertRaises(UserError):
            segment.active = False
        self.make_matrix(self.policy, EVERYBODY, date_from=self.today)
        after = self.make_run()
        self.assertEqual(after.amount, 40)
        self.assertEqual(self.allowance_at(), 40)
        self.assertEqual({row.segment_id: row.change for row in after.change_ids}, {segment: -460})
        self.assertEqual(before.cell_ids.segment_name, "Public")

    def test_entry_without_customer(self):
        """No credit of nobody pays the debt of nobody, and both are valued."""
        receivable = self.company_data["default_account_receivable"]
        for amount in (1_000, -400):
            self.env["account.move"].create(
                {
                    "date": self.today,
                    "line_ids": [
                        Command.create({"account_id": receivable.id, "balance": amount}),
                        Command.create({"account_id": self.loss.id, "balance": -amount}),
                    ],
                }
            ).action_post()
        run = self.make_run()
        self.assertEqual((run.gross, run.offset, run.amount), (600, 0, 3))
        self.assertEqual(set(run.line_ids.mapped("treatment")), {"matrix", "credit"})

    def test_group_is_listed_without_a_loss(self):
        company = self.env["res.company"].create({"name": "Sister"})
        self.make_invoice(1_000, 40, partner_id=company.partner_id.id)
        run = self.make_run(post=False)
        self.assertEqual((run.gross, run.amount, run.line_ids.treatment), (1_000, 0, "group"))
        self.policy.leave_out_group = False
        run.with_user(self.controller).action_compute()
        self.assertEqual((run.amount, run.line_ids.treatment), (36, "matrix"))

    def test_least_rates_and_limits_of_the_matrix(self):
        self.policy.write({"default_days": 90, "default_rate": 40})
        matrix = self.make_matrix(
            self.policy, EVERYBODY, approve=False, factor=2, factor_reason="Worse", floor=1, cap=9
        )
        self.approve(matrix)
        cases = {0: (1, False), 20: (4, False), 60: (8, False), 90: (9, False), 91: (40, "default")}
        for days in cases:
            self.make_invoice(1_000 + days, days)
        run = self.make_run()
        for line in run.line_ids:
            rate, least = cases[line.days_past_due]
            self.assertEqual((line.rate, line.least), (rate, least), line.days_past_due)
            self.assertEqual(line.amount, line.currency_id.round(line.gross * rate / 100))

    def test_cancelled_after_its_period_was_closed(self):
        """Not where a later run of the closed period holds what is right since; that one waits for the first
        open day."""
        first, second = (self.today - timedelta(days=days) for days in (60, 30))
        self.make_invoice(10_000, 70)
        run, later = self.make_run(first), self.make_run(second)
        closed = second + timedelta(days=4)
        self.company.fiscalyear_lock_date = closed
        with self.assertRaises(UserError):
            run.with_user(self.manager).action_cancel("Wrong")
        self.assertEqual((self.allowance_at(second), self.allowance_at()), (later.amount, later.amount))
        last = self.make_run()
        later.with_user(self.manager).action_cancel("Wrong")
        self.assertEqual(self.allowance_at(closed), later.amount)
        self.assertEqual(self.allowance_at(closed + timedelta(days=1)), run.amount)
        self.assertEqual(self.allowance_at(), last.amount)

    def test_cancelled_onto_the_date_of_another_run(self):
        first, second = self.today - timedelta(days=60), self.today
        self.make_invoice(10_000, 70)
        run, last = self.make_run(first), self.make_run(second)
        self.company.fiscalyear_lock_date = second - timedelta(days=1)
        run.with_user(self.manager).action_cancel("Wrong")
        self.assertEqual(self.allowance_at(), last.amount)


EVERYBODY = (0.3, 2, 4, 6, 8)
