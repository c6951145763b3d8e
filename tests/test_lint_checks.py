"""The project's own checks find what they are there for."""

import pytest

from tools.lint import manifest_check, xml_check

MANIFEST = {
    "name": "Thing",
    "summary": "Does it",
    "version": "19.0.1.0.0",
    "license": "LGPL-3",
    "author": "someone",
    "category": "Accounting",
    "depends": ["base"],
    "data": ["views/thing.xml"],
    "external_dependencies": {"python": ["xlsxwriter"]},
}


@pytest.fixture
def addon(tmp_path):
    folder = tmp_path / "thing"
    (folder / "views").mkdir(parents=True)
    (folder / "views" / "thing.xml").write_text("<odoo/>")
    (folder / "__manifest__.py").write_text(repr(MANIFEST))
    (tmp_path / "requirements.txt").write_text("xlsxwriter==3.3.1  # why\n")
    return folder


def xml_findings(addon, text):
    (addon / "views" / "thing.xml").write_text(f"<odoo>{text}</odoo>")
    return list(xml_check.check(addon))


def manifest_findings(addon, **changes):
    (addon / "__manifest__.py").write_text(repr(MANIFEST | changes))
    return list(manifest_check.check(addon, addon.parent / "requirements.txt"))


def test_sound_addon_passes(addon):
    assert list(xml_check.check(addon)) == []
    assert manifest_findings(addon) == []


@pytest.mark.parametrize(
    ("text", "finding"),
    [
        ("<tree/>", "<tree> is now <list>"),
        ("<field name='x' attrs=\"{}\"/>", "attrs= is now"),
        ("<t t-esc='x'/>", "t-esc= is now t-out"),
        ("<field name='groups_id'/>", "groups_id is now group_ids"),
        ("<field name='view_mode'>tree,form</field>", "tree is now list"),
        ("<record>", "not well-formed"),
        ("<menuitem id='a'/><menuitem id='a'/>", "again"),
        (
            "<record id='a'><field name='x'/></record><record id='thing.a'><field name='x'/></record>",
            "says x again",
        ),
    ],
)
def test_xml_findings(addon, text, finding):
    (found,) = xml_findings(addon, text)
    assert finding in found


def test_record_may_be_completed_further_on(addon):
    text = "<record id='a'><field name='x'/></record><record id='a'><field name='y'/></record>"
    assert xml_findings(addon, text) == []


@pytest.mark.parametrize(
    ("changes", "finding"),
    [
        ({"version": "18.0.1.0.0"}, "is not of the form 19.0.x.y.z"),
        ({"license": "AGPL-3"}, "instead of LGPL-3"),
        ({"data": ["views/thing.xml", "views/gone.xml"]}, "views/gone.xml does not exist"),
        ({"data": []}, "views/thing.xml is listed neither"),
        ({"data": ["views/thing.xml"], "demo": ["views/thing.xml"]}, "listed twice"),
        ({"assets": {"web.assets_backend": ["thing/static/src/*.js"]}}, "matches no file"),
        ({"external_dependencies": {"python": ["cn2an"]}}, "cn2an is not pinned"),
    ],
)
def test_manifest_findings(addon, changes, finding):
    (found,) = manifest_findings(addon, **changes)
    assert finding in found
