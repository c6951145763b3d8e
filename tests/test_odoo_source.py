"""Getting Odoo: real packages (built here), real files; only the archive is too far away for a test."""

import subprocess

import pytest

from tools import project
from tools.console import SetupError
from tools.setup import odoo_source
from tools.setup.odoo_source import Package

PINNED = Package("odoo-19", "19.0.0+dfsg-1", "a" * 64, "sid")
RELEASE = "version_info = (19, 0, 0, FINAL, 0, '')\n"


@pytest.fixture
def deb(tmp_path):
    """A small package with a file, and a link to it as Odoo's static files have them."""
    content = tmp_path / "content"
    (content / "usr/share/thing").mkdir(parents=True)
    (content / "usr/share/thing/file").write_text("something")
    (content / "usr/share/thing/link").symlink_to("file")
    (content / "DEBIAN").mkdir()
    (content / "DEBIAN/control").write_text(
        "Package: thing\nVersion: 1\nArchitecture: all\nMaintainer: n <n@example.com>\nDescription: x\n"
    )
    (content / "DEBIAN").chmod(0o755)
    subprocess.run(
        ["dpkg-deb", "--build", content, tmp_path / "thing_1_all.deb"], check=True, capture_output=True
    )
    return tmp_path / "thing_1_all.deb"


def checkout(folder, release=RELEASE):
    (folder / "odoo").mkdir(parents=True)
    (folder / "odoo/release.py").write_text(release)
    (folder / "addons/account").mkdir(parents=True)
    (folder / "addons/account/__manifest__.py").write_text("{}")
    return folder


def test_pinned_version_is_taken():
    offered = [("19.0.1+dfsg-1", "b" * 64), (PINNED.version, PINNED.sha256)]
    assert odoo_source.choose(PINNED, offered) == (PINNED.version, PINNED.sha256)


def test_newest_is_taken_with_a_note_when_the_pinned_one_is_gone(capsys):
    offered = [("19.0.2+dfsg-1", "c" * 64), ("19.0.1+dfsg-1", "b" * 64)]
    assert odoo_source.choose(PINNED, offered) == offered[0]
    said = capsys.readouterr().out
    assert PINNED.version in said
    assert "19.0.2+dfsg-1" in said


def test_message_names_odoo_home_when_the_archive_has_none():
    with pytest.raises(SetupError, match="ODOO_HOME="):
        odoo_source.choose(PINNED, [])


def test_another_file_under_the_pinned_version_is_refused():
    with pytest.raises(SetupError, match="not the file that is pinned"):
        odoo_source.choose(PINNED, [(PINNED.version, "d" * 64)])


def test_damaged_download_is_thrown_away(tmp_path, capsys):
    path = tmp_path / odoo_source.file_name(PINNED)
    path.write_bytes(b"half a pack")
    assert odoo_source.cached(tmp_path, PINNED) is None
    assert not path.exists()
    assert "damaged" in capsys.readouterr().out


def test_sound_download_is_kept(tmp_path):
    path = tmp_path / odoo_source.file_name(PINNED)
    path.write_bytes(b"a package")
    package = PINNED._replace(sha256=odoo_source.sha256(path))
    assert odoo_source.cached(tmp_path, package) == path


def test_what_is_in_the_cache_is_unpacked_without_the_archive(tmp_path, deb, monkeypatch):
    package = Package("thing", "1", odoo_source.sha256(deb), "sid")
    (tmp_path / "cache" / "debs").mkdir(parents=True)
    deb.rename(tmp_path / "cache" / "debs" / odoo_source.file_name(package))
    monkeypatch.setattr(odoo_source, "PACKAGES", (package,))
    monkeypatch.setattr(project, "CACHE", tmp_path / "cache")
    tree = odoo_source.unpacked()
    assert tree == tmp_path / "cache" / "odoo-1"
    assert (tree / "usr/share/thing/link").read_text() == "something"
    (tree / "usr/share/thing/file").write_text("some")
    assert odoo_source.unpacked() == tree
    assert (tree / "usr/share/thing/link").read_text() == "something", "repaired"


def test_file_name_is_apts():
    assert odoo_source.file_name(PINNED._replace(version="2:3.016-1")) == "odoo-19_2%3a3.016-1_all.deb"


def test_unpacked_tree_is_whole_until_a_file_goes(tmp_path, deb):
    tree = tmp_path / "tree"
    odoo_source.unpack([deb], tree)
    assert odoo_source.whole(tree)
    (tree / "usr/share/thing/__pycache__").mkdir()
    (tree / "usr/share/thing/__pycache__/file.pyc").touch()
    assert odoo_source.whole(tree), "compiled Python is no damage"
    (tree / "usr/share/thing/file").unlink()
    assert not odoo_source.whole(tree)


def test_unpacking_starts_again_after_an_interruption(tmp_path, deb):
    tree = tmp_path / "tree"
    half = tmp_path / "tree.new"
    half.mkdir()
    (half / "left over").touch()
    assert not odoo_source.whole(tree)
    odoo_source.unpack([deb], tree)
    assert odoo_source.whole(tree)
    assert not (tree / "left over").exists()
    assert not half.exists()


def test_dangling_links_are_told(tmp_path, deb, capsys):
    content = tmp_path / "content"
    (content / "usr/share/thing/file").unlink()
    subprocess.run(["dpkg-deb", "--build", content, deb], check=True, capture_output=True)
    odoo_source.unpack([deb], tmp_path / "tree")
    assert "1 links of Odoo lead nowhere" in capsys.readouterr().out


def test_checkout_is_recognised(tmp_path):
    odoo = odoo_source.from_checkout(checkout(tmp_path / "odoo"))
    assert odoo.addons == (tmp_path / "odoo/addons",)


@pytest.mark.parametrize(
    ("release", "message"),
    [("version_info = (18, 0, 0, FINAL, 0, '')\n", "is not 19.0"), ("nothing", "is not 19.0")],
)
def test_another_series_is_refused(tmp_path, release, message):
    with pytest.raises(SetupError, match=message):
        odoo_source.from_checkout(checkout(tmp_path / "odoo", release))


def test_folder_without_odoo_is_refused(tmp_path):
    with pytest.raises(SetupError, match=r"no odoo/release\.py"):
        odoo_source.from_checkout(tmp_path)


def test_checkout_without_addons_is_refused(tmp_path):
    home = checkout(tmp_path / "odoo")
    (home / "addons/account/__manifest__.py").unlink()
    with pytest.raises(SetupError, match="without its addons"):
        odoo_source.from_checkout(home)
