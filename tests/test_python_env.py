"""The Python environment: keyed by what is pinned, and seen through when it is broken."""

import subprocess
import sys
from importlib.metadata import version
from pathlib import Path

import pytest

from tools import project
from tools.console import SetupError
from tools.setup import python_env


@pytest.fixture
def requirements(tmp_path):
    path = tmp_path / "requirements.txt"
    path.write_text("# why\nlxml==6.1.3   # reason\n\nwhool==1.3.1\n")
    return path


@pytest.fixture
def environment(tmp_path):
    """A real, empty environment that counts as finished."""
    folder = tmp_path / "venv"
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", folder], check=True)
    (folder / "whole").touch()
    return folder


def test_comments_are_no_requirements(requirements):
    assert python_env.pins([requirements]) == ["lxml==6.1.3", "whool==1.3.1"]


def test_condition_on_the_python_counts(requirements):
    requirements.write_text('old==1; python_version < "3.0"\nnew==1; python_version < "9.0"\n')
    assert python_env.pins([requirements]) == ["new==1"]


@pytest.mark.parametrize("line", ["lxml", "lxml>=6", "lxml==6.*", "git+https://example.com/x"])
def test_what_is_not_pinned_is_refused(requirements, line):
    requirements.write_text(line + "\n")
    with pytest.raises(SetupError, match="not pinned"):
        python_env.pins([requirements])


def test_key_follows_the_pins_and_not_the_comments(requirements):
    before = python_env.key([requirements])
    requirements.write_text(requirements.read_text().replace("reason", "another reason"))
    assert python_env.key([requirements]) == before
    requirements.write_text(requirements.read_text().replace("6.1.3", "6.1.4"))
    assert python_env.key([requirements]) != before


def test_key_follows_the_odoo_it_is_for(requirements):
    assert python_env.key([requirements], "/one") != python_env.key([requirements], "/two")


def test_half_made_environment_is_seen(environment):
    (environment / "whole").unlink()
    assert python_env.broken(environment, []) == "half made"


def test_whole_environment_is_left_alone(environment):
    assert python_env.broken(environment, []) is None


def test_missing_package_is_seen(environment):
    assert "whool is not installed" in python_env.broken(environment, ["whool==1.3.1"])


def test_missing_file_is_seen(environment):
    packages = environment / "lib" / f"python{sys.version_info[0]}.{sys.version_info[1]}" / "site-packages"
    metadata = packages / "thing-1.0.dist-info"
    metadata.mkdir(parents=True)
    (metadata / "METADATA").write_text("Metadata-Version: 2.1\nName: thing\nVersion: 1.0\n")
    (metadata / "RECORD").write_text("thing.py,,\n")
    (packages / "thing.py").touch()
    assert python_env.broken(environment, ["thing==1.0"]) is None
    (packages / "thing.py").unlink()
    assert "thing lacks thing.py" in python_env.broken(environment, ["thing==1.0"])


def test_environment_of_the_tests_is_what_is_pinned():
    files = [project.ROOT / name for name in ("requirements.txt", "requirements-dev.txt")]
    for requirement in python_env.pins(files):
        name, pinned = requirement.split("==")
        assert version(name) == pinned


def test_committed_files_name_no_package_registry():
    words = ("index-url", "find-links", "://")
    for path in Path(project.ROOT).glob("requirements*.txt"):
        assert not [word for word in words if word in path.read_text()], path
