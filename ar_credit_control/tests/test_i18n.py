import re

from odoo.tests import TransactionCase, tagged

from .common_i18n import CHINESE, TranslationChecks

LETTER_FIELD = re.compile(r"(?<!\{)\{(\w+)\}(?!\})")
LETTER_TEXTS = ("letter_title", "letter_text", "letter_closing")


@tagged("post_install", "-at_install")
class TestTranslations(TranslationChecks, TransactionCase):
    addon = "ar_credit_control"

    def test_fields_of_letters_survive(self):
        """A letter in Chinese names at least what the source names, and only what is replaced."""
        known = set(self.env["ar.dunning.stage"]._prepare_placeholders(self._make_letter()))
        for entry in self.chinese.translated_entries():
            source, target = (set(LETTER_FIELD.findall(text)) for text in (entry.msgid, entry.msgstr))
            with self.subTest(msgid=entry.msgid):
                self.assertLessEqual(source, target)
                if any(place.endswith(LETTER_TEXTS) for place in self._fields_of(entry)):
                    self.assertLessEqual(target, known)
                else:
                    self.assertEqual(source, target)

    def test_shipped_letters_are_chinese_for_a_chinese_recipient(self):
        self.env["res.lang"]._activate_lang("zh_CN")
        addon = self.env["ir.module.module"].search([("name", "=", "ar_credit_control")])
        addon._update_translations("zh_CN")
        policy = self.env.ref("ar_credit_control.dunning_policy_standard")
        letter = self._make_letter()
        for stage in policy.stage_ids.with_context(lang="zh_CN"):
            texts = [stage._render_letter_text(stage[field], letter) for field in LETTER_TEXTS]
            for text in (*texts, stage.template_id.subject, stage.template_id.body_html):
                with self.subTest(stage=stage.name, text=text):
                    self.assertRegex(text, CHINESE)
            self.assertNotIn("{", "".join(texts), "a field was not replaced")

    def test_new_stage_has_a_subject_in_the_language_of_who_adds_it(self):
        self.env["res.lang"]._activate_lang("zh_CN")
        stage = self.env["ar.dunning.stage"].with_context(lang="zh_CN").new({})
        self.assertRegex(stage.letter_title, CHINESE)

    def _make_letter(self):
        company = self.env.company
        return self.env["ar.dunning.letter"].new(
            {"company_id": company.id, "currency_id": company.currency_id.id, "date": "2026-01-31"}
        )
