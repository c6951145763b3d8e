from odoo.fields import Command

from odoo.addons.account.tests.common import AccountTestInvoicingCommon

# Names of companies that a template database may hold for the tests, each with its chart of accounts.
PREPARED = "Prepared for tests"


class AccountingCase(AccountTestInvoicingCommon):
    """Odoo's accounting fixture, on prepared companies where the database has some left.

    Creating a company and loading its chart of accounts takes seconds for each class of tests. Without
    prepared companies they are created here, as Odoo's own tests do.
    """

    @classmethod
    def setUpClass(cls):
        # Odoo's own goes on to make products, taxes, partners and a user that no test here looks at.
        super(AccountTestInvoicingCommon, cls).setUpClass()
        cls.company_data = cls.collect_company_accounting_data(cls.env.company)
        bank, charts = cls.company_data["default_journal_bank"], cls.env["account.chart.template"]
        # Under the names that Odoo's fixtures for payments look for.
        cls.inbound_payment_method_line = bank.inbound_payment_method_line_ids[0]
        cls.inbound_payment_method_line.payment_account_id = charts.ref(
            "account_journal_payment_debit_account_id", raise_if_not_found=False
        )
        cls.outbound_payment_method_line = bank.outbound_payment_method_line_ids[0]
        cls.outbound_payment_method_line.payment_account_id = charts.ref(
            "account_journal_payment_credit_account_id", raise_if_not_found=False
        )

    @classmethod
    def _create_company(cls, **values):
        # sudo: the user of the tests belongs to no prepared company yet.
        prepared = cls.env["res.company"].sudo().search([("name", "=like", f"{PREPARED} %")], limit=1)
        if not prepared or values.keys() != {"name"} or cls.country_code or cls.chart_template:
            return super()._create_company(**values)
        prepared.write(values)
        cls.env.user.company_ids = [Command.link(prepared.id)]
        return prepared.with_env(cls.env)

    @classmethod
    def make_user(cls, login, groups, company=None):
        [user] = cls.make_users(company, **{login: groups})
        return user

    @classmethod
    def make_users(cls, company=None, **roles):
        """Users of a company, each by its login with the names of its groups, as ``new_test_user`` makes one.

        They are created together: one by one they take several times as long.
        """
        company = company or cls.env.company
        users = cls.env["res.users"].create(
            [
                {
                    "name": login,
                    "login": login,
                    "password": login.ljust(8, "x"),
                    "email": f"{login}@example.com",
                    "group_ids": [Command.set([cls.env.ref(group).id for group in groups.split(",")])],
                    "company_id": company.id,
                    "company_ids": [Command.set(company.ids)],
                }
                for login, groups in roles.items()
            ]
        )
        return list(users)

    @classmethod
    def set_rules(cls, company=None, **kinds):
        """Switch on one rule of each kind given, with these values, and no other; return them in order."""
        company = company or cls.env.company
        rules = cls.env["ar.credit.rule"]
        rules.search([("company_id", "=", company.id)]).active = False
        return rules.create(
            [{"company_id": company.id, "kind": kind, **values} for kind, values in kinds.items()]
        )

    @classmethod
    def get_rule(cls, kind, company=None):
        """The rule of a kind that is on."""
        company = company or cls.env.company
        return cls.env["ar.credit.rule"].search([("company_id", "=", company.id), ("kind", "=", kind)])
