"""What the machine must have, and where its Debian packages come from."""

from tools.setup import apt, system_packages
from tools.setup.system_packages import Package

HERE = Package("bash", "/bin/bash", "is here")
GONE = Package("no-such-thing", "/usr/bin/no-such-thing", "is not")


def test_presence_is_seen_from_files():
    assert HERE.present
    assert not GONE.present


def test_one_command_names_all_that_is_missing():
    command = system_packages.install_command([GONE, HERE])
    assert command.startswith("apt-get install ")
    assert command.endswith(" no-such-thing bash")


def test_existing_server_needs_no_postgresql_here():
    assert "postgresql" in [package.name for package in system_packages.wanted(needs_cluster=True)]
    assert "postgresql" not in [package.name for package in system_packages.wanted(needs_cluster=False)]


def test_list_gives_package_evidence_and_reason():
    for package in system_packages.wanted(needs_cluster=True):
        assert package.evidence.startswith("/"), package
        assert package.reason, package


def test_mirror_of_the_machine(tmp_path):
    (tmp_path / "sources.list").write_text(
        "# deb http://commented.example/debian bookworm main\n"
        "deb [arch=amd64 signed-by=/x.gpg] https://mirror.example/debian/ bookworm main\n"
        "deb http://mirror.example/debian-security bookworm-security main\n"
    )
    assert apt.mirrors(tmp_path) == ["https://mirror.example/debian"]


def test_mirrors_in_the_newer_format(tmp_path):
    folder = tmp_path / "sources.list.d"
    folder.mkdir()
    (folder / "debian.sources").write_text(
        "Types: deb\nURIs: http://one.example/debian http://two.example/debian-security\nSuites: bookworm\n"
    )
    (folder / "other.list").write_text("deb https://packages.example/apt other main\n")
    assert apt.mirrors(tmp_path) == ["http://one.example/debian"]
