import io
import re
from collections import Counter

import polib

from odoo.tests import TransactionCase, tagged
from odoo.tools.misc import file_path
from odoo.tools.translate import trans_export

PLACEHOLDER = re.compile(r"%\(\w+\)[sdfr]|%[sdfr]|\{\{.*?\}\}|t-out=\"[^\"]*\"")


@tagged("post_install", "-at_install")
class TestTranslations(TransactionCase):
    """Every term of the addon is in the template and reads well in Chinese."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.template = polib.pofile(file_path("ar_credit_control/i18n/ar_credit_control.pot"))
        cls.chinese = polib.pofile(file_path("ar_credit_control/i18n/zh_CN.po"))

    def test_template_is_current(self):
        buffer = io.BytesIO()
        trans_export(False, ["ar_credit_control"], buffer, "po", self.env)
        exported = {entry.msgid for entry in polib.pofile(buffer.getvalue().decode())}
        missing = sorted(exported - {entry.msgid for entry in self.template})
        self.assertFalse(missing, "Terms missing from the template; run: make i18n")

    def test_chinese_is_complete(self):
        translated = {entry.msgid: entry for entry in self.chinese if not entry.obsolete}
        missing = sorted(
            entry.msgid
            for entry in self.template
            if entry.msgid not in translated
            or not translated[entry.msgid].msgstr
            or "fuzzy" in translated[entry.msgid].flags
        )
        self.assertFalse(missing, "Terms without a Chinese translation")

    def test_placeholders_survive(self):
        for entry in self.chinese.translated_entries():
            with self.subTest(msgid=entry.msgid):
                self.assertEqual(
                    Counter(PLACEHOLDER.findall(entry.msgid)), Counter(PLACEHOLDER.findall(entry.msgstr))
                )
