from psycopg2 import IntegrityError

from odoo import fields
from odoo.exceptions import AccessError, UserError, ValidationError
from odoo.fields import Command
from odoo.tests import Form, tagged
from odoo.tools import SQL, mute_logger

from .common_provision import EXAMPLE_RATES, ProvisionCase


@tagged("post_install", "-at_install")
class TestProvisionPolicy(ProvisionCase):
    """What may be changed of a policy and of its loss rates, by whom, and what is refused."""

    def draft(self, rates=EXAMPLE_RATES, **values):
        return self.make_matrix(self.policy, rates, approve=False, **values)

    def test_another_person_approves(self):
        matrix = self.draft()
        matrix.with_user(self.controller).action_submit()
        self.assertIn(self.manager.name, matrix.with_user(self.controller).approver_names)
        with self.assertRaises(AccessError):
            matrix.with_user(self.controller).action_approve()
        matrix.with_user(self.manager).action_approve()
        self.assertEqual((matrix.state, matrix.decided_by_id), ("approved", self.manager))

    def test_who_typed_rates_does_not_approve_them(self):
        matrix = (
            self.env["ar.provision.matrix"]
            .with_user(self.manager)
            .create(
                {
                    "policy_id": self.policy.id,
                    "reason": "Own losses",
                    "rate_ids": [
                        Command.create({"bucket_id": bucket.id, "rate": 5})
                        for bucket in self.policy.bucket_ids
                    ],
                }
            )
        )
        matrix.with_user(self.controller).action_submit()
        with self.assertRaises(AccessError):
            matrix.with_user(self.manager).action_approve()

    def test_nobody_creates_what_is_decided(self):
        for values in ({"state": "approved"}, {"decided_by_id": self.manager.id}, {"source": "derived"}):
            with self.subTest(values=values), self.assertRaises(AccessError):
                self.env["ar.provision.matrix"].with_user(self.controller).create(
                    {"policy_id": self.policy.id, "reason": "Now", **values}
                )

    def test_submitted_rates_are_fixed(self):
        matrix = self.draft()
        matrix.with_user(self.controller).action_submit()
        rate = matrix.rate_ids[:1].with_user(self.controller)
        segment = self.env["ar.provision.segment"].create({"policy_id": self.policy.id, "name": "Abroad"})
        other = {"matrix_id": matrix.id, "bucket_id": rate.bucket_id.id, "segment_id": segment.id, "rate": 1}
        for change in (
            lambda: rate.write({"rate": 1}),
            lambda: rate.unlink(),
            lambda: rate.create(other),
        ):
            with self.assertRaises(UserError):
                change()
        with self.assertRaises(AccessError):
            matrix.with_user(self.controller).reason = "Another"
        matrix.with_user(self.manager).action_send_back("Too low")
        rate.rate = 1
        self.assertEqual(matrix.rate_ids[:1].rate, 1)

    def test_send_back_asks_why(self):
        matrix = self.draft()
        matrix.with_user(self.controller).action_submit()
        action = matrix.with_user(self.manager).action_ask_send_back()
        wizards = self.env["ar.provision.return"].with_user(self.manager).with_context(**action["context"])
        with self.assertRaises(UserError):
            wizards.create({"reason": " "}).action_confirm()
        wizards.create({"reason": "Use 36 months"}).action_confirm()
        self.assertEqual(matrix.state, "draft")
        self.assertIn("Use 36 months", matrix.message_ids[:1].body)

    def test_incomplete_rates_are_not_submitted(self):
        for values, text in (
            ({"reason": " "}, "come from"),
            ({"factor": 1.2}, "multiplied"),
            ({"rate_ids": [Command.clear()]}, "zero"),
        ):
            matrix = self.draft()
            matrix.write(values)
            with self.subTest(values=values), self.assertRaisesRegex(UserError, text):
                matrix.with_user(self.controller).action_submit()
        matrix = self.draft()
        matrix.rate_ids[:1].unlink()
        with self.assertRaisesRegex(UserError, "from 0"):
            matrix.with_user(self.controller).action_submit()

    def test_figures_out_of_range(self):
        for values in ({"factor": 0}, {"floor": -1}, {"cap": 101}, {"floor": 60, "cap": 50}):
            with (
                self.subTest(values=values),
                mute_logger("odoo.sql_db"),
                self.assertRaises(IntegrityError),
                self.env.cr.savepoint(),
            ):
                self.draft(**values).flush_recordset()
        rate = self.draft().rate_ids[:1]
        with mute_logger("odoo.sql_db"), self.assertRaises(IntegrityError), self.env.cr.savepoint():
            rate.rate = 100.1
            rate.flush_recordset()

    def test_fractions_typed_for_percent_are_noticed(self):
        self.assertIn("percent", self.draft((0.01, 0.02, 0.05, 0.1, 0.3)).warning)
        self.assertIn("from 91", self.draft((1, 2, 5, 50, 10)).warning)
        self.assertFalse(self.draft().warning)

    def test_rates_of_another_policy(self):
        other = self.policy.copy()
        with self.assertRaises(ValidationError):
            self.env["ar.provision.rate"].create(
                {"matrix_id": self.draft().id, "bucket_id": other.bucket_ids[:1].id, "rate": 1}
            )
        with self.assertRaises(ValidationError):
            self.draft().policy_id = other

    def test_effective_rate_is_that_of_a_run(self):
        matrix = self.draft(factor=1.5, floor=1, cap=12, factor_reason="Worse")
        self.assertEqual(
            matrix.rate_ids.sorted("bucket_age").mapped("effective_rate"), [1, 2.4, 5.4, 9.9, 12]
        )
        computed = [
            self.env.execute_query(SQL("SELECT %s", matrix._adjusted_sql(SQL("%s", rate), SQL("1"))))[0][0]
            for rate in EXAMPLE_RATES
        ]
        for own, rate in zip(matrix.rate_ids.sorted("bucket_age"), computed, strict=True):
            self.assertAlmostEqual(own.effective_rate, float(rate))
        for shown in ("2.4", "5.4", "9.9", "12"):
            self.assertIn(shown, matrix.grid)

    def test_new_rates_begin_with_the_last_ones(self):
        form = Form(
            self.env["ar.provision.matrix"]
            .with_user(self.controller)
            .with_context(default_policy_id=self.policy.id)
        )
        form.reason = "Review of the year"
        matrix = form.save()
        self.assertEqual(matrix.rate_ids.sorted("bucket_age").mapped("rate"), list(EXAMPLE_RATES))

    def test_everyone_else_comes_first(self):
        segment = self.env["ar.provision.segment"].create(
            {"policy_id": self.policy.id, "name": "Abroad", "sequence": 0}
        )
        matrix = self.draft()
        own = self.env["ar.provision.rate"].create(
            {
                "matrix_id": matrix.id,
                "bucket_id": self.policy.bucket_ids[:1].id,
                "segment_id": segment.id,
                "rate": 9,
            }
        )
        self.env.invalidate_all()
        self.assertEqual(matrix.rate_ids[-1:], own)
        self.assertIn("Abroad", matrix.grid)
        self.assertEqual([cells[1] for _name, cells in matrix._prepare_grid()["rows"]][0], (9, True))
        self.assertEqual([cells[1] for _name, cells in matrix._prepare_grid()["rows"]][1], (1.6, False))

    def test_newest_approved_rates_count_from_their_day(self):
        old = self.policy.matrix_ids
        new = self.make_matrix(self.policy, (1, 2, 3, 4, 5), date_from=self.today)
        self.assertEqual(self.policy._get_matrix(self.today), new)
        self.assertEqual(self.policy._get_matrix(self.today.replace(year=self.today.year - 1)), old)
        self.policy.invalidate_recordset()
        self.assertEqual(self.policy.matrix_id, new)
        with self.assertRaises(UserError):
            self.policy._get_matrix(old.date_from.replace(year=1999))

    def test_rated_buckets_and_basis_stay(self):
        bucket = self.policy.bucket_ids[1]
        for change in (
            lambda: bucket.write({"age_from": 5}),
            lambda: bucket.write({"name": "First month"}),
            lambda: bucket.unlink(),
            lambda: self.policy.write({"bucket_ids": [Command.create({"name": "Half", "age_from": 15})]}),
            lambda: self.policy.write({"basis": "invoice"}),
            lambda: self.policy.write({"age_unit": "year"}),
        ):
            with self.assertRaisesRegex(UserError, "copy"):
                change()
        self.policy.basis = "due"

    def test_copy_has_buckets_and_segments_without_rates(self):
        self.policy.segment_ids = [
            Command.create({"name": "China", "country_ids": [Command.link(self.env.ref("base.cn").id)]})
        ]
        copy = self.policy.copy()
        self.assertFalse(copy.active)
        self.assertFalse(copy.matrix_ids)
        self.assertEqual(copy.bucket_ids.mapped("age_from"), self.policy.bucket_ids.mapped("age_from"))
        self.assertEqual(copy.segment_ids.country_ids, self.env.ref("base.cn"))
        self.assertEqual(copy.allowance_account_id, self.allowance)
        copy.bucket_ids[1].age_from = 5
        self.assertIn("Add loss rates", copy.next_step)

    def test_one_policy_in_use(self):
        copy = self.policy.copy()
        with mute_logger("odoo.sql_db"), self.assertRaises(IntegrityError), self.env.cr.savepoint():
            copy.active = True
            copy.flush_recordset()
        copy.with_user(self.manager).action_use()
        self.assertTrue(copy.active)
        self.assertFalse(self.policy.active)
        self.assertEqual(self.policy._get_policy(self.company), copy)
        with self.assertRaises(AccessError):
            self.policy.with_user(self.controller).action_use()

    def test_branch_follows_its_company(self):
        branch = self.env["res.company"].create({"name": "Branch", "parent_id": self.company.id})
        self.env.user.company_ids += branch
        self.assertEqual(self.policy._get_policy(branch), self.policy)
        with self.assertRaises(ValidationError):
            self.policy.copy({"company_id": branch.id})

    def test_other_company_is_out_of_reach(self):
        other = self.env["res.company"].create({"name": "Elsewhere"})
        policy = self.env["ar.provision.policy"].sudo()._create_from_preset(other, "ifrs9")
        policies = self.env["ar.provision.policy"].with_context(active_test=False)
        for user in (self.manager, self.controller, self.auditor):
            self.assertNotIn(policy, policies.with_user(user).search([]))
            with self.assertRaises(AccessError):
                policy.with_user(user).read(["name"])
        with self.assertRaises(UserError):
            self.policy.journal_id = self.env["account.journal"].create(
                {"name": "Theirs", "code": "THR", "type": "general", "company_id": other.id}
            )

    def test_what_each_role_may(self):
        bucket = self.policy.bucket_ids[:1]
        for user in (self.controller, self.auditor, self.accountant):
            with self.subTest(user=user.login):
                self.assertTrue(self.policy.with_user(user).name)
                with self.assertRaises(AccessError):
                    self.policy.with_user(user).disputed_rate = 5
                with self.assertRaises(AccessError):
                    bucket.with_user(user).name = "Mine"
        self.policy.with_user(self.manager).disputed_rate = 5
        for user in (self.collector, self.salesperson, self.credit_user):
            with self.subTest(user=user.login), self.assertRaises(AccessError):
                self.policy.with_user(user).read(["name"])
        with self.assertRaises(AccessError):
            self.draft().with_user(self.auditor).action_submit()

    def test_buckets_of_the_ageing(self):
        policy = self.env["ar.provision.policy"].create(
            {"name": "Other", "company_id": self.company.id, "active": False}
        )
        self.assertIn("ages", policy.next_step)
        policy.with_user(self.manager).action_take_ageing_buckets()
        self.assertEqual(
            policy.bucket_ids.sorted("age_from").mapped("age_from"), [0, 1, 31, 61, 91, 181, 366]
        )
        policy.with_user(self.manager).action_take_ageing_buckets()
        self.assertEqual(len(policy.bucket_ids), 7)
        policy.age_unit = "year"
        with self.assertRaises(UserError):
            policy.action_take_ageing_buckets()
        with self.assertRaises(UserError):
            self.policy.action_take_ageing_buckets()

    def test_years_begin_after_the_anniversary(self):
        policy = self.policy.copy({"age_unit": "year"})
        policy.bucket_ids.unlink()
        policy.bucket_ids = [Command.create({"name": f"{age}", "age_from": age}) for age in (0, 1, 2)]
        for date, expected in (
            # 2025-03-01 has its anniversary on that day and is still “up to one year”; 2025-02-28 is older
            ("2026-03-01", [0, 366, 731]),
            # 2024-02-29 ends its first year on 2025-02-28
            ("2025-03-01", [0, 366, 732]),
        ):
            days = policy._get_first_days(fields.Date.to_date(date))
            self.assertEqual(list(days.values()), expected, date)

    def test_least_rates_touch_only_what_is_disputed_or_placed(self):
        self.policy.write({"disputed_rate": 20, "legal_rate": 50})
        self.make_invoice(1_000, 10)
        run = self.make_run(post=False)
        self.assertEqual(run.amount, 16)

    def test_what_stops_posting_is_said(self):
        self.assertTrue(self.policy.can_post)
        self.policy.write({"journal_id": False, "expense_account_id": False})
        self.assertIn("Journal", self.policy.no_post_reason)
        self.assertIn("Charge Account", self.policy.no_post_reason)

    def test_settings_show_the_policy_in_use(self):
        settings = self.env["res.config.settings"].create({"company_id": self.company.id})
        self.assertEqual(settings.provision_policy_id, self.policy)
        self.assertEqual(settings.provision_allowance_account_id, self.allowance)

    def test_segments_with_approved_rates_keep_their_customers(self):
        segment, last = self.env["ar.provision.segment"].create(
            [
                {"policy_id": self.policy.id, "name": name, "sequence": sequence}
                for name, sequence in (("Abroad", 10), ("Others", 20))
            ]
        )
        self.make_matrix(
            self.policy,
            EXAMPLE_RATES,
            approve=False,
            date_from="2001-01-01",
            rate_ids=[
                Command.create({"bucket_id": bucket.id, "segment_id": part.id, "rate": 5})
                for bucket in self.policy.bucket_ids
                for part in (self.env["ar.provision.segment"], segment)
            ],
        ).with_user(self.controller).action_submit()
        germany = self.env.ref("base.de")
        for values in (
            {"country_ids": [Command.link(germany.id)]},
            {"sequence": 30},
            {"active": False},
            {"name": "Customers abroad"},
        ):
            with self.assertRaises(UserError):
                segment.with_user(self.manager).write(values)
        with self.assertRaises(UserError):
            self.env["ar.provision.segment"].create(
                {"policy_id": self.policy.id, "name": "First", "sequence": 1}
            )
        last.with_user(self.manager).name = "All others"
        last.with_user(self.manager).country_ids = germany
        self.env["ar.provision.segment"].create({"policy_id": self.policy.id, "name": "New", "sequence": 30})
