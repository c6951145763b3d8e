from tools.commands.i18n import keep_dates

TEMPLATE = """msgid ""
msgstr ""
"POT-Creation-Date: {date}\\n"
"PO-Revision-Date: {date}\\n"

msgid "{term}"
msgstr ""
"""


def test_a_template_without_new_terms_stays_as_it_was():
    before = TEMPLATE.format(date="2026-01-01 08:00+0000", term="Ageing")
    after = TEMPLATE.format(date="2026-02-02 09:00+0000", term="Ageing")
    assert keep_dates(before, after) == before


def test_a_template_with_other_terms_is_the_new_one():
    before = TEMPLATE.format(date="2026-01-01 08:00+0000", term="Ageing")
    after = TEMPLATE.format(date="2026-02-02 09:00+0000", term="Exposure")
    assert keep_dates(before, after) == after
    assert keep_dates("", after) == after
