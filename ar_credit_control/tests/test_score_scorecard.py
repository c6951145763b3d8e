"""Scores, grades, proposed limits: worked by hand; statements, reports, answers, roles, companies."""

from contextlib import contextmanager
from datetime import date

from odoo.exceptions import AccessError, UserError, ValidationError
from odoo.fields import Command
from odoo.tests import tagged
from odoo.tools import mute_logger

from .common_score import ScoreCase

STATEMENT = {
    "current_assets": 300,
    "total_assets": 1000,
    "current_liabilities": 200,
    "total_debt": 350,
    "equity": 400,
    "sales": 2000,
    "ebit": 90,
    "interest": 30,
    "profit": 40,
}


@tagged("post_install", "-at_install")
class TestScorecard(ScoreCase):
    @classmethod
    def statement(cls, partner=None, **values):
        return cls.env["ar.credit.financial"].create(
            {
                "partner_id": (partner or cls.customer).id,
                "company_id": cls.company.id,
                "fiscal_year_end": cls.day(200),
                "currency_id": cls.company.currency_id.id,
                **STATEMENT,
                **values,
            }
        )

    @classmethod
    def report(cls, points, age=10, partner=None, **values):
        return cls.env["ar.credit.agency.report"].create(
            {
                "partner_id": (partner or cls.customer).id,
                "company_id": cls.company.id,
                "provider": "Agency",
                "date": cls.day(age),
                "points": points,
                "currency_id": cls.company.currency_id.id,
                **values,
            }
        )

    def keep(self, *measures, **weights):
        """Reduce the scorecard to some measures."""
        for criterion in self.scorecard.criterion_ids:
            criterion.active = criterion.measure in measures
            if criterion.measure in weights:
                criterion.weight = weights[criterion.measure]

    @contextmanager
    def assertRefused(self, words):
        """The database is as before: other than assertRaisesRegex, assertRaises has a savepoint."""
        with self.assertRaises(ValidationError) as caught:
            yield
        self.assertIn(words, str(caught.exception))

    def line(self, score, measure):
        criterion = self.scorecard.criterion_ids.filtered(lambda criterion: criterion.measure == measure)
        return next(line for line in score.lines if line["criterion_id"] == criterion.id)

    # ------------------------------------------------------------------
    # Score and grade
    # ------------------------------------------------------------------

    def test_default_scorecard_weighs_one_hundred(self):
        self.assertEqual(sum(self.scorecard.criterion_ids.mapped("weight")), 100)
        self.assertEqual(self.scorecards._create_missing(), self.scorecards)

    def test_update_leaves_scorecards_in_use_as_they_are(self):
        lost = self.scorecard.criterion_ids.filtered(lambda line: line.measure == "written_off_share")
        self.assertEqual((lost.weight, lost.weight_share), (10, 10))
        lost.unlink()
        self.assertFalse(self.scorecards._create_missing())
        self.assertNotIn("written_off_share", self.scorecard.criterion_ids.mapped("measure"))

    def test_new_company_has_a_scorecard(self):
        company = self.env["res.company"].create({"name": "New"})
        self.assertEqual(len(self.scorecards._get_for(company).criterion_ids), 14)

    def test_weighted_points(self):
        # paid 15 days late: 70 points at weight 20; all of it late: 20 points at weight 10;
        # (20 × 70 + 10 × 20) ÷ 30 = 53.33: grade D
        self.keep("weighted_delay", "late_share", late_share=10)
        self.receive(self.bill(1000, 60), 15)
        score = self.score()
        self.assertAlmostEqual(score.score, 53.33, 2)
        self.assertEqual(score.rating, self.grades["D"])

    def test_unknown_left_out_or_counted(self):
        self.keep("weighted_delay", "agency_points", weighted_delay=40, agency_points=10)
        self.receive(self.bill(1000, 60), 15)
        self.assertAlmostEqual(self.score().score, 70)
        criterion = self.scorecard.criterion_ids.filtered(lambda line: line.measure == "agency_points")
        criterion.write({"unknown": "points", "unknown_points": 20})
        # (40 × 70 + 10 × 20) ÷ 50 = 60
        self.assertAlmostEqual(self.score().score, 60)

    def test_too_little_known_is_no_score(self):
        self.bill(1000, 1)
        score = self.score()
        self.assertIsNone(score.score)
        self.assertTrue(score.rating.is_unrated)
        self.assertIsNone(score.proposed_limit)

    def test_bounds_belong_to_the_band_they_begin(self):
        self.keep("longest_delay")
        self.receive(self.bill(1000, 60), 22)  # 8 days late: the band from 8
        self.assertEqual(self.line(self.score(), "longest_delay")["points"], 85)

    def test_best_grade_that_the_score_reaches(self):
        self.keep("agency_points")
        for points, letter in (
            (85, "A"),
            (84.9, "B"),
            (70, "B"),
            (55, "C"),
            (40, "D"),
            (39.9, "E"),
            (0, "E"),
        ):
            report = self.report(points)
            self.assertEqual(self.score().rating, self.grades[letter], points)
            report.active = False

    def test_no_scorecard(self):
        self.scorecard.active = False
        with self.assertRaises(UserError):
            self.score()

    # ------------------------------------------------------------------
    # Statements
    # ------------------------------------------------------------------

    def test_ratios(self):
        statement = self.statement()
        # 300 ÷ 200; 350 ÷ 1,000; 90 ÷ 30; 400 ÷ 1,000
        self.assertAlmostEqual(statement.current_ratio, 1.5)
        self.assertAlmostEqual(statement.debt_share, 35)
        self.assertAlmostEqual(statement.interest_cover, 3)
        self.assertAlmostEqual(statement.equity_share, 40)
        score = self.score()
        measured = {
            name: self.line(score, name)["measured"]
            for name in ("current_ratio", "debt_share", "interest_cover", "equity_share")
        }
        self.assertEqual(
            measured, {"current_ratio": 1.5, "debt_share": 35, "interest_cover": 3, "equity_share": 40}
        )
        points = [self.line(score, name)["points"] for name in measured]
        self.assertEqual(points, [75, 80, 50, 80])

    def test_ratio_without_its_figures_is_unknown(self):
        ratios = self.env["ar.credit.financial"]._get_ratios(
            {**dict.fromkeys(STATEMENT, 0.0), "sales": 100, "ebit": 10}
        )
        self.assertEqual(set(ratios.values()), {None})

    def test_nothing_to_cover(self):
        figures = {**STATEMENT, "interest": 0, "total_debt": 0}
        self.assertEqual(self.env["ar.credit.financial"]._get_ratios(figures)["interest_cover"], 99)
        figures["total_debt"] = 10  # interest was not typed
        self.assertIsNone(self.env["ar.credit.financial"]._get_ratios(figures)["interest_cover"])

    def test_contradictions_are_refused_with_words(self):
        for values, words in (
            ({"current_assets": 1001}, "Current assets exceed"),
            ({"equity": 1001}, "Equity exceeds"),
            ({"current_liabilities": 601}, "Current liabilities exceed"),
            ({"total_debt": 601}, "debt exceeds"),
            ({"total_assets": -1}, "cannot be negative"),
            ({"total_assets": 0}, "Total assets are missing"),
            (dict.fromkeys(STATEMENT, 0), "at least"),
            ({"fiscal_year_end": self.day(-1)}, "future"),
        ):
            with self.subTest(words), self.assertRefused(words):
                self.statement(**values)

    def test_negative_equity_is_possible(self):
        self.keep("equity_share")
        self.statement(equity=-100, current_liabilities=900)
        self.assertAlmostEqual(self.line(self.score(), "equity_share")["measured"], -10)
        self.assertEqual(self.score().score, 0)

    def test_newest_statement_counts_until_it_is_too_old(self):
        self.statement(fiscal_year_end=self.months_before(25), equity=100)
        self.assertIsNone(self.line(self.score(), "equity_share")["measured"])
        self.statement(fiscal_year_end=self.months_before(14), equity=200)
        self.statement(fiscal_year_end=self.months_before(20), equity=300)
        self.assertAlmostEqual(self.line(self.score(), "equity_share")["measured"], 20)

    def test_one_statement_a_year(self):
        statement = self.statement()
        with self.assertRefused("already"):
            self.statement()
        statement.active = False
        self.statement()

    def test_knowledge_belongs_to_the_company_of_a_contact(self):
        statement = self.statement(partner=self.contact)
        self.assertEqual(statement.partner_id, self.customer)

    def test_knowledge_is_not_deleted(self):
        for record in (self.statement(), self.report(50)):
            with self.assertRaises(UserError):
                record.unlink()

    # ------------------------------------------------------------------
    # Agency reports and answers
    # ------------------------------------------------------------------

    def test_expired_report_does_not_count(self):
        self.keep("agency_points")
        self.report(90, age=400)
        self.assertIsNone(self.score().score)
        report = self.report(60, age=100, date_expiry=self.day(0))
        self.assertEqual(self.score().score, 60)
        self.assertEqual(report.state, "valid")
        report.date_expiry = self.day(1)
        self.assertIsNone(self.score().score)
        self.assertEqual(report.state, "expired")

    def test_file_of_a_report_is_read_by_who_reads_the_report(self):
        attachment = self.env["ir.attachment"].with_user(self.controller).create({"name": "r", "raw": b"x"})
        self.env["ar.credit.agency.report"].with_user(self.controller).create(
            {
                "partner_id": self.customer.id,
                "company_id": self.company.id,
                "provider": "Agency",
                "points": 50,
                "attachment_ids": attachment.ids,
            }
        )
        self.assertTrue(attachment.with_user(self.manager).has_access("read"))
        self.assertFalse(attachment.with_user(self.credit_user).has_access("read"))

    def test_newest_report_counts(self):
        self.keep("agency_points")
        self.report(60, age=5)
        self.report(90, age=50)
        self.assertEqual(self.score().score, 60)

    def test_search_by_validity(self):
        old, new = self.report(90, age=400), self.report(60)
        reports = self.env["ar.credit.agency.report"]
        of_customer = [("partner_id", "=", self.customer.id)]
        self.assertEqual(reports.search([*of_customer, ("state", "=", "valid")]), new)
        self.assertEqual(reports.search([*of_customer, ("state", "!=", "valid")]), old)

    def test_newest_answer_counts(self):
        self.keep("answer")
        question = self.scorecard.criterion_ids[0]
        answers = self.env["ar.credit.answer"].with_user(self.controller)
        good, mixed = (question.choice_ids.filtered(lambda c, p=p: c.points == p) for p in (75, 40))
        for choice, age in ((good, 30), (mixed, 5)):
            answer = answers.create(
                {
                    "partner_id": self.customer.id,
                    "company_id": self.company.id,
                    "criterion_id": question.id,
                    "choice_id": choice.id,
                    "date": self.day(age),
                    "user_id": self.manager.id,
                }
            )
            self.assertEqual(answer.user_id, self.controller, "who answers signs")
        self.assertEqual(self.score().score, 40)
        with self.assertRaises(ValidationError):
            answers.create(
                {
                    "partner_id": self.customer.id,
                    "criterion_id": question.id,
                    "choice_id": self.scorecard.criterion_ids[1].choice_ids[0].id,
                }
            )

    # ------------------------------------------------------------------
    # Limit and days
    # ------------------------------------------------------------------

    def propose(self, rating, **figures):
        facts = {
            "peak_month": 0.0,
            "average_month": 0.0,
            "peak_balance": 0.0,
            "equity": None,
            "limit_now": None,
            "agency_limit": None,
            **figures,
        }
        words = self.env["ar.credit.scorecard"]._get_words(self.company)
        return self.scorecard._propose_limit(self.grades[rating], facts, words)

    def test_limit_by_factor_and_base(self):
        self.assertEqual(self.propose("B", peak_month=10000)[0], 15000)
        self.scorecard.limit_base = "average_month"
        self.assertEqual(self.propose("B", peak_month=10000, average_month=4000)[0], 6000)
        self.scorecard.limit_base = "peak_balance"
        self.assertEqual(self.propose("A", peak_balance=4000)[0], 6000, "2 × 4,000, at most 50 % above 4,000")

    def test_limit_capped_by_equity(self):
        limit, formula = self.propose("A", peak_month=90000, equity=1500000)
        self.assertEqual(limit, 150000)
        self.assertIn("10 % of equity", formula)
        self.assertEqual(self.propose("A", peak_month=90000, equity=-5)[0], 0)
        self.scorecard.equity_cap_percent = 0
        self.assertEqual(self.propose("A", peak_month=90000, equity=1500000)[0], 180000)

    def test_limit_capped_by_history(self):
        # the larger of today's limit 40,000 and the highest balance 50,000, and half of it
        limit, formula = self.propose("A", peak_month=90000, limit_now=40000, peak_balance=50000)
        self.assertEqual(limit, 75000)
        self.assertIn("50 % above", formula)
        self.assertEqual(self.propose("A", peak_month=90000)[0], 180000, "nothing carried: no cap")
        self.scorecard.growth_cap_percent = 0
        self.assertEqual(self.propose("A", peak_month=90000, peak_balance=50000)[0], 180000)

    def test_limit_without_sales(self):
        self.assertIsNone(self.propose("A")[0])
        self.assertEqual(self.propose("A", agency_limit=12345)[0], 12000)
        self.scorecard.agency_limit = "ignore"
        self.assertIsNone(self.propose("A", agency_limit=12345)[0])
        self.scorecard.agency_limit = "cap"
        self.assertEqual(self.propose("A", peak_month=90000, agency_limit=12000)[0], 12000)

    def test_no_credit_is_a_limit_of_zero(self):
        self.assertEqual(self.propose("E", peak_month=90000)[0], 0)

    def test_rounding_never_makes_nothing(self):
        for limit, rounded in (
            (183450, 180000),
            (9870, 9800),
            (0.37, 0.37),
            (99.9, 99),
            (100000, 100000),
            (290000, 290000),
            (1, 1),
        ):
            self.assertAlmostEqual(self.scorecard._round_limit(limit), rounded, 2)
        self.scorecard.limit_digits = 0
        self.assertEqual(self.scorecard._round_limit(183450.256), 183450.26)

    def test_days_shortened_for_late_payers(self):
        self.keep("late_share")
        criterion = self.scorecard.criterion_ids
        criterion.band_ids.points = 75  # grade B whatever is late
        self.receive(self.bill(1000, 60), 15)  # 15 days late: not more than 15
        self.assertEqual(self.score().proposed_days, 45)
        self.bill(1000, 50)  # and 20 days overdue: 17.5 on average
        self.assertEqual(self.score().proposed_days, 30)
        self.scorecard.shorten_days_after = 0
        self.assertEqual(self.score().proposed_days, 45)

    def test_days_never_shortened_to_prepayment(self):
        self.keep("late_share")
        self.scorecard.criterion_ids.band_ids.points = 45  # grade D, below it only E without credit
        self.bill(1000, 90)
        self.assertEqual(self.score().proposed_days, 15)

    def test_formula_is_data_not_code(self):
        with self.assertRaises(ValueError):
            self.scorecard.limit_base = "__import__('os')"
        self.assertIn("10 %", self.scorecard.formula_text)
        self.assertIn("best month", self.scorecard.formula_text)

    def test_equity_in_another_currency(self):
        foreign = self.env["res.currency"].with_context(active_test=False).search([("name", "=", "JPY")])
        foreign.active = True
        self.env["res.currency.rate"].create(
            {"currency_id": foreign.id, "company_id": self.company.id, "name": date(2020, 1, 1), "rate": 100}
        )
        self.statement(currency_id=foreign.id)
        self.assertAlmostEqual(self.score().figures["equity"], 4)

    # ------------------------------------------------------------------
    # Criteria as data
    # ------------------------------------------------------------------

    def test_criteria_are_checked(self):
        criteria = self.env["ar.credit.criterion"]
        with self.assertRefused("already"):
            criteria.create(
                {
                    "scorecard_id": self.scorecard.id,
                    "measure": "trend",
                    "band_ids": [Command.create({"value_from": 0, "points": 1})],
                }
            )
        with self.assertRefused("answers"):
            criteria.create({"scorecard_id": self.scorecard.id, "measure": "answer", "name": "Why?"})
        trend = self.scorecard.criterion_ids.filtered(lambda criterion: criterion.measure == "trend")
        with self.assertRefused("bands"):
            trend.band_ids = [Command.clear()]

    def test_copy_is_complete(self):
        copy = self.scorecard.copy()
        self.assertEqual(len(copy.criterion_ids), 14)
        self.assertEqual(copy.criterion_ids[0].bands_text, self.scorecard.criterion_ids[0].bands_text)
        self.assertNotEqual(copy.name, self.scorecard.name)

    def test_own_name_and_default_name(self):
        criterion = self.scorecard.criterion_ids[0]
        default = criterion.name
        criterion.name = "Tardiness"
        self.assertEqual(criterion.name, "Tardiness")
        criterion.name = default
        self.assertFalse(criterion.custom_name)

    # ------------------------------------------------------------------
    # Set-based, roles, companies
    # ------------------------------------------------------------------

    def test_statements_do_not_grow_with_customers(self):
        partners = self.customer
        for number in range(5):
            partner = self.make_partner(f"Customer {number}")
            self.bill(100 * (number + 1), 60, partner=partner)
            self.statement(partner=partner)
            self.report(50 + number, partner=partner)
            partners |= partner
        self.bill(100, 60)
        self.statement()
        self.report(50)
        counts = []
        self.scorecards._score(partners, self.company)
        for customers in (self.customer, partners):
            self.env.flush_all()
            self.env.invalidate_all()
            before = self.env.cr.sql_log_count
            self.scorecards._score(customers, self.company)
            counts.append(self.env.cr.sql_log_count - before)
        self.assertEqual(counts[0], counts[1])
        self.assertLessEqual(counts[1], 20)

    def test_what_another_company_knows_does_not_count(self):
        other = self.env["res.company"].create({"name": "Other"})
        self.statement(company_id=other.id)
        self.report(99, company_id=other.id)
        score = self.score()
        self.assertIsNone(self.line(score, "equity_share")["measured"])
        self.assertIsNone(self.line(score, "agency_points")["measured"])

    @mute_logger("odoo.models")
    def test_who_may_do_what(self):
        statement, report = self.statement(), self.report(50)
        for user, reads, writes, configures in (
            (self.manager, True, True, True),
            (self.controller, True, True, False),
            (self.auditor, True, False, False),
            (self.collector, False, False, False),
            (self.credit_user, False, False, False),
            (self.salesperson, False, False, False),
        ):
            with self.subTest(user.login):
                for record in (statement, report):
                    self.assertEqual(record.with_user(user).has_access("read"), reads)
                    self.assertEqual(record.with_user(user).has_access("write"), writes)
                    self.assertFalse(record.with_user(user).has_access("unlink"))
                self.assertEqual(self.scorecard.with_user(user).has_access("read"), reads)
                self.assertEqual(self.scorecard.with_user(user).has_access("write"), configures)

    def test_score_now(self):
        profile = self.make_profile(self.customer)
        self.receive(self.bill(1000, 60), 15)
        for user in (self.auditor, self.collector, self.credit_user):
            with self.subTest(user.login), self.assertRaises(AccessError):
                profile.with_user(user).action_score_now()
        profile.with_user(self.controller).action_score_now()
        self.assertEqual(profile.score_date, self.today)
        self.assertAlmostEqual(profile.score, self.score().score)
        self.assertIn("15.0 days", profile.score_html)
        self.assertFalse(profile.limit_set, "a score decides nothing")

    def test_salesperson_sees_the_score_but_not_what_agencies_say(self):
        self.customer.user_id = self.credit_user
        profile = self.make_profile(self.customer)
        self.receive(self.bill(1000, 60), 15)
        profile.action_score_now()
        own = profile.with_user(self.credit_user)
        self.assertTrue(own.read(["score"])[0]["score"])
        for name in ("score_html", "score_detail", "score_formula", "statement_count"):
            with self.subTest(name), self.assertRaises(AccessError):
                own.read([name])

    def test_nobody_types_a_score(self):
        profile = self.make_profile(self.customer)
        for values in ({"score": 99}, {"score_date": self.today}, {"score_detail": []}):
            with self.subTest(values), self.assertRaises(AccessError):
                profile.with_user(self.manager).write(values)

    def test_answered_question_is_archived_not_deleted(self):
        question = self.scorecard.criterion_ids.filtered(lambda criterion: criterion.measure == "answer")
        answered, other = question
        self.env["ar.credit.answer"].create(
            {
                "partner_id": self.customer.id,
                "company_id": self.company.id,
                "criterion_id": answered.id,
                "choice_id": answered.choice_ids[0].id,
            }
        )
        question.with_user(self.manager).unlink()
        self.assertTrue(answered.exists())
        self.assertFalse(answered.active)
        self.assertFalse(other.exists())

    def test_question_of_another_company_cannot_be_answered(self):
        other = self.env["res.company"].create({"name": "Other"})
        question = self.scorecards._get_for(other).criterion_ids[-1]
        with self.assertRefused("no question of"):
            self.env["ar.credit.answer"].create(
                {
                    "partner_id": self.customer.id,
                    "company_id": self.company.id,
                    "criterion_id": question.id,
                    "choice_id": question.choice_ids[0].id,
                }
            )

    def test_merge_of_customers_loses_nothing(self):
        other = self.make_partner("Kornmann Aktiengesellschaft")
        statement, report = self.statement(partner=other), self.report(70, partner=other)
        self.statement()
        run = self.env["ar.credit.score.run"].create({"company_id": self.company.id})
        self.make_profile(other)
        run.action_score()
        line = run.line_ids.filtered(lambda line: line.partner_id == other)
        self.env["base.partner.merge.automatic.wizard"]._merge(
            (other | self.customer).ids, self.customer, extra_checks=False
        )
        self.env.invalidate_all()
        self.assertEqual(statement.partner_id, self.customer)
        self.assertEqual(report.partner_id, self.customer)
        self.assertEqual(line.partner_id, self.customer)
        self.assertAlmostEqual(self.score().figures["agency_points"], 70)

    def test_score_text_is_escaped(self):
        self.scorecard.criterion_ids.filtered(lambda c: c.measure == "trend").name = "<script>x</script>"
        profile = self.make_profile(self.customer)
        self.receive(self.bill(1000, 60), 15)
        profile.action_score_now()
        self.assertIn("&lt;script&gt;", profile.score_html)
        self.assertNotIn("<script>", profile.score_html)
