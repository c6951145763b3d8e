"""Scores of the whole portfolio: what is compared, who decides, what is written as sets."""

import sys

from odoo.exceptions import AccessError, UserError
from odoo.tests import tagged

from .common_score import ScoreCase


@tagged("post_install", "-at_install")
class TestScoreRun(ScoreCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        for criterion in cls.scorecard.criterion_ids:
            criterion.active = criterion.measure == "weighted_delay"
        cls.customers = {}
        # days late, grade that follows: 2 → 100 A, 15 → 70 B, 25 → 50 D, 95 → 0 E
        for name, late, grade in (
            ("better", 2, "C"),
            ("same", 15, "B"),
            ("worse", 95, "A"),
            ("first", 25, None),
        ):
            partner = cls.make_partner(name)
            cls.receive(cls.bill(1000, 30 + late + 3, partner=partner), 3)
            cls.customers[name] = partner
            if grade:
                profile = cls.make_profile(partner, 1000)
                profile.rating_id = cls.grades[grade]
        cls.customers["unknown"] = cls.make_partner("unknown")
        cls.make_profile(cls.customers["unknown"])
        cls.make_partner("no customer")

    def make_run(self, user=None, **values):
        runs = self.env["ar.credit.score.run"].with_user(user or self.controller)
        return runs.create({"company_id": self.company.id, **values})

    def by_name(self, run):
        return {line.partner_id.name: line for line in run.line_ids}

    def test_compares_with_the_grades_of_today(self):
        run = self.make_run()
        run.action_score()
        lines = self.by_name(run)
        self.assertEqual(
            {name: line.movement for name, line in lines.items()},
            {"better": "up", "same": "same", "worse": "down", "first": "first", "unknown": "unknown"},
        )
        self.assertEqual(
            {name: line.rating_id for name, line in lines.items() if line.score_known},
            {
                "better": self.grades["A"],
                "same": self.grades["B"],
                "worse": self.grades["E"],
                "first": self.grades["D"],
            },
        )
        self.assertEqual(
            (run.up_count, run.down_count, run.same_count, run.first_count, run.unknown_count),
            (1, 1, 1, 1, 1),
        )
        self.assertEqual((run.customer_count, run.open_count), (5, 4))
        self.assertEqual(run.scored_by_id, self.controller)
        better = lines["better"]
        self.assertEqual((better.former_limit_set, better.former_limit), (True, 1000))
        self.assertEqual(better.proposed_days, 60)
        self.assertEqual(better.detail[0]["measured"], 2)
        self.assertIn("2.0 days", better.detail_html)
        self.assertFalse(lines["first"].former_limit_set)
        self.assertFalse(lines["unknown"].limit_known)

    def test_agrees_with_the_score_of_one(self):
        run = self.make_run()
        run.action_score()
        for line in run.line_ids:
            score = self.score(line.partner_id)
            self.assertEqual(line.score_known, score.score is not None)
            self.assertAlmostEqual(line.score, score.score or 0)
            self.assertEqual(line.proposed_limit, score.proposed_limit or 0)
            self.assertEqual(line.formula, score.formula)

    def test_writes_scores_but_decides_nothing(self):
        run = self.make_run()
        run.action_score()
        profile = self.profiles._find([(self.customers["worse"].id, self.company.id)])
        self.assertEqual((profile.score, profile.score_date), (0, self.today))
        self.assertEqual((profile.rating_id, profile.limit), (self.grades["A"], 1000))

    def test_only_tags(self):
        tag = self.env["res.partner.category"].create({"name": "Key account"})
        self.customers["same"].category_id = tag
        run = self.make_run(category_ids=tag.ids)
        run.action_score()
        self.assertEqual(run.line_ids.partner_id, self.customers["same"])

    def test_scored_run_stays(self):
        run = self.make_run()
        run.action_score()
        for change in ({"date": self.day(1)}, {"state": "draft"}, {"company_id": self.company.id}):
            with self.assertRaises(UserError):
                run.write(change)
        with self.assertRaises(UserError):
            run.action_score()
        with self.assertRaises(AccessError):
            run.line_ids.write({"proposed_limit": 1})
        with self.assertRaises(AccessError):
            self.make_run(state="done")

    def test_no_day_in_the_future(self):
        with self.assertRaises(UserError):
            self.make_run(date=self.day(-1)).action_score()

    def test_who_scores(self):
        run = self.make_run()
        for user in (self.auditor, self.collector, self.credit_user, self.salesperson):
            with self.subTest(user.login), self.assertRaises(AccessError):
                run.with_user(user).action_score()
            with self.subTest(user.login), self.assertRaises(AccessError):
                self.make_run(user)
        run.action_score()
        for user in (self.auditor, self.credit_user):
            with self.subTest(user.login), self.assertRaises(AccessError):
                run.line_ids.with_user(user).action_accept()
        self.assertTrue(run.with_user(self.auditor).line_ids.mapped("formula"))

    def test_accepted_lines_become_reviews(self):
        run = self.make_run()
        run.action_score()
        lines = self.by_name(run)
        action = (lines["better"] | lines["first"]).with_user(self.manager).action_accept()
        reviews = self.env["ar.credit.review"].search(action["domain"])
        self.assertEqual(reviews.partner_id, self.customers["better"] | self.customers["first"])
        self.assertEqual(set(reviews.mapped("state")), {"approved"})
        profile = self.profiles._find([(self.customers["better"].id, self.company.id)])
        self.assertEqual(
            (profile.rating_id, profile.limit), (self.grades["A"], lines["better"].proposed_limit)
        )
        self.assertEqual(lines["better"].state, "accepted")
        self.assertEqual(lines["first"].profile_id.partner_id, self.customers["first"])
        with self.assertRaises(UserError):
            lines["better"].with_user(self.manager).action_accept()
        with self.assertRaises(UserError):
            run.with_user(self.manager).unlink()

    def test_very_many_are_accepted_in_the_background(self):
        module = "odoo.addons.ar_credit_control.models.score.ar_credit_score_run_line"
        self.patch(sys.modules[module], "ACCEPT_AT_ONCE", 2)
        self.patch(sys.modules[module], "ACCEPT_BATCH", 3)
        run = self.make_run()
        run.action_score()
        run.with_user(self.manager).action_accept_all()
        self.assertEqual(len(run.line_ids.filtered(lambda line: line.state == "queued")), 4)
        reviews = self.env["ar.credit.review"].search([("source", "=", "mass")])
        self.assertFalse(reviews)
        with self.enter_registry_test_mode():
            self.env.ref("ar_credit_control.cron_accept_scores").method_direct_trigger()
        self.env.invalidate_all()
        reviews = self.env["ar.credit.review"].search([("source", "=", "mass")])
        self.assertEqual(len(reviews), 4)
        self.assertEqual(set(reviews.mapped("state")), {"approved"})
        self.assertEqual(reviews.decided_by_id, self.manager)
        self.assertEqual(run.open_count, 0)

    def test_who_lost_the_right_accepts_nothing_in_the_background(self):
        run = self.make_run()
        run.action_score()
        run.line_ids.filtered(lambda line: line.state == "open").with_user(
            self.controller
        )._queue_acceptance()
        self.controller.group_ids -= self.env.ref("ar_credit_control.group_credit_controller")
        with self.enter_registry_test_mode():
            self.env.ref("ar_credit_control.cron_accept_scores").method_direct_trigger()
        self.env.invalidate_all()
        self.assertEqual(run.sudo().open_count, 4)
        self.assertFalse(self.env["ar.credit.review"].search([("source", "=", "mass")]))

    def test_who_scored_does_not_approve(self):
        run = self.make_run(self.manager)
        run.action_score()
        run.action_accept_all()
        reviews = self.env["ar.credit.review"].search([("source", "=", "mass")])
        self.assertEqual(len(reviews), 4)
        self.assertEqual(set(reviews.mapped("state")), {"submitted"})

    def test_left_lines(self):
        run = self.make_run()
        run.action_score()
        line = self.by_name(run)["worse"]
        line.action_leave()
        self.assertEqual(line.state, "left")
        line.action_reopen()
        self.assertEqual(line.state, "open")
        self.by_name(run)["unknown"].action_leave()
        self.assertEqual(self.by_name(run)["unknown"].state, "unknown")

    def test_statements_do_not_grow_with_customers(self):
        counts = []
        for tag_all in (False, True):
            tag = self.env["res.partner.category"].create({"name": f"Tag {tag_all}"})
            chosen = list(self.customers.values()) if tag_all else [self.customers["same"]]
            for partner in chosen:
                partner.category_id |= tag
            run = self.make_run(category_ids=tag.ids).sudo()
            self.env.flush_all()
            self.env.invalidate_all()
            before = self.env.cr.sql_log_count
            run._score_portfolio()
            self.env.flush_all()
            counts.append(self.env.cr.sql_log_count - before)
        self.assertLessEqual(counts[1], counts[0] + 1)
        self.assertLessEqual(counts[1], 35)

    def test_other_companies_are_left_out(self):
        other = self.env["res.company"].create({"name": "Other"})
        run = self.env["ar.credit.score.run"].create({"company_id": other.id})
        run.action_score()
        self.assertFalse(run.line_ids)
        self.assertEqual(run.state, "done")
        with self.assertRaises(AccessError):
            run.with_user(self.controller).read(["date"])
