"""Odoo 19: the checkout in ODOO_HOME, or Debian's package, verified, unpacked in the cache.

Debian 12 itself has no odoo-19, so a private apt state (sources, lists, cache of its own) reads the unstable
suite, and the system's own stays as it is. Apt checks the archive's signature with Debian's keyring, and the
pinned versions are checked against their SHA-256.
"""

import hashlib
import os
import re
import shutil
import subprocess
from pathlib import Path
from typing import NamedTuple

from tools import locks, processes, project
from tools.console import SetupError, megabytes, note, step
from tools.setup import apt

KEYRING = Path("/usr/share/keyrings/debian-archive-keyring.gpg")
SERIES = "19.0"
MAIN_PACKAGE = "odoo-19"
GIVE_ODOO_HOME = (
    "Get Odoo 19.0 in another way (a git checkout or an unpacked release), then give its folder:\n"
    "    ODOO_HOME=/path/to/odoo make demo"
)


class Package(NamedTuple):
    name: str
    version: str
    sha256: str
    suite: str


# Odoo's static files are relative links into the files of the other packages. Font Awesome and Inconsolata
# are Debian 12's, because the file names in later ones differ from those that the links name.
PACKAGES = (
    Package(
        "odoo-19", "19.0.0+dfsg-1", "9d2f598b0555db17e291d48ed24df184c70823c053c4c5ed53c467ca7f629bbf", "sid"
    ),
    Package(
        "libjs-jquery",
        "3.7.1+dfsg+~3.5.33-1",
        "818d6383b5b8f33734f682076b02fe3e765af23251ff6bf2b47747a4484e19d3",
        "sid",
    ),
    Package(
        "libjs-jquery-form", "12-4", "fbfeedcd3eaf519b3cdcc88e93a1c79f6775da71657bac763f1430fe66e8a1da", "sid"
    ),
    Package(
        "libjs-underscore",
        "1.13.8~dfsg+~1.13.0-1",
        "4bd04d6b3695e10228b4d479d6963d6b768bcd9aa22e9cef2a014814f5de2906",
        "sid",
    ),
    Package(
        "fonts-montserrat",
        "9.000-6",
        "c5f603701f86661a7eed820ff0b0d19e0aa697b316053b7885cc7346370128c1",
        "sid",
    ),
    Package(
        "fonts-roboto-unhinted",
        "2:3.016-1",
        "e08ef58b6b92ab2554cc5047b84c3eb03fe0df36d9eddaa1326f80783687c2e8",
        "sid",
    ),
    Package(
        "fonts-ocr-b",
        "0.3.1~dfsg-2",
        "c3760c25162b33ef4b19f0801a2ffbe956634c1fbbef42610c718edfb06baca9",
        "sid",
    ),
    Package(
        "fonts-font-awesome",
        "5.0.10+really4.7.0~dfsg-4.1",
        "5f09e1adce26d59628a239c538882d53e58978b958233864fc617be9a510018e",
        "bookworm",
    ),
    Package(
        "fonts-inconsolata",
        "001.010-6",
        "bb5015c631cd47aa7d9d6e0ecd101f0e1234300f935e7719ea32ed9b640f0ac4",
        "bookworm",
    ),
)

# Debian leaves this file out; an empty one silences the error of the asset that lists it.
LEFT_OUT = "odoo/addons/mail/static/lib/selfie_segmentation/selfie_segmentation.js"


class Odoo(NamedTuple):
    path: Path  # what goes on Python's path
    addons: tuple
    version: str  # what databases made with it are keyed by


def ensure():
    """Return the Odoo to work with."""
    home = os.environ.get("ODOO_HOME")
    if home:
        return from_checkout(Path(home).expanduser())
    with locks.exclusive(project.CACHE / "odoo.lock", "Odoo's source"):
        tree = unpacked()
    odoo = from_checkout(tree / "usr/lib/python3/dist-packages")
    _link(project.STATE / "odoo", tree)
    return odoo._replace(version=tree.name)


def from_checkout(home):
    """An Odoo in a folder of any of the usual layouts: git checkout, unpacked release, dist-packages."""
    release = home / "odoo" / "release.py"
    if not release.is_file():
        raise SetupError(f"no Odoo in {home}: it has no odoo/release.py")
    text = release.read_text()
    info = re.search(r"version_info = \((\d+), (\d+)", text)
    if not info or f"{info[1]}.{info[2]}" != SERIES:
        raise SetupError(f"the Odoo in {home} is not {SERIES}, which the addon is made for")
    addons = tuple(path for path in (home / "odoo" / "addons", home / "addons") if path.is_dir())
    if not any((path / "account" / "__manifest__.py").is_file() for path in addons):
        raise SetupError(f"the Odoo in {home} comes without its addons (no `account` in {home}/addons)")
    return Odoo(home, addons, _checkout_version(home, text))


