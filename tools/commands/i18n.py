"""Write the template of translatable terms anew, and bring the translations in line with it."""

import os
import re

import polib

from tools import odoo_env, processes, project
from tools.console import note, step


def run(_arguments, databases):
    database = databases.name(f"i18n_{os.getpid()}")
    databases.copy(databases.ensure_addon(), database)
    try:
        for folder in project.addon_folders():
            step(f"Exporting the terms of {folder.name}")
            _export(database, folder)
            for path in sorted(folder.glob("i18n/*.po")):
                _merge(path, folder / "i18n" / f"{folder.name}.pot")
    finally:
        databases.drop(database)
    return 0


def _export(database, folder):
    template = folder / "i18n" / f"{folder.name}.pot"
    template.parent.mkdir(exist_ok=True)
    before = template.read_text() if template.exists() else ""
    command = odoo_env.command(database, "i18n", "export")
    processes.quiet([*command, "--languages", "pot", "--", folder.name], "exporting", cwd=project.ROOT)
    template.write_text(keep_dates(before, template.read_text()))


def keep_dates(before, after):
    """Return `after`, or `before` when only the dates of export differ, which say nothing."""
    return before if _undated(before) == _undated(after) else after


def _undated(text):
    return re.sub(r'^"(POT-Creation|PO-Revision)-Date: .*$', "", text, flags=re.MULTILINE)


def _merge(path, template):
    translation, terms = polib.pofile(str(path), wrapwidth=78), polib.pofile(str(template))
    translation.merge(terms)
    for entry in translation.obsolete_entries():
        translation.remove(entry)
    order = {entry.msgid: position for position, entry in enumerate(terms)}
    translation.sort(key=lambda entry: order[entry.msgid])
    translation.save()
    without = translation.untranslated_entries() + translation.fuzzy_entries()
    note(f"{path.name}: {len(translation.translated_entries())} translated, {len(without)} to translate")
