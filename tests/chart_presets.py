"""Presets of provisions on charts of countries: run by test_charts.py on a database that has them."""

from odoo.exceptions import UserError

from odoo.addons.ar_credit_control.tests.common_provision import PresetCase


class TestPresetsOnCharts(PresetCase):
    """Accounts are found by what the chart calls them, whatever their code is."""

    def test_china_large_chart(self):
        company = self.make_company("cn_large_bis", "cn")
        policy = self.add(company, "cas22")
        self.assertEqual(
            self.codes(policy), {"allowance_account_id": "123100", "expense_account_id": "672100"}
        )
        self.assertEqual(policy.journal_id.type, "general")
        self.assertEqual(policy.journal_id.company_id, company)
        self.assertTrue(policy.can_post)
        self.assertFalse(policy.accounts_missing)

    def test_china_small_enterprises_book_no_allowance(self):
        company = self.make_company("cn", "cn")
        policy = self.add(company, "cn_small")
        self.assertFalse(policy.allowance_account_id)
        self.assertEqual(self.codes(policy)["loss_account_id"], "571101")
        self.assertEqual(policy.writeoff_against, "direct")
        self.assertFalse(policy.can_post)
        self.assertIn("no allowance", policy.no_post_reason)
        with self.assertRaises(UserError):
            policy.action_create_accounts()
        # 1231 of this chart is other current assets: the code alone would have taken it
        codes = self.env["account.account"].with_company(company).search([("company_ids", "=", company.id)])
        self.assertIn("123100", codes.mapped("code"))

    def test_german_charts(self):
        expected = {
            "de_skr03": ["0998", "2451", "2731", "2400", "2732"],
            "de_skr04": ["1246", "6923", "4923", "6930", "4925"],
        }
        for chart, codes in expected.items():
            with self.subTest(chart=chart):
                policy = self.add(self.make_company(chart, "de"), "ifrs9")
                self.assertEqual(list(self.codes(policy).values()), codes)
                self.assertTrue(policy.can_post)

    def test_renumbered_account_is_found(self):
        company = self.make_company("cn_large_bis", "cn")
        allowance = self.env.ref(f"account.{company.id}_l10n_cn_large_bis_account_1231")
        allowance.with_company(company).code = "999123"
        self.assertEqual(self.add(company, "cas22").allowance_account_id, allowance)

    def test_accounts_of_the_chart_come_before_new_ones(self):
        company = self.make_company("de_skr03", "de")
        policy = self.add(company, "ifrs9")
        policy.write({"allowance_account_id": False, "expense_account_id": False})
        count = self.env["account.account"].search_count([])
        policy.action_create_accounts()
        self.assertEqual(self.codes(policy)["allowance_account_id"], "0998")
        self.assertEqual(self.env["account.account"].search_count([]), count)

    def test_wizard_proposes_by_chart(self):
        small = self.make_company("cn", "cn")
        wizards = self.env["ar.provision.preset"].with_user(self.manager).with_company(small)
        self.assertEqual(wizards.with_context(allowed_company_ids=small.ids).create({}).preset, "cn_small")
