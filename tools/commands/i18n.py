"""Write the template of translatable terms anew, and bring the translations in line with it."""

import os

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
    (folder / "i18n").mkdir(exist_ok=True)
    command = odoo_env.command(database, "i18n", "export")
    processes.quiet([*command, "--languages", "pot", "--", folder.name], "exporting", cwd=project.ROOT)


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
