from odoo.tests import tagged

from .common_database import OwnDatabaseCase
from .common_score import ScoreCase


@tagged("post_install", "-at_install")
class TestReviewMass(ScoreCase):
    """Lines of a portfolio score that are accepted become reviews, in bulk and by four eyes."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        for criterion in cls.scorecard.criterion_ids:
            criterion.active = criterion.measure == "weighted_delay"
        cls.director = cls.make_user("credit_dir", "ar_credit_control.group_credit_manager")

    def make_run(self, count, user=None):
        tag = self.env["res.partner.category"].create({"name": f"Run of {count}"})
        for number in range(count):
            partner = self.make_partner(f"{count}.{number}", category_id=tag.ids)
            self.receive(self.bill(1000 * (number + 1), 35, partner=partner), 3)
            self.make_profile(partner, 100)
        runs = self.env["ar.credit.score.run"].with_user(user or self.controller)
        run = runs.create({"company_id": self.company.id, "category_ids": tag.ids})
        run.action_score()
        return run

    def test_by_authority(self):
        run = self.make_run(4)
        limits = sorted(run.line_ids.mapped("proposed_limit"))
        self.env["ar.credit.authority"].sudo().create(
            [
                {"company_id": self.company.id, "user_id": user.id, "kind": "limit", "tier": tier, **vals}
                for user, tier, vals in (
                    (self.manager, 1, {"amount": limits[1]}),
                    (self.director, 2, {"unlimited": True}),
                )
            ]
        )
        reviews = self.env["ar.credit.review"].with_user(self.manager)._create_from_scores(run.line_ids)
        approved = reviews.filtered(lambda review: review.state == "approved")
        self.assertEqual(sorted(approved.mapped("decided_total")), limits[:2])
        self.assertEqual(approved.decided_by_id, self.manager)
        self.assertEqual(approved.approval_ids.user_id, self.manager)
        self.assertEqual(reviews.requester_id, self.controller)
        for review in approved:
            profile = review.profile_id
            self.assertEqual(
                (profile.limit, profile.rating_id, profile.last_review_id, profile.partner_id.credit_limit),
                (review.decided_limit, review.computed_rating_id, review, review.decided_limit),
            )
            self.assertEqual(review.former_limit, 100.0)
            self.assertTrue(review.line_ids)
            self.assertIn(review.name, "".join(profile.message_ids.mapped("body")))
        waiting = reviews - approved
        self.assertEqual(set(waiting.mapped("state")), {"submitted"})
        self.assertEqual(waiting.responsible_id, self.director)
        self.assertEqual(len(waiting.activity_ids), 2)
        self.assertEqual(set(waiting.profile_id.mapped("limit")), {100.0})
        waiting.with_user(self.director).action_approve()
        self.assertEqual(set(waiting.mapped("state")), {"approved"})

    def test_who_scored_does_not_decide(self):
        run = self.make_run(2, self.manager)
        reviews = self.env["ar.credit.review"].with_user(self.manager)._create_from_scores(run.line_ids)
        self.assertEqual(set(reviews.mapped("state")), {"submitted"})
        self.assertNotIn(self.manager, reviews.responsible_id)

    def test_statements_do_not_grow_with_customers(self):
        counts = []
        for number in (2, 12):
            run = self.make_run(number)
            self.env.flush_all()
            self.env.invalidate_all()
            before = self.env.cr.sql_log_count
            self.env["ar.credit.review"].with_user(self.manager)._create_from_scores(run.line_ids)
            self.env.flush_all()
            counts.append(self.env.cr.sql_log_count - before)
        self.assertLessEqual(counts[1], counts[0] + 12, counts)


SETUP = """
company = env.company
company.credit_review_lead_days = 0
Users = env['res.users'].with_context(no_reset_password=True)
def user(login):
    return Users.create({
        'name': login, 'login': login, 'company_id': company.id, 'company_ids': [(6, 0, company.ids)],
        'group_ids': [(6, 0, [env.ref('base.group_user').id,
                              env.ref('ar_credit_control.group_credit_manager').id])],
    })
first, second, asker = user('first'), user('second'), user('asker')
env['ar.credit.authority'].create([
    {'company_id': company.id, 'user_id': person.id, 'kind': 'limit', 'unlimited': True}
    for person in (first, second)
])
partners = env['res.partner'].create([{'name': f'Due {n}', 'is_company': True} for n in range(7)])
profiles = env['ar.credit.profile']._get_or_create(partners, company)
profiles.write({'limit': 100.0})
profiles.next_review_date = company._credit_today()
review = env['ar.credit.review'].with_user(asker).create(
    {'profile_id': profiles[0].id, 'decided_limit': 900.0, 'reason': 'Raced'})
review.action_submit()
env.cr.commit()
"""

# Both read the review as submitted, then both approve: the second must fail and be run again.
RACE = """
import os, sys, odoo.sql_db
from odoo.exceptions import UserError
from odoo.service.model import execute_cr
registry, review_id, users = env.registry, review.id, (first.id, second.id)
print('MADE', review_id)
sys.stdout.flush()
env.cr.close()
odoo.sql_db.close_all()
children = []
begin, go = os.pipe()
for uid in users:
    child = os.fork()
    if not child:
        os.close(go)
        os.read(begin, 1)
        try:
            with registry.cursor() as cr:
                execute_cr(cr, uid, 'ar.credit.review', 'action_approve', [[review_id]], {})
        except UserError:
            os._exit(2)
        except BaseException:
            import traceback
            traceback.print_exc()
            os._exit(1)
        os._exit(0)
    children.append(child)
os.close(begin)
os.close(go)
print('ENDED', *sorted(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) for child in children), flush=True)
os._exit(0)
"""

KILLED = """
import os
from odoo.addons.ar_credit_control.models.review import ar_credit_review_bulk as bulk
bulk.BATCH = 2
reviews = type(env['ar.credit.review'])
original = reviews._open_periodic
seen = []
def open_periodic(self, profiles):
    result = original(self, profiles)
    seen.append(1)
    if len(seen) == 3:
        os._exit(9)
    return result
reviews._open_periodic = open_periodic
env['ar.credit.review']._cron_open_periodic()
"""

TWICE = """
from odoo.addons.ar_credit_control.models.review import ar_credit_review_bulk as bulk
bulk.BATCH = 2
for _run in range(2):
    env['ar.credit.review']._cron_open_periodic()
"""


@tagged("post_install", "-at_install")
class TestReviewProcesses(OwnDatabaseCase):
    """Two people at once, and a schedule that is killed."""

    def test_at_once_and_killed(self):
        output = self.run_script(SETUP + RACE)
        review = next(line for line in output.splitlines() if line.startswith("MADE")).split()[1]
        with self.subTest("two approve at once: one does, the other is told"):
            self.assertIn("ENDED 0 2", output)
            approvals = self.query(
                "SELECT outcome FROM ar_credit_review_approval WHERE review_id = %s", review
            )
            self.assertEqual(approvals, [("approved",)])
        with self.subTest("killed in the third batch, each opens once"):
            process = self.start(KILLED)
            process.communicate(timeout=120)
            self.assertEqual(process.returncode, 9)
            opened = """SELECT profile_id, COUNT(*) FROM ar_credit_review
                         WHERE kind = 'periodic' AND starts_with(partner_name, 'Due ') GROUP BY 1"""
            self.assertEqual(len(self.query(opened)), 4, "two batches are committed")
            self.run_script(TWICE)
            rows = self.query(opened)
            self.assertEqual([count for _profile, count in rows], [1] * 6, "all but the one just decided")
