"""The addons as wheels: built, installed with pip beside an existing Odoo, found by Odoo there."""

import ast
import os
import subprocess
import sys

import pytest

from tools import project

ADDONS = [folder.name for folder in project.addon_folders()]


@pytest.fixture(scope="module")
def installed(tmp_path_factory):
    """Site packages with nothing in them but the wheels."""
    folder = tmp_path_factory.mktemp("wheel")
    pip = [sys.executable, "-m", "pip", "--disable-pip-version-check", "--quiet"]
    # The backend is the pinned one of this environment, so that nothing is downloaded here.
    build = [*pip, "wheel", "--no-deps", "--no-build-isolation", "--wheel-dir", folder]
    subprocess.run([*build, *project.addon_folders()], check=True)
    wheels = sorted(folder.glob("*.whl"))
    assert [wheel.name.split("-19.0.")[0] for wheel in wheels] == [f"odoo_addon_{name}" for name in ADDONS]
    subprocess.run([*pip, "install", "--no-deps", "--target", folder / "site", *wheels], check=True)
    return folder / "site"


@pytest.mark.parametrize("name", ADDONS)
def test_wheel_holds_all_that_the_manifest_lists(installed, name):
    addon = installed / "odoo" / "addons" / name
    manifest = ast.literal_eval((addon / "__manifest__.py").read_text())
    listed = [*manifest["data"], *manifest.get("demo", ())]
    assert [name for name in listed if not (addon / name).is_file()] == []
    assert (addon / "static/description/icon.png").is_file()


def test_wheel_brings_no_other_package(installed):
    assert sorted(path.name for path in installed.iterdir() if not path.name.endswith(".dist-info")) == [
        "odoo"
    ]
    assert sorted(path.name for path in (installed / "odoo" / "addons").iterdir()) == ADDONS
    assert not (installed / "odoo" / "__init__.py").exists(), "it would hide Odoo itself"


@pytest.mark.parametrize("name", ADDONS)
def test_backend_of_the_wheel_is_the_pinned_one(name):
    requirement = 'requires = ["whool==1.3.1"]'
    assert requirement in (project.ROOT / name / "pyproject.toml").read_text()
    assert "whool==1.3.1" in (project.ROOT / "requirements-dev.txt").read_text()


@pytest.mark.parametrize("name", ADDONS)
def test_odoo_finds_and_imports_the_installed_addon(installed, name):
    script = (
        "from odoo.tools import config; config.parse_config(['--addons-path', ADDONS])\n"
        "from odoo.modules import get_module_path, Manifest\n"
        "import odoo.addons.NAME as addon\n"
        "name = addon.__name__.split('.')[-1]\n"
        "print(get_module_path(name), Manifest.for_addon(name).version)\n"
    ).replace("NAME", name)
    script = script.replace("ADDONS", repr(os.environ["AR_ODOO_ADDONS"].replace(os.pathsep, ",")))
    result = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", script],
        cwd=installed,  # not the clone, where the addon lies, too
        env={**os.environ, "PYTHONPATH": str(installed)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert result.returncode == 0, result.stderr
    path, version = result.stdout.split()
    assert path == str(installed / "odoo" / "addons" / name)
    assert version.startswith("19.0.")