def _checkout_version(home, release_text):
    commit = (
        subprocess.run(
            ["git", "-C", str(home), "rev-parse", "HEAD"],
            capture_output=True,
            text=True,
            check=False,
        )
        if (home / ".git").exists()
        else None
    )
    source = f"{home} {commit.stdout.strip() if commit else release_text}"
    return "checkout-" + hashlib.sha256(source.encode()).hexdigest()[:12]


def unpacked():
    pinned = project.CACHE / f"odoo-{PACKAGES[0].version}"
    if whole(pinned):
        return pinned
    if pinned.exists():
        note(f"{pinned} is not whole; making it anew")
    substitute = project.CACHE / "substitute"
    if substitute.is_file() and whole(project.CACHE / substitute.read_text()):
        note(f"using {substitute.read_text()}: {PACKAGES[0].version}, which is pinned, has left the archive")
        return project.CACHE / substitute.read_text()
    debs, version = _fetch()
    tree = project.CACHE / f"odoo-{version}"
    unpack(debs, tree)
    if tree != pinned:
        substitute.write_text(tree.name)
    return tree


# --- downloading


def _fetch():
    """Return the package files, and the version of Odoo that they hold."""
    folder = project.CACHE / "debs"
    folder.mkdir(parents=True, exist_ok=True)
    files = {package: cached(folder, package) for package in PACKAGES}
    absent = [package for package, path in files.items() if path is None]
    version = PACKAGES[0].version
    if absent:
        archive = _open_archive()
        step(f"Downloading {len(absent)} of {len(PACKAGES)} packages of Odoo 19, into {folder}")
    for package in absent:
        files[package], got = archive.download(package, folder)
        if package.name == MAIN_PACKAGE:
            version = got
    return list(files.values()), version


def file_name(package, version=None):
    return f"{package.name}_{(version or package.version).replace(':', '%3a')}_all.deb"


def cached(folder, package):
    path = folder / file_name(package)
    if not path.is_file():
        return None
    if sha256(path) == package.sha256:
        return path
    note(f"{path.name} in the cache is damaged or half a download; fetching it again")
    path.unlink()
    return None


def sha256(path):
    digest = hashlib.sha256()
    with open(path, "rb") as handle:
        while chunk := handle.read(1 << 20):
            digest.update(chunk)
    return digest.hexdigest()


def _open_archive():
    if shutil.which("apt-get") is None or shutil.which("dpkg") is None:
        raise SetupError(f"fetching Odoo needs Debian's apt-get and dpkg. {GIVE_ODOO_HOME}")
    if not KEYRING.is_file():
        raise SetupError(
            "fetching Odoo needs Debian's keyring to verify it: apt-get install debian-archive-keyring\n"
            f"{GIVE_ODOO_HOME}"
        )
    candidates = [os.environ["DEBIAN_MIRROR"]] if os.environ.get("DEBIAN_MIRROR") else apt.mirrors()
    for mirror in candidates:
        archive = Archive(project.CACHE / "apt", mirror)
        if archive.refresh():
            return archive
        note(f"{mirror} gave no signed index of Debian unstable")
    raise SetupError(
        f"no Debian mirror could be read; apt's own words are in {project.LOGS / 'odoo-apt.log'}\n"
        f"With a mirror that you can reach: DEBIAN_MIRROR=http://… make demo\n{GIVE_ODOO_HOME}"
    )


