from odoo.exceptions import AccessError
from odoo.tests import tagged

from ..models.dunning.dunning_presets import PRESETS, TEXTS
from .common_dunning import DunningCase

CHINESE = "[\u4e00-\u9fff]"


@tagged("post_install", "-at_install")
class TestDunningPreset(DunningCase):
    def _create(self, preset, company=None):
        return self.env["ar.dunning.policy"]._create_from_preset(company or self.company, preset)

    def test_days_and_channels_of_the_practice(self):
        expected = {
            "europe": [-5, 3, 14, 28, 45, 60],
            "us": [-7, 1, 15, 30, 60, 90],
            "china": [-7, 1, 15, 30, 60, 90, 120],
        }
        for preset, offsets in expected.items():
            policy = self._create(preset)
            stages = policy.stage_ids.sorted("day_offset")
            with self.subTest(preset=preset):
                self.assertEqual(stages.mapped("day_offset"), offsets)
                self.assertFalse(policy.active or policy.automatic)
                self.assertEqual(policy.company_id, self.company)
                self.assertTrue(stages.filtered("legal"))
                final = stages.filtered(lambda stage: not stage.legal)[-1]
                self.assertTrue(final.requires_approval and final.stops_supply and final.claims_interest)
                self.assertFalse(
                    any(stages.filtered(lambda stage: stage.day_offset <= 0).mapped("stops_supply"))
                )

    def test_statement_goes_with_the_chinese_pre_due_stage(self):
        stages = self._create("china").stage_ids.sorted("day_offset")
        self.assertTrue(stages[0].attach_statement)
        self.assertEqual(stages.mapped("owner")[:4], ["sales", "sales", "finance", "credit"])

    def test_europe_states_the_fixed_sum_and_the_rate(self):
        stages = self._create("europe").stage_ids.filtered(lambda stage: 14 <= stage.day_offset <= 45)
        for stage in stages:
            self.assertIn("EUR 40", stage.letter_closing)
            self.assertIn("8 percentage points", stage.letter_closing)

    def test_every_placeholder_is_replaced(self):
        self.make_invoice(50)
        letter = self.propose().letter_ids
        for preset in PRESETS:
            policy = self._create(preset)
            policy.cites_order_802 = True
            for stage in policy.stage_ids.filtered(lambda stage: not stage.legal):
                for text in (stage.letter_title, stage.letter_text, stage.letter_closing):
                    self.assertNotIn("{", stage._render_letter_text(text, letter))

    def test_complaint_only_where_order_802_applies(self):
        self.make_invoice(50)
        letter = self.propose().letter_ids
        policy = self._create("china")
        final = policy.stage_ids.filtered(lambda stage: stage.day_offset == 60)
        self.assertNotIn("State Council", final._render_letter_text(final.letter_closing, letter))
        policy.cites_order_802 = True
        self.assertIn("State Council", final._render_letter_text(final.letter_closing, letter))

    def test_complaint_about_customers_who_were_told_that_we_are_small(self):
        self.make_invoice(50)
        letter = self.propose().letter_ids
        final = self._create("china").stage_ids.filtered(lambda stage: stage.day_offset == 60)
        profile = self.env["ar.credit.profile"]._get_or_create(self.customer, self.company)
        scheme = self.env["ar.interest.scheme"]._create_presets(self.company, ["china"])
        for field in ("sme_disclosed_on", "large_on"):
            self.assertNotIn("State Council", final._render_letter_text(final.letter_closing, letter))
            profile._onchange_order_802()
            self.assertFalse(profile.interest_scheme_id)
            profile[field] = self.today
            letter.invalidate_recordset()
        self.assertIn("State Council", final._render_letter_text(final.letter_closing, letter))
        profile._onchange_order_802()
        self.assertEqual(profile.interest_scheme_id, scheme)

    def test_order_802_of_many_letters_is_one_statement(self):
        letters = self.env["ar.dunning.letter"]
        for number in range(3):
            self.make_invoice(50, partner=self.make_customer(f"Large {number}"))
        letters = self.propose().letter_ids
        letters.mapped("partner_id.commercial_partner_id")
        letters.mapped("company_id.root_id")
        self.env.flush_all()
        with self.assertQueryCount(1):
            letters.mapped("falls_under_order_802")

    def test_texts_in_chinese_now_and_when_the_language_comes_later(self):
        before = self._create("europe")
        self.env["res.lang"]._activate_lang("zh_CN")
        addon = self.env["ir.module.module"].search([("name", "=", "ar_credit_control")])
        own = before.stage_ids.sorted("day_offset")[1]
        own.with_context(lang="zh_CN").letter_text = "自己的话"
        addon._update_translations("zh_CN")
        after = self._create("china")
        for policy in (before, after):
            for stage in (policy.stage_ids - own).with_context(lang="zh_CN"):
                for field in TEXTS:
                    if stage[field]:
                        self.assertRegex(str(stage[field]), CHINESE, f"{stage.name}: {field}")
        self.assertEqual(own.with_context(lang="zh_CN").letter_text, "自己的话")

    def test_a_copy_of_the_standard_is_translated_with_it(self):
        self.env["res.lang"]._activate_lang("zh_CN")
        policy = self._create("standard")
        own = policy.stage_ids.sorted("day_offset")[1]
        own.letter_text = "Our own words"
        # as if it had been made before the language came
        for stage in policy.stage_ids:
            stage.with_context(lang="zh_CN").write({field: stage[field] for field in TEXTS})
        self.env["ir.module.module"].search([("name", "=", "ar_credit_control")])._update_translations(
            "zh_CN"
        )
        for stage in policy.stage_ids.with_context(lang="zh_CN"):
            for field in TEXTS:
                if stage[field] and (stage, field) != (own, "letter_text"):
                    self.assertRegex(str(stage[field]), CHINESE, f"{stage.day_offset}: {field}")
        self.assertEqual(own.with_context(lang="zh_CN").letter_text, "Our own words")

    def test_mail_and_page_say_the_same(self):
        self.make_invoice(50)
        letter = self.propose().letter_ids
        stage = self._create("us").stage_ids.filtered(lambda stage: stage.day_offset == 60)
        stage.letter_closing = "Pay <b>{customer}</b> by {deadline}"
        self.customer.name = "Smith & Sons"
        letter.sudo().write({"stage_id": stage.id, "partner_name": "Smith & Sons"})
        _subject, body = letter._render_mail()
        self.assertIn("Pay &lt;b&gt;Smith &amp; Sons&lt;/b&gt; by", body)
        self.assertIn("Pay &lt;b&gt;Smith &amp; Sons&lt;/b&gt; by", letter._render_html())

    def test_only_managers_add_policies(self):
        wizard = self.env["ar.dunning.preset"].create({"preset": "china", "company_id": self.company.id})
        self.assertIn("120", wizard.summary)
        with self.assertRaises(AccessError):
            self.env["ar.dunning.policy"].with_user(self.controller).action_add_preset()
        with self.assertRaises(AccessError):
            wizard.with_user(self.controller).action_add()
        policy = self.env["ar.dunning.policy"].browse(wizard.action_add()["res_id"])
        self.assertEqual(policy.preset, "china")

    def test_small_letters_in_the_currency_of_the_company(self):
        self.company.currency_id = self.env.ref("base.CNY")
        self.assertEqual(self._create("china").min_amount, 500)
        self.company.currency_id = self.env.ref("base.EUR")
        self.assertEqual(self._create("europe").min_amount, 50)

    def test_interest_and_disputed_part_stand_on_the_page(self):
        self.make_invoice(50, 1000.0)
        letter = self.propose().letter_ids
        line = letter.line_ids.sudo()
        line.write({"amount": 600.0, "amount_open": 1000.0, "interest": 12.34, "fee": 40.0})
        letter.sudo().write({"amount_interest": 12.34, "amount_fees": 40.0})
        page = letter._render_html()
        for text in ("Claimed now", "12.34", "40.00", "not claimed with this letter", "Fixed sums"):
            self.assertIn(text, page)

    def test_long_letters_repeat_their_headings(self):
        self.make_entry([(self.customer, 30 + number, 100.0) for number in range(80)])
        letter = self.propose(policy=self._manual_policy()).letter_ids
        self.assertEqual(len(letter.line_ids), 80)
        pages = letter._render_html().count("page-break-before: always")
        self.assertGreaterEqual(pages, 1)
        self.assertEqual(letter._render_html().count("<thead>"), pages + 1)

    def _manual_policy(self):
        self.policy.manual_entries = "include"
        return self.policy
