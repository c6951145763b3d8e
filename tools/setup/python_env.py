"""Python environments in the cache, one for each set of pinned requirements and each Odoo."""

import hashlib
import re
import shutil
import sys

from tools import locks, processes, project
from tools.console import Progress, SetupError, note, step

# The one condition in use is the one that pip reads as well: a package without wheels for later Pythons.
PIN = re.compile(r'([\w.-]+==[\w.!+-]+)(?:\s*;\s*python_version < "(\d+)\.(\d+)")?')

# Compares what is installed with what is pinned, and looks for files that have gone.
CHECK = """
import csv
import sys
from importlib.metadata import PackageNotFoundError, distribution
for requirement in sys.argv[1:]:
    name, version = requirement.split("==")
    try:
        found = distribution(name)
    except PackageNotFoundError:
        sys.exit(f"{name} is not installed")
    if found.version != version:
        sys.exit(f"{name} is {found.version} instead of {version}")
    # Not `found.files`: later Pythons leave out what is missing.
    for file, *_ in csv.reader((found.read_text("RECORD") or "").splitlines()):
        if not file.endswith(".pyc") and not found.locate_file(file).exists():
            sys.exit(f"{name} lacks {file}")
"""


def runtime(odoo):
    """The environment that runs Odoo, its tests and the commands; return its Python."""
    return _ensure(("requirements.txt", "requirements-dev.txt"), "venv", odoo.path)


def lint():
    """The environment of the linters; return its Python."""
    return _ensure(("requirements-lint.txt",), "venv-lint")


def neighbours():
    """Other people's addons that ours is tested beside; return the folder that they lie in."""
    python = _ensure(("requirements-neighbours.txt",), "venv-neighbours")
    version = f"python{sys.version_info[0]}.{sys.version_info[1]}"
    return python.parents[1] / "lib" / version / "site-packages" / "odoo" / "addons"


def _ensure(names, link, extra_path=None):
    files = [project.ROOT / name for name in names]
    folder = project.CACHE / f"{link}-{key(files, extra_path)}"
    python = folder / "bin" / "python"
    with locks.exclusive(project.CACHE / f"{link}.lock", "the Python environment"):
        problem = broken(folder, pins(files))
        if problem:
            if folder.exists():
                note(f"the Python environment is not whole ({problem}); making it anew")
            _create(folder, files, extra_path)
    _link(project.STATE / link, folder)
    return python


def key(files, extra_path=None):
    """Changes with the requirements, the Python and the Odoo that the environment is for."""
    digest = hashlib.sha256()
    for requirement in pins(files):
        digest.update(requirement.encode() + b"\n")
    digest.update(f"{sys.version} {sys.executable} {extra_path}".encode())
    return digest.hexdigest()[:12]


def pins(files):
    """The pinned requirements that count for this Python; a line that pins nothing is an error."""
    lines = [line.split("#")[0].strip() for file in files for line in file.read_text().splitlines()]
    found = [line for line in lines if line]
    parsed = [PIN.fullmatch(line) for line in found]
    loose = [line for line, pin in zip(found, parsed, strict=True) if not pin]
    if loose:
        raise SetupError("not pinned with ==: " + ", ".join(loose))
    return [pin[1] for pin in parsed if not pin[2] or sys.version_info < (int(pin[2]), int(pin[3]))]


def broken(folder, requirements):
    """What is wrong with the environment, or None."""
    python = folder / "bin" / "python"
    if not (folder / "whole").is_file() or not python.exists():
        return "half made"
    try:
        processes.quiet([python, "-c", CHECK, *requirements], "check")
    except (SetupError, OSError) as problem:
        return str(problem).splitlines()[-1]
    return None


def _create(folder, files, extra_path):
    requirements = pins(files)
    step(f"Installing {len(requirements)} Python packages into {folder}")
    shutil.rmtree(folder, ignore_errors=True)
    processes.quiet([sys.executable, "-m", "venv", folder], "making a Python environment")
    if extra_path:
        version = f"python{sys.version_info[0]}.{sys.version_info[1]}"
        (folder / "lib" / version / "site-packages" / "odoo.pth").write_text(f"{extra_path}\n")
    log = project.LOGS / "pip.log"
    pip = [folder / "bin" / "python", "-m", "pip", "--disable-pip-version-check"]
    arguments = [part for file in files for part in ("-r", file)]
    with Progress() as progress:
        done = 0

        def on_line(line):
            nonlocal done
            if line.startswith("Collecting "):
                done += 1
                progress.show(f"{done} of {len(requirements)}: {line.split()[1]}")
            elif line.startswith("Installing collected"):
                progress.show("all downloaded; installing")

        # Wheels only: nothing is compiled here. What is not pinned is not installed.
        code = processes.logged(
            [*pip, "install", "--no-deps", "--only-binary=:all:", *arguments],
            log,
            on_line,
        )
    if code:
        raise SetupError(f"pip could not install the requirements:\n{processes.tail(log)}")
    (folder / "whole").touch()


def _link(link, target):
    if link.is_symlink():
        if link.resolve() == target.resolve():
            return
        link.unlink()
    link.symlink_to(target)
