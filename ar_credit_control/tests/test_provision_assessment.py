from datetime import timedelta

from psycopg2 import IntegrityError

from odoo.exceptions import AccessError, UserError
from odoo.fields import Command
from odoo.tests import tagged
from odoo.tools import mute_logger

from .common_provision import ProvisionCase


@tagged("post_install", "-at_install")
class TestProvisionAssessment(ProvisionCase):
    """What is expected from one customer takes the place of the matrix."""

    def assess(self, approve=True, user=None, **values):
        assessment = (
            self.env["ar.provision.assessment"]
            .with_user(user or self.controller)
            .create(
                {
                    "partner_id": self.customer.id,
                    "company_id": self.company.id,
                    "date_from": self.today,
                    "reason": "Insolvency opened",
                    **values,
                }
            )
        )
        if approve:
            assessment.action_submit()
            assessment.with_user(self.manager).action_approve()
        return assessment

    def flow(self, days, amount, probability=100):
        return Command.create(
            {"date": self.today + timedelta(days=days), "amount": amount, "probability": probability}
        )

    def test_security_of_who_is_assessed(self):
        """The assessor sees what securities cover: no run takes it off an individual assessment."""
        securities = self.env["ar.credit.security"].with_user(self.controller)
        terms = {"partner_id": self.customer.id, "date_from": self.today - timedelta(days=100)}
        securities = securities.create(
            [
                {**terms, "kind": "deposit", "amount": 200},
                {**terms, "kind": "deposit", "amount": 300, "date_to": self.today - timedelta(days=1)},
            ]
        )
        self.env.flush_all()
        self.env.cr.execute(
            "UPDATE ar_credit_security SET state = 'valid' WHERE id = ANY (%s)", [securities.ids]
        )
        self.env.invalidate_all()
        self.make_invoice(1_000, 10)
        assessment = self.assess(method="rate", rate=40)
        for user in (self.controller, self.auditor, self.accountant):
            self.assertEqual(assessment.with_user(user).security_amount, 200)
        self.assertEqual(assessment.loss_amount, 400)
        run = self.make_run(post=False)
        self.assertEqual((run.covered, run.amount), (0, 400))
        other = self.assess(approve=False, partner_id=self.make_partner("Without").id)
        self.assertEqual(other.security_amount, 0)

    def test_probability_and_discount_by_hand(self):
        # 1,000 in a year at 80 %, discounted at 10 %: 800 / 1.1 = 727.27; 500 today at half: 250
        assessment = self.assess(
            discount_rate=10, flow_ids=[self.flow(365, 1_000, 80), self.flow(0, 500, 50)]
        )
        self.assertEqual(assessment.flow_ids.sorted("date").mapped("present_value"), [250, 727.27])
        self.assertAlmostEqual(assessment.expected_amount, 977.27, 2)
        self.make_invoice(2_000, 40)
        self.make_invoice(1_000, 5)
        assessment.invalidate_recordset()
        self.assertEqual(assessment.open_amount, 3_000)
        self.assertAlmostEqual(assessment.loss_amount, 2_022.73, 2)
        run = self.make_run(post=False)
        self.assertEqual(run.amount, 2_022.73)
        self.assertEqual(set(run.line_ids.mapped("treatment")), {"individual"})
        # two thirds of 2,022.7273 on the older item, the rest on the other
        self.assertEqual(sorted(run.line_ids.mapped("amount")), [674.25, 1_348.48])

    def test_loss_rate(self):
        self.make_invoice(2_000, 40)
        self.assess(method="rate", rate=12.5)
        self.assertEqual(self.make_run(post=False).amount, 250)

    def test_more_expected_than_owed_is_no_gain(self):
        self.make_invoice(100, 40)
        self.assess(flow_ids=[self.flow(10, 500)])
        self.assertEqual(self.make_run(post=False).amount, 0)

    def test_nothing_expected_is_all_lost(self):
        self.make_invoice(100, -10)
        self.assess()
        self.assertEqual(self.make_run(post=False).amount, 100)

    def test_draft_and_ended_assessments_do_not_count(self):
        self.make_invoice(1_000, 10)
        assessment = self.assess(approve=False, method="rate", rate=50)
        self.assertEqual(self.make_run(post=False).amount, 16)
        assessment.action_submit()
        assessment.with_user(self.manager).action_approve()
        self.assertEqual(self.make_run(post=False).amount, 500)
        assessment.with_user(self.manager).date_to = self.today
        self.assertEqual(self.make_run(post=False).amount, 500)
        later = self.make_run(self.today + timedelta(days=1), post=False)
        self.assertEqual(later.amount, 16)

    def test_newest_counts(self):
        self.make_invoice(1_000, 10)
        self.assess(method="rate", rate=50, date_from=self.today - timedelta(days=5))
        self.assess(method="rate", rate=70)
        self.assertEqual(self.make_run(post=False).amount, 700)

    def test_contact_stands_for_its_company(self):
        self.assertEqual(self.assess(partner_id=self.contact.id).partner_id, self.customer)

    def test_four_eyes(self):
        with self.assertRaises(AccessError):
            self.assess(approve=False).with_user(self.auditor).action_submit()
        own = self.assess(approve=False, user=self.manager)
        own.with_user(self.controller).action_submit()
        with self.assertRaises(AccessError):
            own.with_user(self.manager).action_approve()
        with self.assertRaises(AccessError):
            self.assess(approve=False, state="approved")

    def test_approved_terms_are_fixed(self):
        assessment = self.assess(flow_ids=[self.flow(30, 100)])
        with self.assertRaises(AccessError):
            assessment.with_user(self.controller).discount_rate = 5
        with self.assertRaises(UserError):
            assessment.flow_ids.with_user(self.controller).amount = 5
        with self.assertRaises(UserError):
            assessment.with_user(self.controller).action_cancel()
        with self.assertRaises(UserError):
            assessment.unlink()

    def test_what_is_not_submitted(self):
        for values in ({"reason": " "}, {"flow_ids": [self.flow(-3, 100)]}):
            with self.subTest(values=values), self.assertRaises(UserError):
                self.assess(**values)
        for values in (
            {"rate": 101},
            {"discount_rate": -1},
            {"date_to": self.today - timedelta(days=1)},
            {"flow_ids": [self.flow(3, 100, 101)]},
            {"flow_ids": [self.flow(3, -1)]},
        ):
            with (
                self.subTest(values=values),
                mute_logger("odoo.sql_db"),
                self.assertRaises(IntegrityError),
                self.env.cr.savepoint(),
            ):
                self.assess(approve=False, **values)
                self.env.flush_all()

    def test_opened_from_customer_and_profile(self):
        assessments = self.env["ar.provision.assessment"].with_user(self.controller)
        action = assessments.action_assess(self.contact.id)
        self.assertEqual(action["context"]["default_partner_id"], self.customer.id)
        self.assertEqual(action["views"], [(False, "form")])
        assessment = self.assess()
        profile = self.make_profile(self.customer).with_user(self.controller)
        found = assessments.search(profile.action_provision_assess()["domain"])
        self.assertEqual(found, assessment)
        with self.assertRaises(AccessError):
            assessments.with_user(self.collector).action_assess(self.customer.id)

    def test_who_prepared_it_does_not_prolong_it(self):
        assessment = self.assess(method="rate", rate=1, date_to=self.today)
        for date in (False, self.today + timedelta(days=365)):
            with self.assertRaises(AccessError):
                assessment.with_user(self.controller).date_to = date
        assessment.with_user(self.manager).date_to = self.today + timedelta(days=30)
        self.assertEqual(assessment.date_to, self.today + timedelta(days=30))
