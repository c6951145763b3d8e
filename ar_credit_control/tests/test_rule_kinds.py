import datetime

from odoo.fields import Command
from odoo.tests import tagged

from odoo.addons.ar_credit_control.models.rule.ar_credit_check import Demand

from .common_hold import HoldCase


@tagged("post_install", "-at_install")
class TestRuleKinds(HoldCase):
    """Each kind of rule at its boundary."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.profile = cls.env["ar.credit.profile"]._get_or_create(cls.customer, cls.company)
        cls.today = cls.company._credit_today()

    def judge(self, amount=100.0, checkpoint="order", partner=None, **values):
        self.env.flush_all()
        demand = Demand(
            key=0, partner=partner or self.customer, company=self.company, amount=amount, **values
        )
        return self.env["ar.credit.check"]._judge_demands([demand], checkpoint)[0]

    def assertOutcome(self, outcome, *args, **values):
        verdict = self.judge(*args, **values)
        texts = [self.env["ar.credit.check"]._describe(found, verdict.currency) for found in verdict.results]
        self.assertEqual(verdict.outcome, outcome, texts)
        self.assertTrue(all(texts))
        return verdict

    def test_limit_with_a_tolerance_and_its_cap(self):
        rule = self.set_rules(limit={"tolerance_percent": 10.0})
        self.assertOutcome("pass", 1100.0)
        self.assertOutcome("hold", 1100.01)
        rule.tolerance_amount = 50.0
        self.assertOutcome("pass", 1050.0)
        verdict = self.assertOutcome("hold", 1050.01)
        self.assertEqual(verdict.pay, 0.01)
        self.assertEqual(verdict.payments, [{"move_id": False, "name": False, "amount": 0.01}])
        rule.outcome = "warn"
        self.assertOutcome("warn", 1050.01)

    def test_near_limit_warns_from_its_share(self):
        self.set_rules(near_limit={"outcome": "warn", "share_percent": 80.0})
        self.assertOutcome("pass", 799.99)
        self.assertOutcome("warn", 800.0)

    def test_over_the_limit_is_not_told_twice(self):
        self.set_rules(limit={}, near_limit={"outcome": "warn", "share_percent": 80.0})
        verdict = self.assertOutcome("hold", 1001.0)
        self.assertEqual([found["code"] for found in verdict.reasons], ["limit"])
        self.assertEqual([found["code"] for found in verdict.results], ["limit", "near_limit"])

    def test_overdue_days_smallest_item_and_share(self):
        rule = self.set_rules(overdue={"days": 10, "min_amount": 50.0, "share_percent": 10.0})
        self.make_invoice(100.0, 11)
        self.make_invoice(49.99, 60)
        self.make_invoice(850.01, -5)
        self.assertOutcome("pass")
        self.make_invoice(50.0, 60)
        verdict = self.assertOutcome("hold")
        finding = verdict.reasons[0]
        self.assertEqual((finding["measured"], finding["days"]), (150.0, 60))
        rule.days = 11
        self.assertOutcome("pass")

    def test_overdue_rules_of_different_days_are_all_kept(self):
        self.make_invoice(100.0, 20)
        rules = self.set_rules(overdue={"days": 10, "outcome": "warn"})
        rules |= rules.create({"company_id": self.company.id, "kind": "overdue", "days": 15})
        rules |= rules.create({"company_id": self.company.id, "kind": "overdue", "days": 20})
        verdict = self.assertOutcome("hold")
        self.assertEqual([found["outcome"] for found in verdict.results], ["warn", "hold", "pass"])
        self.assertEqual([found["rule_id"] for found in verdict.results], rules.ids)

    def test_overdue_amount_or_share(self):
        rule = self.set_rules(overdue_amount={"amount": 100.0, "days": 5})
        self.make_invoice(100.0, 6)
        self.make_invoice(900.0, 5)
        self.assertOutcome("pass")
        self.make_invoice(0.01, 6)
        self.assertOutcome("hold")
        rule.write({"amount": 500.0, "share_percent": 11.0})
        self.assertOutcome("pass")
        rule.share_percent = 9.0
        self.assertOutcome("hold")

    def test_who_owes_nothing_in_all_is_not_held_for_age(self):
        self.set_rules(overdue={"days": 10}, overdue_amount={"amount": 1.0})
        self.make_invoice(100.0, 60)
        refund = self.make_invoice(100.0, 0)
        refund.button_draft()
        refund.unlink()
        payment = self.env["account.payment"].create(
            {"partner_id": self.customer.id, "amount": 100.0, "payment_type": "inbound"}
        )
        outstanding = self.company_data["default_account_assets"].copy({"reconcile": True})
        payment.payment_method_line_id.payment_account_id = outstanding
        payment.outstanding_account_id = outstanding
        payment.action_post()
        self.assertOutcome("pass")

    def test_rating_not_allowed(self):
        unrated = self.env["ar.credit.rating"]._get_unrated()
        graded = self.env["ar.credit.rating"].create({"name": "F"})
        rule = self.set_rules(rating={"rating_ids": graded.ids})
        self.assertOutcome("pass")
        self.profile.rating_id = graded
        self.assertOutcome("hold")
        rule.rating_ids = unrated
        self.assertOutcome("pass")
        self.assertOutcome("hold", partner=self.make_customer("Nobody knows"))

    def test_limit_expired_warns_first(self):
        self.set_rules(limit_expired={"warn_days": 30})
        for days, outcome in ((0, "pass"), (1, "warn"), (30, "warn"), (31, "hold")):
            self.profile.limit_valid_until = self.today - datetime.timedelta(days=days)
            self.assertOutcome(outcome)

    def test_review_overdue(self):
        rule = self.set_rules(review_overdue={"days": 30})
        for days, outcome in ((30, "pass"), (31, "hold")):
            self.profile.next_review_date = self.today - datetime.timedelta(days=days)
            self.assertOutcome(outcome)
        rule.days = 60
        self.assertOutcome("pass")

    def test_no_limit(self):
        self.set_rules(no_limit={})
        self.assertOutcome("pass")
        self.assertOutcome("hold", partner=self.make_customer("Undecided"))
        self.set_rules()
        self.assertOutcome("pass", partner=self.make_customer("Undecided too"))

    def test_order_amount(self):
        self.set_rules(order_amount={"amount": 500.0})
        self.assertOutcome("pass", 500.0)
        self.assertOutcome("hold", 500.01)

    def test_terms(self):
        rating = self.env["ar.credit.rating"].create({"name": "G", "payment_days": 30})
        self.profile.rating_id = rating
        rule = self.set_rules(terms={})
        self.assertOutcome("pass", terms_days=30)
        self.assertOutcome("hold", terms_days=31)
        rule.days = 1
        self.assertOutcome("pass", terms_days=31)
        self.profile.write({"payment_days_set": True, "payment_days": 10})
        self.assertOutcome("hold", terms_days=12)
        rating.payment_days = 90
        self.profile.payment_days_set = False
        self.assertOutcome("pass", terms_days=60)

    def test_terms_of_an_order(self):
        rating = self.env["ar.credit.rating"].create({"name": "G", "payment_days": 30})
        self.profile.rating_id = rating
        self.set_rules(terms={})
        term = self.env["account.payment.term"].create(
            {
                "name": "Half now, half in 45 days",
                "line_ids": [
                    Command.create({"value": "percent", "value_amount": 50, "nb_days": 0}),
                    Command.create({"value": "percent", "value_amount": 50, "nb_days": 45}),
                ],
            }
        )
        order = self.make_order(1, payment_term_id=term.id)
        order.action_confirm()
        self.assertHeld(order, "terms")

    def test_dunning_stage(self):
        invoice = self.make_invoice(100.0, 40)
        standard = self.env.ref("ar_credit_control.dunning_policy_standard").sudo()
        policy = standard.copy({"company_id": self.company.id, "currency_id": self.company.currency_id.id})
        later = policy.stage_ids.filtered(lambda stage: stage.day_offset > 0).sorted("day_offset")
        rule = self.set_rules(dunning_stage={"count": 2})
        letter = self.env["ar.dunning.letter"].sudo().create(self._prepare_letter(invoice, later[1]))
        self.assertOutcome("pass")
        letter.state = "sent"
        verdict = self.assertOutcome("hold")
        self.assertEqual(verdict.payments[0]["move_id"], invoice.id)
        self.assertEqual(verdict.pay, 100.0)
        rule.count = 3
        self.assertOutcome("pass")

    def _prepare_letter(self, invoice, stage):
        line = invoice.line_ids.filtered(lambda item: item.account_id.account_type == "asset_receivable")
        return {
            "name": "L/1",
            "run_id": self.env["ar.dunning.run"]
            .sudo()
            .create({"company_id": self.company.id, "policy_id": stage.policy_id.id, "date": self.today})
            .id,
            "partner_id": self.customer.id,
            "company_id": self.company.id,
            "currency_id": invoice.currency_id.id,
            "policy_id": stage.policy_id.id,
            "stage_id": stage.id,
            "occurrence": 1,
            "channel": "email",
            "state": "draft",
            "date": self.today,
            "line_ids": [
                Command.create(
                    {
                        "move_line_id": line.id,
                        "move_id": invoice.id,
                        "partner_id": self.customer.id,
                        "company_id": self.company.id,
                        "currency_id": invoice.currency_id.id,
                        "stage_id": stage.id,
                        "date_maturity": line.date_maturity,
                        "amount": 100.0,
                    }
                )
            ],
        }

    def test_broken_promises_count_none_while_nobody_keeps_them(self):
        self.set_rules(broken_promises={"count": 1, "period_days": 90})
        self.assertOutcome("pass")

    def test_cover_lapsed(self):
        self.set_rules(cover_lapsed={"days": 90})
        self.make_invoice(200.0, -10)
        self.assertOutcome("pass")
        self.profile.cover_required_share = 50.0
        verdict = self.assertOutcome("hold")
        self.assertEqual(verdict.reasons[0]["measured"], 150.0, "half of what is owed and asked for")
        self.assertEqual(verdict.pay, 0.0, "a person decides")

    # scope and checkpoints

    def test_scope_by_rating_tag_and_country(self):
        tag = self.env["res.partner.category"].create({"name": "Risky"})
        rule = self.set_rules(order_amount={"amount": 1.0})
        self.assertOutcome("hold")
        for scope, vals in (
            ({"category_ids": tag.ids}, {"category_id": [Command.set(tag.ids)]}),
            ({"country_ids": self.env.ref("base.at").ids}, {"country_id": self.env.ref("base.at").id}),
        ):
            rule.write(scope)
            self.assertOutcome("pass")
            self.customer.write(vals)
            self.assertOutcome("hold")
        rating = self.env["ar.credit.rating"].create({"name": "H"})
        rule.rating_ids = rating
        self.assertOutcome("pass")
        self.profile.rating_id = rating
        self.assertOutcome("hold")

    def test_checkpoints(self):
        self.set_rules(order_amount={"amount": 1.0, "on_order": False, "on_delivery": True})
        self.assertOutcome("pass")
        self.assertOutcome("hold", checkpoint="delivery")
        self.assertOutcome("pass", checkpoint="invoice")

    def test_another_company_has_its_own_rules(self):
        other = self.env["res.company"].create({"name": "Elsewhere"})
        rules = self.env["ar.credit.rule"].search([("company_id", "=", other.id)])
        self.assertEqual(rules.mapped("kind"), ["limit", "overdue", "limit_expired", "broken_promises"])
        self.set_rules(company=other, order_amount={"amount": 1.0})
        self.assertOutcome("pass")
        verdict = self.env["ar.credit.check"]._judge_demands(
            [Demand(key=0, partner=self.customer, company=other, amount=2.0)]
        )[0]
        self.assertEqual(verdict.outcome, "hold")

    # groups, as their figures will say

    def test_a_group_above_its_limit_holds(self):
        rule = self.set_rules(limit={})
        check = self.env["ar.credit.check"]
        demand = Demand(key=0, partner=self.customer, company=self.company, amount=100.0)
        figures = check._get_figures(self.customer, self.company, [])[self.customer.id]
        head = self.make_customer("Holding")
        figures["groups"] = [
            {"profile_id": 1, "partner_id": head.id, "limit": 500.0, "security": 0.0, "exposure": 450.0}
        ]
        verdict = check._prepare_verdict(
            demand, self.company, figures, dict.fromkeys([("partner", self.customer.id), ("group", 1)], 0.0)
        )
        verdict.policy = self.env["ar.credit.rule"]._get_policy(self.company)
        found = [*check._check_limit(verdict, rule._as_data())]
        self.assertEqual([one["code"] for one in found], ["limit", "group_limit"])
        self.assertEqual((found[1]["outcome"], found[1]["pay"]), ("hold", 50.0))
        self.assertIn("Holding", check._describe(found[1], self.company.currency_id))

    # what is kept

    def test_the_reason_outlives_the_rule(self):
        rule = self.set_rules(terms={"name": "Short terms"})
        self.profile.write({"payment_days_set": True, "payment_days": 10})
        term = self.env.ref("account.account_payment_term_30days")
        order = self.make_order(1, payment_term_id=term.id)
        order.action_confirm()
        reason = order.sudo().credit_hold_id.reason_ids
        text = reason.text
        self.assertIn("30", text)
        rule.write({"name": "Other", "days": 5, "active": False})
        self.profile.payment_days = 99
        self.env.invalidate_all()
        self.assertEqual((reason.text, reason.rule_name, reason.rule_id), (text, "Short terms", rule))

    def test_statements(self):
        """One statement for customers and rules of the ledger, whatever their number."""
        self.set_rules(
            limit={"tolerance_percent": 5.0},
            overdue={"days": 30, "share_percent": 1.0},
            overdue_amount={"amount": 5.0, "days": 60, "min_amount": 2.0},
            limit_expired={"warn_days": 30},
            broken_promises={"count": 2, "period_days": 90},
            order_amount={"amount": 1000.0},
        )
        partners = self.customer | self.make_customer("One", 10.0) | self.make_customer("Two", 10.0)
        self.make_invoice(100.0, 20)
        self.judge()
        partners.mapped("commercial_partner_id")
        demands = [Demand(key=one.id, partner=one, company=self.company, amount=1.0) for one in partners]
        with self.assertQueryCount(3):  # which plans there are, the figures, broken promises
            verdicts = self.env["ar.credit.check"]._judge_demands(demands)
        self.assertEqual({verdict.outcome for verdict in verdicts.values()}, {"pass"})
