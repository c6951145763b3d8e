"""apt-get with a line of progress, and the machine's own Debian mirror."""

import re
from pathlib import Path

from tools import processes
from tools.console import Progress

# apt's machine-readable progress: kind, package or number, percent, text.
STATUS = re.compile(r"^(dlstatus|pmstatus):[^:]*:([\d.]+):(.*)$")


def run(command, log, what, **options):
    """Run apt-get with its output in `log`, showing how far it is; return its code."""
    with Progress() as progress:

        def on_line(line):
            if status := STATUS.match(line):
                progress.show(f"{what}: {float(status[2]):.0f} % {status[3]}"[:100])

        # The progress comes on a descriptor of its own, for dpkg closes that one for the scripts of packages,
        # which would be left without standard output.
        with_progress = ["bash", "-c", 'exec "$@" 3>&1', "apt", *command, "-o", "APT::Status-Fd=3"]
        return processes.logged([*with_progress, "-o", "Dpkg::Use-Pty=0"], log, on_line, **options)


def mirrors(folder=Path("/etc/apt")):
    """The Debian mirrors that this machine is set up with."""
    found = []
    files = [folder / "sources.list", *sorted(folder.glob("sources.list.d/*"))]
    for file in files:
        if file.suffix in (".list", ".sources") and file.is_file():
            found += _uris(file.read_text())
    return list(dict.fromkeys(found))


def _uris(text):
    """URIs of Debian's main archive in either format of apt's sources."""
    fields = re.findall(r"^(?:deb\s+(?:\[[^]]*\]\s*)?|URIs:\s*)(\S.*)$", text, flags=re.MULTILINE)
    uris = [word.rstrip("/") for field in fields for word in field.split()]
    return [uri for uri in uris if re.match(r"(https?|file|mirror\S*)://?\S*/debian$", uri)]
