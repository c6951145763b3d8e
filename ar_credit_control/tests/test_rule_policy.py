from psycopg2 import IntegrityError

from odoo.exceptions import AccessError, UserError, ValidationError
from odoo.tests import Form, tagged
from odoo.tools import mute_logger

from .common_hold import HoldCase


@tagged("post_install", "-at_install")
class TestRulePolicy(HoldCase):
    """Who changes rules, the sets to start from, what a rule says of itself, and no old ones are kept."""

    def search_rules(self, company=None):
        rules = self.env["ar.credit.rule"].with_context(active_test=False)
        return rules.search([("company_id", "=", (company or self.company).id), ("replaced_on", "=", False)])

    def test_a_new_company_starts_with_the_standard_set(self):
        euro, yuan = self.env.ref("base.EUR"), self.env.ref("base.CNY")
        for currency, tolerance in ((euro, 6000.0), (yuan, 50000.0)):
            company = self.env["res.company"].create({"name": currency.name, "currency_id": currency.id})
            rules = self.search_rules(company)
            on = rules.filtered("active")
            self.assertEqual(on.mapped("kind"), ["limit", "overdue", "limit_expired", "broken_promises"])
            self.assertEqual(set(rules.mapped("kind")), set(dict(rules._fields["kind"].selection)))
            limit = on[0]
            self.assertEqual((limit.tolerance_percent, limit.tolerance_amount), (5.0, tolerance))
            self.assertEqual((on[1].days, on[1].share_percent), (30, 1.0))
            self.assertEqual(on[2].warn_days, 30)
            self.assertEqual((on[3].count, on[3].period_days), (2, 90))
            branch = self.env["res.company"].create(
                {"name": f"Branch {currency.name}", "parent_id": company.id}
            )
            self.assertFalse(self.search_rules(branch))

    def test_amounts_of_a_set_in_another_currency_are_round(self):
        euro = self.env.ref("base.EUR")
        self.env["res.currency.rate"].search([("currency_id", "=", euro.id)]).unlink()
        self.env["res.currency.rate"].create(
            {"currency_id": euro.id, "company_id": self.company.id, "name": "2020-01-01", "rate": 0.87}
        )
        amount = self.env["ar.credit.rule"]._convert_preset_amount(6000, 50000, self.company)
        self.assertEqual(amount, 6900.0)

    def test_another_set_replaces_the_rules_and_loses_none(self):
        before = self.search_rules()
        self.env["ar.credit.rule"].with_user(self.manager).action_apply_preset("strict")
        after = self.search_rules()
        self.assertFalse(before & after)
        self.assertTrue(all(before.mapped("replaced_on")))
        self.assertFalse(any(before.mapped("active")))
        self.assertEqual(len(after.filtered("active")), 4)
        self.assertEqual(set(after.mapped("preset")), {"strict"})
        before[0].active = True
        self.assertFalse(before[0].replaced_on, "in use again")

    def test_settings_apply_a_set(self):
        settings = self.env["res.config.settings"].with_user(self.env.user).create({})
        self.assertIn("rules are on", settings.credit_rules_in_words)
        settings.with_context(credit_preset="lenient").action_apply_credit_preset()
        self.assertEqual(set(self.search_rules().mapped("preset")), {"lenient"})
        self.assertIn("Lenient", self.env["res.config.settings"].create({}).credit_rules_in_words)

    def test_roles(self):
        rule = self.get_rule("limit")
        rule.with_user(self.manager).days = 3
        for user in (self.controller, self.auditor):
            self.assertTrue(rule.with_user(user).sentence)
            with self.assertRaises(AccessError):
                rule.with_user(user).active = False
            with self.assertRaises(AccessError):
                rule.with_user(user).action_apply_preset("lenient")
        for user in (self.salesperson, self.collector):
            with self.assertRaises(AccessError):
                rule.with_user(user).read(["days"])
            with self.assertRaises(AccessError):
                self.env["ar.credit.rule"].with_user(user).action_apply_preset("lenient")
        with self.assertRaises(UserError):
            rule.sudo().unlink()

    def test_changes_are_tracked(self):
        self.env.flush_all()
        self.cr.precommit.run()
        rule = self.get_rule("limit").with_context(tracking_disable=False, mail_notrack=False)
        rule.tolerance_percent = 7.0
        rule.active = False
        self.env.flush_all()
        self.cr.precommit.run()
        tracked = rule.message_ids.sudo().tracking_value_ids.field_id.mapped("name")
        self.assertEqual(set(tracked), {"tolerance_percent", "active"})

    def test_every_kind_says_what_it_does(self):
        for rule in self.search_rules(self.env["res.company"].create({"name": "Words"})):
            self.assertTrue(rule.display_name)
            self.assertTrue(rule.sentence.endswith("."), rule.sentence)
            rule.write({"on_order": False, "on_delivery": False, "on_invoice": False})
            self.assertIn("nothing", rule.sentence)
        rule = self.set_rules(
            overdue={"days": 30, "share_percent": 1.0, "country_ids": self.env.ref("base.at").ids}
        )
        self.assertEqual(
            rule.sentence,
            "Hold an order when items overdue by more than 30 days are more than 1 % of the balance "
            "(only Austria).",
        )

    def test_the_form_shows_the_figures_of_the_kind(self):
        with Form(self.env["ar.credit.rule"]) as form:
            form.kind = "order_amount"
            form.amount = 500.0
            with self.assertRaises(AssertionError):
                form.tolerance_percent = 5.0
            form.kind = "limit"
            form.tolerance_percent = 5.0

    def test_nonsense_is_refused(self):
        with self.assertRaises(ValidationError):
            self.set_rules(rating={})
        with self.assertRaises(IntegrityError), mute_logger("odoo.sql_db"), self.env.cr.savepoint():
            self.set_rules(overdue={"days": -1})

    def test_a_rule_can_be_tried_before_it_is_on(self):
        self.make_invoice(80.0, 20)
        order = self.make_order(1)
        rule = self.set_rules(overdue={"days": 15, "min_amount": 7.5})
        rule.active = False
        self.assertEqual(rule.with_user(self.manager)._get_orders_stopped(), order)
        action = rule.with_user(self.manager).action_try()
        self.assertEqual(action["domain"], [("id", "in", order.ids)])
        self.assertIn("open orders 1, customers 1", action["name"])
        rule.days = 30
        self.assertEqual(rule.with_user(self.manager).action_try()["tag"], "display_notification")

    def test_judging_reads_no_rule_twice(self):
        order = self.make_order(1)
        self.env["ar.credit.check"]._judge(order)
        self.env.flush_all()
        self.env.invalidate_all()
        order.sudo().read(["amount_total"])
        rules = self.env["ar.credit.rule"]
        with self.assertQueryCount(0):
            rules._get_policy(self.company)
        self.get_rule("limit").sequence = 3
        self.assertEqual(rules._get_policy(self.company).rules[-1].kind, "overdue")

    def test_every_change_reaches_the_kept_rules(self):
        rules = self.env["ar.credit.rule"]
        kinds = lambda: [rule.kind for rule in rules._get_policy(self.company).rules]  # noqa: E731
        self.set_rules(limit={})
        self.assertEqual(kinds(), ["limit"])
        self.get_rule("limit").active = False
        self.assertEqual(kinds(), [])
        rating = self.env["ar.credit.rating"].create({"name": "K", "payment_days": 12})
        self.set_rules(terms={})
        self.assertEqual(rules._get_policy(self.company).rating_days[rating.id], 12)
        rating.payment_days = 13
        self.assertEqual(rules._get_policy(self.company).rating_days[rating.id], 13)
