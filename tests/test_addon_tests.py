"""What the addon's tests need to run everywhere, and menus that people are told to open."""

import re

from odoo.tests import TransactionCase, tagged

from odoo.addons.ar_credit_control.tests import common

from tools import project
from tools.commands import demo
from tools.setup import databases


def test_every_module_of_tests_is_imported():
    """Odoo's own runner (--test-enable) knows no other."""
    for addon in project.addon_folders():
        imported = re.findall(r"^from \. import (\w+)$", (addon / "tests/__init__.py").read_text(), re.M)
        assert sorted(imported) == sorted(path.stem for path in (addon / "tests").glob("test_*.py"))


def test_prepared_companies_are_the_ones_looked_for():
    assert common.PREPARED == databases.PREPARED


@tagged("post_install", "-at_install")
class MenuTest(TransactionCase):
    def test_menus_that_are_named_are_there(self):
        readme = (project.ROOT / project.ADDON / "README.rst").read_text()
        paths = {re.search(r"open (.+?)(?: and |:)", text)[1] for text in demo.TO_TRY}
        paths.update(
            path.replace(" › ", " > ") for path in re.findall(r"\*(Credit Control › [^*]+)\*", readme)
        )
        self.assertGreater(len(paths), 5)
        menus = self.env["ir.ui.menu"].search([]).mapped("complete_name")
        self.assertLessEqual(paths, {name.replace("/", " > ") for name in menus})
