import datetime

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from odoo.fields import Command
from odoo.tests import tagged

from odoo.addons.ar_credit_control.models.rule.ar_credit_check import Demand

from .common_hold import HoldCase

RULES = st.fixed_dictionaries(
    {
        "outcome": st.sampled_from(("warn", "hold")),
        "tolerance_percent": st.sampled_from((0.0, 5.0, 33.3)),
        "tolerance_amount": st.sampled_from((0.0, 7.0)),
        "share_percent": st.sampled_from((0.0, 1.0, 50.0, 90.0)),
        "min_amount": st.sampled_from((0.0, 40.0)),
        "amount": st.sampled_from((0.0, 60.0)),
        "days": st.sampled_from((0, 10, 45)),
        "warn_days": st.sampled_from((0, 30)),
        "scope": st.sampled_from((None, "tag", "country", "rating")),
    }
)
KINDS = (
    "limit",
    "near_limit",
    "overdue",
    "overdue_amount",
    "no_limit",
    "limit_expired",
    "review_overdue",
    "rating",
)


@tagged("post_install", "-at_install")
class TestRuleStatus(HoldCase):
    """The status in SQL is what the rules say of the customer before anything is asked for."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.tag = cls.env["res.partner.category"].create({"name": "Risky"})
        cls.rating = cls.env["ar.credit.rating"].create({"name": "Low"})
        cls.country = cls.env.ref("base.at")
        cls.customers = cls.env["res.partner"]
        profiles = []
        today = cls.company._credit_today()
        for number in range(12):
            partner = cls.env["res.partner"].create(
                {
                    "name": f"Case {number}",
                    "is_company": True,
                    "country_id": cls.country.id if number % 2 else False,
                    "category_id": [Command.set(cls.tag.ids if number % 3 == 0 else [])],
                }
            )
            cls.customers |= partner
            if number == 11:
                continue
            profile = cls.env["ar.credit.profile"]._get_or_create(partner, cls.company)
            profile.write(
                {
                    **({"limit_set": True, "limit": (0.0, 100.0, 200.0)[number % 3]} if number % 4 else {}),
                    **({"rating_id": cls.rating.id} if number % 5 == 0 else {}),
                    "limit_valid_until": today - datetime.timedelta(days=(-1, 1, 31)[number % 3]),
                    "next_review_date": today - datetime.timedelta(days=(0, 11, 60)[number % 3]),
                    "hold_override": {7: "pass", 8: "block"}.get(number),
                }
            )
            profiles.append(profile)
        for number, (amount, days) in enumerate(
            [
                (100.0, 50),
                (90.0, -5),
                (39.99, 46),
                (60.01, 46),
                (105.0, 3),
                (210.01, 11),
                (100.0, 50),
                (100.0, 50),
            ]
        ):
            cls.make_invoice(amount, days, cls.customers[number + 1])

    def expected(self, verdict, rules):
        figures = verdict.figures
        if figures["hold_override"] == "block":
            return "blocked"
        quiet = figures["exposure"] <= 0
        found = [result for result in verdict.results if not (quiet and result["code"] == "near_limit")]
        holds = any(
            result["outcome"] == "hold"
            or result["code"] == "limit"
            and figures["limit_set"]
            and figures["limit"] + figures["security"] <= 0
            and rules.browse(result["rule_id"]).outcome == "hold"
            for result in found
        )
        no_credit = [
            result
            for result in found
            if result["code"] == "limit" and figures["limit"] + figures["security"] <= 0
        ]
        warns = any(
            result["outcome"] == "warn" and not (quiet and result["code"] == "no_limit") for result in found
        ) or any(rules.browse(result["rule_id"]).outcome == "warn" for result in no_credit)
        if holds and not figures["hold_override"]:
            return "hold"
        return "warning" if warns or figures["overdue_days"] > 0 or holds and not quiet else "ok"

    @settings(max_examples=25, deadline=None, suppress_health_check=list(HealthCheck))
    @given(st.lists(st.tuples(st.sampled_from(KINDS), RULES), max_size=4))
    def test_sql_and_python_agree(self, drawn):
        rules = self.set_rules()
        for kind, values in drawn:
            scope = values["scope"]
            vals = {name: value for name, value in values.items() if name != "scope"}
            if scope == "tag":
                vals["category_ids"] = self.tag.ids
            if scope == "country":
                vals["country_ids"] = self.country.ids
            if scope == "rating" or kind == "rating":
                vals["rating_ids"] = self.rating.ids
            rules |= rules.create({"company_id": self.company.id, "kind": kind, **vals})
        self.env.flush_all()
        known = self.customers[:-1]
        demands = [Demand(key=one.id, partner=one, company=self.company, amount=0.0) for one in known]
        verdicts = self.env["ar.credit.check"]._judge_demands(demands)
        for partner in known:
            verdict = verdicts[partner.id]
            self.assertEqual(verdict.figures["status"], self.expected(verdict, rules), partner.name)
        for status in ("ok", "warning", "hold", "blocked"):
            found = self.env["res.partner"].search(
                [("credit_status", "=", status), ("id", "in", self.customers.ids)]
            )
            self.env.invalidate_all()
            read = self.customers.filtered(lambda partner, status=status: partner.credit_status == status)
            self.assertEqual(found, read, status)

    def test_a_rule_that_changes_changes_the_status(self):
        self.set_rules(overdue={"days": 30})
        customer = self.customers[1]
        self.assertEqual(customer.credit_status, "hold")
        self.assertTrue(
            self.env["ar.credit.exposure"].search([("partner_id", "=", customer.id)]).overdue_exceeded
        )
        self.get_rule("overdue").days = 60
        self.assertEqual(customer.credit_status, "warning")
        self.get_rule("overdue").active = False
        self.assertEqual(customer.credit_status, "warning", "something is overdue")
        self.set_rules(rating={"rating_ids": self.env["ar.credit.rating"]._get_unrated().ids})
        self.assertEqual(self.customers[11].credit_status, "hold", "nobody rated it")
