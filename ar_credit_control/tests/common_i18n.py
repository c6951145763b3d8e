import io
import re
from collections import Counter

import polib
from lxml import etree

from odoo.tools.misc import file_path
from odoo.tools.translate import trans_export

PYTHON_FORMAT = re.compile(r"%(?:\(\w+\))?[sdfr]|%%")
EXPRESSION = re.compile(r"\{\{.*?\}\}")
CHINESE = "[\u4e00-\u9fff]"
TAG = re.compile(r"<[a-z/]")
# A Chinese letter may break its paragraphs elsewhere, but carries the same figures.
LAYOUT_TAGS = {"p", "br"}
# Texts in tags: they stay, in other words.
READ_ATTRIBUTES = {"title", "aria-label", "alt", "placeholder"}
# Names and codes that are written the same in Chinese.
SAME_IN_CHINESE = {"CSV", "ID", "XLSX"}
# Icons and fields beside terms, which Odoo's extraction takes along.
NAME_IN_CODE = re.compile(r"fa-[a-z-]+|[a-z]+_id")
MARKUP = re.compile(r"<[^>]*>")


class TranslationChecks:
    """Every term of an addon is in the template and reads well in Chinese; mixed into a test case."""

    addon = None

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.template = polib.pofile(file_path(f"{cls.addon}/i18n/{cls.addon}.pot"))
        cls.chinese = polib.pofile(file_path(f"{cls.addon}/i18n/zh_CN.po"))

    def test_template_is_current(self):
        buffer = io.BytesIO()
        trans_export(False, [self.addon], buffer, "po", self.env)
        exported = self._uses(polib.pofile(buffer.getvalue().decode()))
        for name, terms in (("the template", self.template), ("Chinese", self.chinese)):
            missing = sorted(exported - self._uses(terms))
            self.assertFalse(missing, f"Terms that {name} does not have in this place; run: make i18n")

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

    def test_chinese_has_no_terms_of_its_own(self):
        template = {entry.msgid for entry in self.template}
        obsolete = sorted(entry.msgid for entry in self.chinese if entry.msgid not in template)
        self.assertFalse(obsolete, "Terms that the template does not have; run: make i18n")

    def test_chinese_is_chinese(self):
        for entry in self.chinese.translated_entries():
            if self._is_same_in_chinese(entry.msgid) or self._is_expression(entry):
                continue
            with self.subTest(msgid=entry.msgid):
                self.assertNotEqual(entry.msgid, entry.msgstr)
                self.assertNotRegex(entry.msgstr, CHINESE + "[,;:!?]", "Western punctuation")

    @staticmethod
    def _is_same_in_chinese(term):
        text = MARKUP.sub("", term)
        return text in SAME_IN_CHINESE or NAME_IN_CODE.fullmatch(text) or not re.search(r"[^\W\d_]", text)

    def test_placeholders_survive(self):
        for entry in self.chinese.translated_entries():
            with self.subTest(msgid=entry.msgid):
                for pattern in (PYTHON_FORMAT, EXPRESSION):
                    self.assertEqual(
                        Counter(pattern.findall(entry.msgid)), Counter(pattern.findall(entry.msgstr))
                    )
                if self._is_expression(entry):
                    self.assertEqual(entry.msgid, entry.msgstr)

    def test_tags_survive(self):
        for entry in self.chinese.translated_entries():
            if not TAG.search(entry.msgid):
                continue
            with self.subTest(msgid=entry.msgid):
                self.assertEqual(self._elements(entry.msgid), self._elements(entry.msgstr))

    @staticmethod
    def _uses(terms):
        """Return the terms with the places they stand in, where Odoo looks for their translation."""
        return {
            (entry.msgid, place)
            for entry in terms
            if not entry.obsolete
            for place, _line in entry.occurrences
        }

    @staticmethod
    def _fields_of(entry):
        """Return the fields an entry translates, as ``model,field``."""
        return [place.split(":")[1] for place, _line in entry.occurrences if place.startswith("model")]

    def _is_expression(self, entry):
        return "ir.actions.report,print_report_name" in self._fields_of(entry)

    @staticmethod
    def _elements(text):
        """Return how often each element stands in ``text``, with its attributes; fails where it is no XML."""
        return Counter(
            (
                element.tag,
                tuple(
                    (name, None if name in READ_ATTRIBUTES else value)
                    for name, value in sorted(element.attrib.items())
                ),
            )
            for element in etree.fromstring(f"<term>{text}</term>").iter()
            if element.tag not in LAYOUT_TAGS
        )
