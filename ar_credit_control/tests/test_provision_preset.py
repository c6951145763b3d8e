from odoo.exceptions import AccessError, UserError
from odoo.tests import tagged

from ..models.provision.provision_presets import PRESETS
from .common_provision import PresetCase


@tagged("post_install", "-at_install")
class TestProvisionPreset(PresetCase):
    """Policies by standard; on charts of countries ``tests/chart_presets.py`` looks at them."""

    def test_rates_and_ages_of_each_standard(self):
        expected = {
            "ifrs9": ("due", "day", [0, 1, 31, 61, 91, 181, 366], [0.5, 2, 5, 10, 25, 50, 100]),
            "cas22": ("invoice", "year", [0, 1, 2, 3, 4, 5], [5, 10, 30, 50, 80, 100]),
            "cn_small": ("invoice", "year", [0, 1, 2, 3, 4, 5], [5, 10, 30, 50, 80, 100]),
            "us_cecl": ("due", "day", [0, 1, 31, 61, 91, 181, 366], [0.5, 2, 5, 10, 25, 50, 100]),
        }
        self.assertEqual(set(expected), set(PRESETS))
        for preset, (basis, unit, ages, rates) in expected.items():
            with self.subTest(preset=preset):
                policy = self.add(self.company, preset)
                self.assertEqual((policy.standard, policy.basis, policy.age_unit), (preset, basis, unit))
                self.assertFalse(policy.active)
                self.assertEqual(policy.bucket_ids.sorted("age_from").mapped("age_from"), ages)
                matrix = policy.matrix_ids
                self.assertEqual((matrix.state, matrix.source), ("draft", "preset"))
                self.assertIn("judgement", matrix.reason)
                self.assertEqual(matrix.rate_ids.sorted("bucket_age").mapped("rate"), rates)

    def test_manager_who_chose_may_approve_what_another_asks_for(self):
        matrix = self.add(self.company, "ifrs9").matrix_ids
        matrix.with_user(self.controller).action_submit()
        with self.assertRaises(AccessError):
            matrix.with_user(self.controller).action_approve()
        matrix.with_user(self.manager).action_approve()
        self.assertEqual(matrix.state, "approved")

    def test_manager_who_changed_a_rate_does_not_approve(self):
        matrix = self.add(self.company, "ifrs9").matrix_ids
        matrix.rate_ids[:1].with_user(self.manager).rate = 1
        matrix.with_user(self.controller).action_submit()
        with self.assertRaises(AccessError):
            matrix.with_user(self.manager).action_approve()

    def test_generic_chart_gets_accounts_with_free_codes(self):
        company = self.make_company("generic_coa", "us")
        policy = self.add(company, "us_cecl")
        self.assertFalse(policy.can_post)
        self.assertTrue(policy.accounts_missing)
        before = self.env["account.account"].with_company(company).search([("company_ids", "=", company.id)])
        taken = set(before.mapped("code"))
        policy.action_create_accounts()
        allowance, charge = policy.allowance_account_id, policy.expense_account_id
        self.assertEqual((allowance.account_type, charge.account_type), ("asset_current", "expense"))
        self.assertEqual(allowance.company_ids, company)
        codes = {allowance.with_company(company).code, charge.with_company(company).code}
        self.assertEqual(len(codes), 2)
        self.assertFalse(codes & taken)
        self.assertTrue(policy.can_post)
        with self.assertRaises(UserError):
            policy.action_create_accounts()

    def test_company_without_chart(self):
        company = self.env["res.company"].create({"name": "Bare"})
        self.env.user.company_ids += company
        policy = self.policies._create_from_preset(company, "ifrs9")
        self.assertFalse(policy.journal_id)
        with self.assertRaisesRegex(UserError, "no chart of accounts"):
            policy.action_create_accounts()

    def test_names_in_every_language(self):
        self.env["res.lang"]._activate_lang("fr_FR")
        policy = self.add(self.company, "ifrs9")
        self.assertEqual(policy.bucket_ids.sorted("age_from")[1].name, "1-30 days")
        self.assertTrue(policy.with_context(lang="fr_FR").name)

    def test_names_in_a_language_that_is_added_later(self):
        policy, own = self.add(self.company, "ifrs9"), self.add(self.company, "us_cecl")
        own.with_context(lang="en_US").name = "Our own policy"
        self.env["res.lang"]._activate_lang("zh_CN")
        for record in (policy, own, *policy.bucket_ids, *own.bucket_ids):
            record.update_field_translations("name", {"zh_CN": False})
        self.env["ir.module.module"].search([("name", "=", "ar_credit_control")])._update_translations(
            "zh_CN"
        )
        chinese, english = (policy.with_context(lang=code) for code in ("zh_CN", "en_US"))
        for record in (chinese, *chinese.bucket_ids):
            self.assertRegex(record.name, "[\u4e00-\u9fff]")
        self.assertEqual(english.name, "IFRS 9, by days past due")
        self.assertEqual(english.bucket_ids.sorted("age_from")[1].name, "1-30 days")
        self.assertEqual(own.with_context(lang="zh_CN").name, "Our own policy")
        # what a person calls it stays, however often translations are loaded
        chinese.name = "本公司方案"
        self.env["ir.module.module"].search([("name", "=", "ar_credit_control")])._update_translations(
            "zh_CN"
        )
        self.assertEqual(chinese.name, "本公司方案")

    def test_wizard_proposes_by_chart_and_puts_in_use(self):
        wizards = self.env["ar.provision.preset"].with_user(self.manager)
        wizard = wizards.create({"company_id": self.company.id, "preset": "ifrs9"})
        self.assertTrue(wizard.use_now)
        self.assertIn("Over 365 days", wizard.summary)
        policy = self.policies.browse(wizard.action_add()["res_id"])
        self.assertTrue(policy.active)
        again = wizards.create({"company_id": self.company.id, "preset": "us_cecl"})
        self.assertFalse(again.use_now)
        again.use_now = True
        second = self.policies.browse(again.action_add()["res_id"])
        self.assertTrue(second.active)
        self.assertFalse(policy.active)

    def test_controller_and_auditor_add_nothing(self):
        for user in (self.controller, self.auditor, self.collector):
            with self.subTest(user=user.login), self.assertRaises(AccessError):
                self.policies.with_user(user).action_add_preset()
            with self.assertRaises(AccessError):
                self.policies.with_user(user)._create_from_preset(self.company, "ifrs9")
