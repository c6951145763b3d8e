from odoo.fields import Command

from ..models.provision.provision_presets import ACCOUNTS
from .common_credit import CreditCase

# IFRS 9 illustrative example 12: the days on which buckets begin, and their loss rates in percent.
EXAMPLE_DAYS = (0, 1, 31, 61, 91)
EXAMPLE_RATES = (0.3, 1.6, 3.6, 6.6, 10.6)


class ProvisionCase(CreditCase):
    """A policy with the matrix of IFRS 9's example 12, its accounts, and an accountant."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.runs = cls.env["ar.provision.run"]
        cls.today = cls.company._credit_today()
        cls.accountant = cls.make_user("credit_book", "account.group_account_user")
        cls.allowance, cls.charge, cls.loss = cls.env["account.account"].create(
            [
                {"name": "Loss allowance", "code": "129901", "account_type": "asset_current"},
                {"name": "Impairment loss", "code": "699901", "account_type": "expense"},
                {"name": "Bad debts", "code": "699902", "account_type": "expense"},
            ]
        )
        cls.policy = cls.make_policy()

    @classmethod
    def make_policy(cls, days=EXAMPLE_DAYS, rates=EXAMPLE_RATES, **values):
        """A policy in use with an approved matrix of these rates, valid since 2000."""
        policy = cls.env["ar.provision.policy"].create(
            {
                "name": "IFRS 9",
                "company_id": cls.company.id,
                "standard": "ifrs9",
                "journal_id": cls.company_data["default_journal_misc"].id,
                "allowance_account_id": cls.allowance.id,
                "expense_account_id": cls.charge.id,
                "loss_account_id": cls.loss.id,
                "bucket_ids": [Command.create({"name": f"from {day}", "age_from": day}) for day in days],
                **values,
            }
        )
        cls.make_matrix(policy, rates)
        return policy

    @classmethod
    def make_matrix(cls, policy, rates, segment=None, approve=True, **values):
        """Rates for the buckets of a policy, oldest last; for a segment, too, where one is given."""
        matrix = cls.env["ar.provision.matrix"].create(
            {
                "policy_id": policy.id,
                "date_from": "2000-01-01",
                "reason": "Example 12",
                "rate_ids": [
                    Command.create({"bucket_id": bucket.id, "rate": rate})
                    for bucket, rate in zip(policy.bucket_ids.sorted("age_from"), rates, strict=True)
                ],
                **values,
            }
        )
        if approve:
            cls.approve(matrix)
        return matrix

    @classmethod
    def approve(cls, record):
        """Submit as the controller, approve as the manager."""
        record.with_user(cls.controller).action_submit()
        record.with_user(cls.manager).action_approve()

    @classmethod
    def make_run(cls, date=None, post=True, **values):
        """A run at a date, by default today's, computed; approved and posted where asked."""
        run = cls.runs.with_user(cls.controller).create(
            {"date": date or cls.today, "company_id": cls.company.id, **values}
        )
        run.action_compute()
        if post:
            cls.approve(run)
            run.action_post()
        return run.with_env(cls.env)

    @classmethod
    def allowance_at(cls, date=None, account=None):
        """What the ledger holds on the allowance account at the end of a day, positive."""
        cls.env.flush_all()
        lines = cls.env["account.move.line"].search(
            [
                ("account_id", "=", (account or cls.allowance).id),
                ("parent_state", "=", "posted"),
                ("date", "<=", date or cls.today),
            ]
        )
        return -sum(lines.mapped("balance"))


class PresetCase(CreditCase):
    """Policies made by their standard, on charts of any company."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.policies = cls.env["ar.provision.policy"]

    def make_company(self, chart, country):
        company = self.env["res.company"].create(
            {"name": f"With {chart}", "country_id": self.env.ref(f"base.{country}").id}
        )
        self.env.user.company_ids += company
        self.env["account.chart.template"]._load(chart, company, install_demo=False)
        self.manager.company_ids += company
        return company

    def codes(self, policy):
        accounts = self.env["account.account"].with_company(policy.company_id)
        return {
            name: accounts.browse(policy[name].id).code
            for name in ACCOUNTS.get(policy.company_id.chart_template, {})
        }

    def add(self, company, preset):
        manager = self.policies.with_user(self.manager).with_company(company)
        manager = manager.with_context(allowed_company_ids=company.ids)
        return manager._create_from_preset(company, preset)
