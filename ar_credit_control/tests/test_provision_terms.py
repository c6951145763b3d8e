from datetime import timedelta

from odoo.exceptions import AccessError
from odoo.fields import Command
from odoo.tests import tagged

from .common_writeoff import WriteoffCase


@tagged("post_install", "-at_install")
class TestProvisionTerms(WriteoffCase):
    """What decides on the loss beside the rates: tax, factors, least rates; who set it, what is kept."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.tax = cls.env["account.tax"].create(
            {"name": "19 %", "amount": 19, "amount_type": "percent", "type_tax_use": "sale"}
        )
        cls.second_manager = cls.make_user("credit_mgr_2", "ar_credit_control.group_credit_manager")

    def make_full_policy(self, **values):
        """The loss of everything, in the place of the policy in use."""
        self.policy.active = False
        self.env.flush_all()
        return self.make_policy(days=(0,), rates=(100,), **values)

    def change(self, record, **values):
        record.with_user(self.manager).write(values)

    # ------------------------------------------------------------------
    # Tax
    # ------------------------------------------------------------------

    def test_loss_without_tax_leaves_nothing_over(self):
        """1,190 with 190 of tax at 100 %: 1,000, and the write-off takes all of it."""
        self.company.writeoff_tax = "reverse"
        self.make_full_policy(net_of_tax=True)
        invoice = self.make_taxed_invoice(1_000, 100, self.tax)
        run = self.make_run()
        line = run.line_ids
        self.assertEqual((run.gross, run.amount), (1_190, 1_000))
        self.assertEqual((line.gross, line.rate, line.amount), (1_190, 100, 1_000))
        self.assertAlmostEqual(line.tax_share, 100 * 190 / 1_190)
        self.assertEqual(self.allowance_at(), 1_000)
        writeoff = self.write_off(invoice)
        self.assertBooked(writeoff, tax=190, provided=1_000, expense=0)
        self.assertEqual(self.allowance_at(), 0)
        self.assertEqual(self.make_run(post=False).change, 0)

    def test_gross_by_default(self):
        self.make_full_policy()
        self.make_taxed_invoice(1_000, 100, self.tax)
        run = self.make_run(post=False)
        self.assertEqual((run.amount, run.line_ids.tax_share), (1_190, 0))

    def test_cover_and_credits_without_tax(self):
        """The tax comes back on what is lost: neither on what is paid nor on what is covered."""
        self.make_full_policy(net_of_tax=True)
        self.make_taxed_invoice(1_000, 100, self.tax)
        self.make_receipt(595)
        security = (
            self.env["ar.credit.security"]
            .with_user(self.controller)
            .create(
                {
                    "partner_id": self.customer.id,
                    "company_id": self.company.id,
                    "kind": "deposit",
                    "amount": 119,
                    "date_from": self.today,
                }
            )
        )
        security.action_submit()
        security.with_user(self.manager).action_validate()
        run = self.make_run(post=False)
        self.assertEqual((run.gross, run.offset, run.covered), (595, 595, 119))
        # (1,190 - 595 - 119) / 1.19
        self.assertEqual(run.amount, 400)

    def test_individual_assessment_without_tax(self):
        self.make_full_policy(net_of_tax=True)
        self.make_taxed_invoice(1_000, 100, self.tax)
        assessment = (
            self.env["ar.provision.assessment"]
            .with_user(self.controller)
            .create(
                {
                    "partner_id": self.customer.id,
                    "reason": "Insolvent",
                    "flow_ids": [Command.create({"amount": 595, "date": self.today})],
                }
            )
        )
        self.approve(assessment)
        run = self.make_run(post=False)
        self.assertEqual((run.line_ids.treatment, run.amount), ("individual", 500))

    def test_switching_tax_off_is_no_exchange(self):
        """The comparison says what the switch changed, and sums."""
        policy = self.make_full_policy(net_of_tax=True)
        self.make_taxed_invoice(1_000, 100, self.tax)
        self.make_run(self.today - timedelta(days=10))
        policy.net_of_tax = False
        run = self.make_run(post=False)
        self.assertEqual((run.amount, run.compared_previous_amount), (1_190, 1_000))
        self.assertEqual((run.compared_gross_change, run.compared_exchange), (190, 0))

    # ------------------------------------------------------------------
    # What made the rate
    # ------------------------------------------------------------------

    def test_line_keeps_what_its_rate_was_made_of(self):
        rating = self.env["ar.credit.rating"].create({"name": "Bad", "provision_factor": 2})
        self.make_profile(self.customer).rating_id = rating
        self.policy.use_rating_factor = True
        self.make_matrix(
            self.policy, (1, 2, 3, 4, 5), factor=1.5, factor_reason="Worse", date_from="2001-01-01"
        )
        self.make_invoice(1_000, 40)
        run = self.make_run()
        rating.provision_factor = 9
        line = run.line_ids
        self.assertEqual((line.base_rate, line.rating_factor, line.outlook, line.rate), (3, 2, 1.5, 9))
        self.assertEqual(run.amount, 90)
        self.assertEqual(dict(run._describe_terms())["Factors of Ratings"], "Bad × 2.00")

    def test_terms_stay_as_the_run_was_computed(self):
        self.policy.write({"cover_rate": 0.5, "disputed_rate": 20, "default_days": 90, "default_rate": 25})
        self.make_invoice(1_000, 40)
        run = self.make_run()
        self.policy.write({"cover_rate": 9, "net_of_tax": True})
        terms = dict(run._describe_terms())
        self.assertEqual(terms["Rate of the Covered Part (%)"], "0.50")
        self.assertEqual(terms["Net of Recoverable Tax"], "No")
        self.assertEqual(terms["Default After (days past due)"], "90")
        self.assertIn("Least Rate if Disputed (%)", run.terms_table)
        html = run._render_html()
        self.assertIn("Rate of the Covered Part (%)", html)
        self.assertIn("0.50", html)

    def test_who_changed_the_terms_does_not_approve(self):
        """Since the last approved run; after one that another person approved, the slate is clean."""
        self.make_invoice(1_000, 40)
        rating = self.env["ar.credit.rating"].create({"name": "Bad"})
        changes = (
            (self.policy, {"cover_rate": 5}),
            (self.policy, {"default_days": 30, "default_rate": 100}),
            (self.policy, {"net_of_tax": True}),
            (rating, {"provision_factor": 9}),
        )
        self.policy.use_rating_factor = True
        for days, (record, values) in enumerate(changes):
            with self.subTest(**values):
                self.change(record, **values)
                run = self.make_run(self.today - timedelta(days=days), post=False)
                self.assertIn(self.manager, run.prepared_by_ids)
                run.with_user(self.controller).action_submit()
                with self.assertRaisesRegex(AccessError, "prepared"):
                    run.with_user(self.manager).action_approve()
                run.with_user(self.second_manager).action_approve()
                self.env["ar.provision.term.change"].sudo().search([]).changed_on = (
                    run.create_date - timedelta(days=1)
                )
                again = self.make_run(self.today - timedelta(days=days), post=False)
                self.assertNotIn(self.manager, again.prepared_by_ids)

    def test_changing_nothing_is_no_change(self):
        self.make_invoice(1_000, 40)
        self.change(self.policy, cover_rate=self.policy.cover_rate, name="IFRS 9, as ever")
        self.assertNotIn(self.manager, self.make_run(post=False).prepared_by_ids)

    def test_nobody_writes_who_changed_the_terms(self):
        self.change(self.policy, cover_rate=5)
        changes = self.env["ar.provision.term.change"].search([("policy_id", "=", self.policy.id)])
        self.assertEqual(changes.user_id, self.manager)
        for user in (self.manager, self.controller):
            with self.assertRaises(AccessError):
                changes.with_user(user).unlink()
            with self.assertRaises(AccessError):
                changes.with_user(user).changed_on = self.today

    # ------------------------------------------------------------------
    # IFRS 9
    # ------------------------------------------------------------------

    def test_preset_presumes_default_and_rates_who_covers(self):
        policy = (
            self.env["ar.provision.policy"].with_user(self.manager)._create_from_preset(self.company, "ifrs9")
        )
        self.assertEqual((policy.default_days, policy.default_rate, policy.cover_rate), (90, 25, 0.5))
        self.assertFalse(policy.net_of_tax)
        self.assertFalse(policy.lacks_rebuttal)
        self.assertFalse(self.env["ar.provision.term.change"].search([("policy_id", "=", policy.id)]))

    def test_preset_proposes_net_of_tax(self):
        policies = self.env["ar.provision.policy"]
        self.company.writeoff_tax = "reverse"
        self.assertTrue(policies._create_from_preset(self.company, "ifrs9").net_of_tax)
        self.company.writeoff_tax = "none"
        self.company.account_fiscal_country_id = self.env.ref("base.de")
        self.assertTrue(policies._create_from_preset(self.company, "ifrs9").net_of_tax)

    def test_presumption_is_rebutted_in_words(self):
        self.make_invoice(1_000, 40)
        run = self.make_run(post=False)
        self.assertTrue(self.policy.lacks_rebuttal)
        self.assertIn("90 days", run.warning)
        self.policy.default_rebuttal = "Public bodies pay late and always"
        run = self.make_run(post=False)
        self.assertNotIn("90 days", run.warning or "")
        self.assertEqual(
            dict(run._describe_terms())["Why Default Is Later"], "Public bodies pay late and always"
        )
        self.policy.write({"default_rebuttal": False, "default_days": 90})
        self.assertFalse(self.policy.lacks_rebuttal)

    def test_tax_that_comes_back_and_is_provided_for(self):
        self.make_taxed_invoice(1_000, 40, self.tax)
        self.company.writeoff_tax = "reverse"
        self.assertIn("Tax of written-off", self.make_run(post=False).warning)
        self.policy.net_of_tax = True
        self.assertNotIn("Tax of written-off", self.make_run(post=False).warning or "")

    def test_rates_older_than_a_year(self):
        self.make_invoice(1_000, 40)
        self.policy.default_days = 90
        self.assertIn("older than a year", self.make_run(post=False).warning)
        self.make_matrix(self.policy, (1, 2, 3, 4, 5), date_from=self.today - timedelta(days=300))
        self.assertFalse(self.make_run(post=False).warning)
