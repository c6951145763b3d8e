"""The exposure of a few customers is planned once per connection."""

from odoo.tests import TransactionCase, tagged
from odoo.tools import SQL

from odoo.addons.ar_credit_control.models.credit.ar_credit_exposure import MANY_CUSTOMERS
from odoo.addons.ar_credit_control.models.credit.planned_query import KEPT, PREFIX, Plan, execute_planned


@tagged("post_install", "-at_install")
class TestPlannedQuery(TransactionCase):
    def setUp(self):
        super().setUp()
        self.env.cr.execute("DEALLOCATE ALL")

    def _plans(self):
        self.env.cr.execute("SELECT name FROM pg_prepared_statements WHERE starts_with(name, %s)", [PREFIX])
        return [name for (name,) in self.env.cr.fetchall()]

    def _names(self, partners, salt=0):
        query = SQL("SELECT name FROM res_partner WHERE id = ANY($1) AND %s = %s ORDER BY id", salt, salt)
        query = SQL("%s%s", query, SQL(to_flush=partners._fields["name"]))
        return [name for (name,) in execute_planned(self.env, Plan(self.env, query), partners.ids)]

    def test_values_change_and_the_plan_stays(self):
        one, other = self.env["res.partner"].create([{"name": "100 % o'One"}, {"name": "Other"}])
        self.assertEqual(self._names(one), ["100 % o'One"])
        self.assertEqual(self._names(one | other), ["100 % o'One", "Other"])
        self.assertEqual(self._names(self.env["res.partner"]), [])
        self.assertEqual(len(self._plans()), 1)

    def test_pending_changes_are_read(self):
        partner = self.env["res.partner"].create({"name": "Before"})
        self._names(partner)
        partner.name = "After"
        self.assertEqual(self._names(partner), ["After"])

    def test_a_rollback_keeps_the_plan_usable(self):
        partner = self.env["res.partner"].create({"name": "Kept"})
        with self.assertRaises(ZeroDivisionError), self.env.cr.savepoint():
            self._names(partner)
            raise ZeroDivisionError
        self.assertEqual(self._names(partner), ["Kept"])
        self.assertEqual(len(self._plans()), 1)

    def test_old_plans_are_given_up(self):
        partner = self.env["res.partner"].create({"name": "Many"})
        for salt in range(KEPT + 5):
            self.assertEqual(self._names(partner, salt), ["Many"])
        self.assertEqual(len(self._plans()), KEPT)

    def test_exposure_of_other_customers_takes_the_same_plan(self):
        figures = self.env["ar.credit.exposure"]._get_figures
        partners = self.env["res.partner"].create([{"name": name, "is_company": True} for name in "ABC"])
        figures(partners[0], self.env.company)
        plans = self._plans()
        self.assertEqual(len(plans), 1)
        found = figures(partners[1:], self.env.company)
        self.assertEqual(set(found), set(partners[1:].ids))
        self.assertEqual(self._plans(), plans)

    def test_a_changed_rule_takes_another_plan(self):
        partner = self.env["res.partner"].create({"name": "Judged", "is_company": True})
        exposure = self.env["ar.credit.exposure"]
        rules = self.env["ar.credit.rule"]
        # Without a limit the customer is in order until a rule says otherwise.
        rules.search([]).active = False
        self.env["ar.credit.profile"]._get_or_create(partner, self.env.company)
        self.assertEqual(exposure._get_figures(partner, self.env.company)[partner.id]["status"], "ok")
        rule = rules.create(
            {"company_id": self.env.company.id, "name": "None", "kind": "no_limit", "outcome": "hold"}
        )
        self.assertEqual(exposure._get_figures(partner, self.env.company)[partner.id]["status"], "hold")
        self.assertEqual(len(self._plans()), 2)
        rule.active = False
        self.assertEqual(exposure._get_figures(partner, self.env.company)[partner.id]["status"], "ok")
        self.assertEqual(len(self._plans()), 2)

    def test_many_customers_are_read_by_one_plan(self):
        exposure = self.env["ar.credit.exposure"]
        partners = self.env["res.partner"].create(
            [{"name": f"Many {number}", "is_company": True} for number in range(MANY_CUSTOMERS + 2)]
        )
        self.env["ar.credit.profile"]._get_or_create(partners[1], self.env.company)
        found = exposure._get_figures(partners[:-1], self.env.company)
        self.assertEqual(set(found), set(partners[:-1].ids))
        self.assertTrue(found[partners[1].id]["profile_id"])
        self.assertEqual({figures["exposure"] for figures in found.values()}, {0.0})
        self.assertEqual(set(exposure._get_figures(partners[1:], self.env.company)), set(partners[1:].ids))
        self.assertEqual(len(self._plans()), 1)
