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
    def _create_company(cls, **values):
        # sudo: the user of the tests belongs to no prepared company yet.
        prepared = cls.env["res.company"].sudo().search([("name", "=like", f"{PREPARED} %")], limit=1)
        if not prepared or values.keys() != {"name"} or cls.country_code or cls.chart_template:
            return super()._create_company(**values)
        prepared.write(values)
        cls.env.user.company_ids = [Command.link(prepared.id)]
        return prepared.with_env(cls.env)

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
