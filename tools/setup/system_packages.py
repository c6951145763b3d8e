"""Programs and fonts of the machine itself: installed when root, else named in one command."""

import glob
import os
import shutil
from typing import NamedTuple

from tools import processes, project
from tools.console import SetupError, note, step
from tools.setup import apt

LIST = project.ROOT / "tools" / "system-packages.tsv"
CLUSTER_PACKAGES = {"postgresql"}
# The bootstrap has found a Python already; it need not be Debian's.
BOOTSTRAP_PACKAGES = {"python3", "python3-venv"}


class Package(NamedTuple):
    name: str
    evidence: str
    reason: str

    @property
    def present(self):
        return bool(glob.glob(self.evidence)) or shutil.which(os.path.basename(self.evidence)) is not None


def wanted(needs_cluster):
    lines = [line for line in LIST.read_text().splitlines() if line and not line.startswith("#")]
    packages = [Package(*line.split("\t")) for line in lines]
    left_out = BOOTSTRAP_PACKAGES | (set() if needs_cluster else CLUSTER_PACKAGES)
    return [package for package in packages if package.name not in left_out]


def missing(needs_cluster=True):
    return [package for package in wanted(needs_cluster) if not package.present]


def install_command(packages):
    return "apt-get install --no-install-recommends -y " + " ".join(package.name for package in packages)


def ensure(needs_cluster=True):
    packages = missing(needs_cluster)
    if not packages:
        return
    reasons = "\n".join(f"    {package.name}: {package.reason}" for package in packages)
    if shutil.which("apt-get") is None:
        raise SetupError(
            f"this machine lacks (by Debian's names):\n{reasons}\nInstall them, then run this again."
        )
    if os.geteuid() != 0:
        raise SetupError(
            f"this machine lacks\n{reasons}\nInstall them once as root, then run this again:\n"
            f"    sudo sh -c 'apt-get update && {install_command(packages)}'"
        )
    step(f"Installing {len(packages)} system packages: " + ", ".join(package.name for package in packages))
    _apt_get(packages)
    still = missing(needs_cluster)
    if still:
        raise SetupError("apt-get left these uninstalled: " + ", ".join(package.name for package in still))


def _apt_get(packages):
    environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    log = project.LOGS / "system-packages.log"
    if apt.run(["apt-get", "update"], log, "package lists", env=environment):
        note("some package lists could not be refreshed; going on with what is there")
    # An installation that was interrupted must be brought to its end first; else this does nothing.
    processes.logged(["dpkg", "--configure", "-a"], log, lambda line: None, env=environment)
    if apt.run(install_command(packages).split(), log, "packages", env=environment):
        raise SetupError(f"`{install_command(packages)}` failed:\n{processes.tail(log)}")
