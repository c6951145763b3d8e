from odoo.tests import TransactionCase, tagged

CHINESE = "[\u4e00-\u9fff]"


@tagged("post_install", "-at_install")
class TestShippedNames(TransactionCase):
    """What ships with a company is named in every language of the database, also in a later one."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.addon = cls.env["ir.module.module"].search([("name", "=", "ar_credit_control")])

    def add_chinese(self):
        self.env["res.lang"]._activate_lang("zh_CN")
        self.addon._update_translations("zh_CN")

    def make_shipped(self):
        company = self.env["res.company"].create({"name": "Shipped Co"})
        rules = self.env["ar.collection.rule"].search([("company_id", "=", company.id)])
        schemes = self.env["ar.interest.scheme"]._create_presets(company)
        self.assertTrue(rules and schemes)
        return rules, schemes

    def assert_chinese(self, records, field):
        for record in records.with_context(lang="zh_CN"):
            with self.subTest(record=record):
                self.assertRegex(record[field], CHINESE)
        for record in records.with_context(lang="en_US"):
            self.assertNotRegex(record[field], CHINESE)

    def test_in_the_languages_that_are_there(self):
        self.add_chinese()
        rules, schemes = self.make_shipped()
        self.assert_chinese(rules, "name")
        self.assert_chinese(schemes, "name")
        self.assert_chinese(schemes, "note")

    def test_in_a_language_that_is_added_later(self):
        rules, schemes = self.make_shipped()
        own = rules[0]
        own.with_context(lang="en_US").name = "Our own rule"
        self.env["res.lang"]._activate_lang("zh_CN")
        for rule in rules:
            rule.with_context(lang="zh_CN").name = rule.with_context(lang="en_US").name
        for scheme in schemes:
            scheme.with_context(lang="zh_CN").note = scheme.with_context(lang="en_US").note
        self.add_chinese()
        self.assert_chinese(rules - own, "name")
        self.assert_chinese(schemes, "note")
        self.assertEqual(own.with_context(lang="zh_CN").name, "Our own rule")