class Archive:
    """A Debian mirror, read through an apt state of our own."""

    def __init__(self, folder, mirror):
        self.mirror = mirror
        self._folder = folder
        self._log = project.LOGS / "odoo-apt.log"
        self._config = folder / "apt.conf"
        for name in ("lists/partial", "cache/archives/partial", "etc"):
            (folder / name).mkdir(parents=True, exist_ok=True)
        (folder / "status").touch()
        (folder / "etc" / "sources.list").write_text(
            "".join(f"deb [signed-by={KEYRING}] {mirror} {suite} main\n" for suite in ("sid", "bookworm"))
        )
        # The system's configuration still counts (proxies, certificates), but not the commands in it.
        self._config.write_text(
            f'Dir::Etc::sourcelist "{folder}/etc/sources.list";\n'
            'Dir::Etc::sourceparts "/dev/null";\n'
            'Dir::Etc::preferences "/dev/null";\n'
            'Dir::Etc::preferencesparts "/dev/null";\n'
            f'Dir::State "{folder}";\n'
            f'Dir::State::lists "{folder}/lists";\n'
            f'Dir::State::status "{folder}/status";\n'
            f'Dir::Cache "{folder}/cache";\n'
            'Acquire::Languages "none";\n'
            "#clear APT::Update::Post-Invoke;\n"
            "#clear APT::Update::Post-Invoke-Success;\n"
            "#clear Acquire::IndexTargets::deb::DEP-11;\n"
            # Apt's own user may not enter the home folder that the cache lies in.
            + ('APT::Sandbox::User "root";\n' if os.geteuid() == 0 else "")
        )

    def _command(self, program, *arguments):
        return [program, "-c", str(self._config), *arguments]

    def refresh(self):
        step(f"Reading the signed index of Debian unstable from {self.mirror}")
        return apt.run(self._command("apt-get", "update"), self._log, "index") == 0 and bool(
            self.versions(MAIN_PACKAGE)
        )

    def versions(self, name):
        """Versions on offer with their checksums, the newest first."""
        text = (
            processes.quiet(self._command("apt-cache", "show", "--all-versions", name), f"looking up {name}")
            if self._knows(name)
            else ""
        )
        found = re.findall(r"^Version: (\S+)$.*?^SHA256: (\S+)$", text, flags=re.MULTILINE | re.DOTALL)
        return list(dict.fromkeys(found))

    def _knows(self, name):
        return bool(
            processes.quiet(self._command("apt-cache", "search", "--names-only", f"^{name}$"), "apt-cache")
        )

    def download(self, package, folder):
        version, indexed = choose(package, self.versions(package.name))
        target = folder / file_name(package, version)
        partial = folder / "partial"
        shutil.rmtree(partial, ignore_errors=True)
        partial.mkdir()
        code = apt.run(
            self._command("apt-get", "download", f"{package.name}={version}"),
            self._log,
            package.name,
            cwd=partial,
        )
        files = list(partial.glob("*.deb"))
        if code or len(files) != 1:
            raise SetupError(f"downloading {package.name} failed:\n{processes.tail(self._log)}")
        if sha256(files[0]) != indexed:
            raise SetupError(f"the downloaded {package.name} does not have the checksum of the signed index")
        files[0].rename(target)
        note(f"{package.name} {version}: {megabytes(target.stat().st_size)}, checksum right")
        partial.rmdir()
        return target, version


def choose(package, offered):
    """The pinned version with its checksum, or the newest one in the archive if that has gone."""
    if not offered:
        raise SetupError(f"the archive has no {package.name} any more. {GIVE_ODOO_HOME}")
    for version, checksum in offered:
        if version == package.version:
            if checksum != package.sha256:
                raise SetupError(
                    f"the archive's {package.name} {version} is not the file that is pinned here"
                )
            return version, checksum
    version, checksum = offered[0]
    note(f"NOTE: {package.name} {package.version}, which is pinned, has left the archive;")
    note(f"      taking {version}, verified by the archive's signed index.")
    return version, checksum


# --- unpacking


def unpack(debs, tree):
    """All packages into one folder, which is there only when it is whole."""
    size = sum(path.stat().st_size for path in debs)
    step(f"Unpacking {len(debs)} packages ({megabytes(size)}) into {tree}")
    building = tree.with_name(tree.name + ".new")
    shutil.rmtree(building, ignore_errors=True)
    building.mkdir(parents=True)
    for number, path in enumerate(debs, start=1):
        note(f"{number} of {len(debs)}: {path.name}")
        processes.quiet(["dpkg", "-x", path, building], f"unpacking {path.name}")
    left_out = building / "usr/lib/python3/dist-packages" / LEFT_OUT
    left_out.parent.mkdir(parents=True, exist_ok=True)
    left_out.touch()
    dangling = processes.quiet(["find", building, "-xtype", "l"], "looking for dangling links").splitlines()
    if dangling:
        note(
            f"NOTE: {len(dangling)} links of Odoo lead nowhere, {dangling[0]} for one; a font may be missing"
        )
    (building / "whole").write_text(census(building))
    shutil.rmtree(tree, ignore_errors=True)
    building.rename(tree)


def whole(tree):
    """Whether everything that was unpacked is still there."""
    stamp = tree / "whole"
    return stamp.is_file() and stamp.read_text() == census(tree)


def census(tree):
    """Number and size of the files that Odoo runs from; compiled Python and the stamp do not count."""
    count = size = 0
    folders = [tree]
    while folders:
        with os.scandir(folders.pop()) as entries:
            for entry in entries:
                if entry.is_dir(follow_symlinks=False):
                    if entry.name != "__pycache__":
                        folders.append(entry.path)
                elif entry.name != "whole" and not entry.name.endswith(".pyc"):
                    count += 1
                    size += entry.stat(follow_symlinks=False).st_size
    return f"{count} files, {size} bytes\n"


def _link(link, target):
    if link.is_symlink() and link.resolve() == target.resolve():
        return
    if link.is_symlink():
        link.unlink()
    link.symlink_to(target)
