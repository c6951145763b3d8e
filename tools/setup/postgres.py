"""The database server: the one that PGHOST names, or a private cluster of this clone.

The private cluster listens on a Unix socket only, in a folder that nobody else may enter, so clones never
collide and no password is needed. PostgreSQL refuses to run as root: root's cluster belongs to another user,
and lies where that user can reach it.
"""

import glob
import os
import pwd
import shutil
import stat
import subprocess
import time
from contextlib import contextmanager
from pathlib import Path

from tools import locks, processes, project
from tools.console import SetupError, note, step

ROLE = "odoo"
# Where root's clusters lie when the clone itself is out of the other user's reach (under /root).
ROOTS_CLUSTERS = Path("/var/lib") / project.ADDON
# The name of a socket must fit into 107 bytes.
SOCKET_ROOM = 107 - len("/.s.PGSQL.5432")

# Nothing here gives up the data: a crash of the machine can cost the last second of work, never consistency.
# The demo database gives up not even that (see databases.py).
CONFIGURATION = """
listen_addresses = ''
max_connections = 100
shared_buffers = 256MB
maintenance_work_mem = 256MB
effective_cache_size = 2GB
random_page_cost = 1.1
synchronous_commit = off
wal_level = minimal
max_wal_senders = 0
max_wal_size = 4GB
checkpoint_timeout = 30min
log_min_messages = warning
log_line_prefix = '%m [%p] %d '
"""


class Server:
    """How to connect: what Odoo's configuration and psycopg2 need."""

    def __init__(self, host, port, user, password="", programs=None, private=False):
        self.host, self.port, self.user, self.password = str(host), int(port), user, password
        self.programs = programs
        self.private = private

    @property
    def environment(self):
        """What libpq reads."""
        variables = {"PGHOST": self.host, "PGPORT": str(self.port), "PGUSER": self.user}
        if self.password:
            variables["PGPASSWORD"] = self.password
        return variables


@contextmanager
def running():
    """A server that runs while the block lasts; one that we started stops when its last user leaves."""
    if os.environ.get("PGHOST"):
        yield existing()
        return
    cluster = Cluster.of_this_clone()
    users = locks.Users(project.LOCKS / "cluster.users")
    with cluster.mutex():
        users.enter()
        try:
            cluster.ensure_running()
        except BaseException:
            users.leave()
            raise
    try:
        yield cluster.server
    finally:
        with cluster.mutex():
            if users.leave():
                cluster.stop()


def existing():
    """The server that the usual variables of PostgreSQL name."""
    user = os.environ.get("PGUSER") or pwd.getpwuid(os.geteuid()).pw_name
    if user == "postgres":
        raise SetupError("Odoo refuses to work as PostgreSQL's user `postgres`; give another in PGUSER")
    return Server(
        os.environ["PGHOST"], os.environ.get("PGPORT") or 5432, user, os.environ.get("PGPASSWORD", "")
    )


class Cluster:
    """A private cluster in a folder of its own."""

    def __init__(self, folder, owner):
        self.folder = folder
        self.data = folder / "data"
        self.log = folder / "postgres.log"
        self._owner = owner  # None: the user who runs this
        self._socket = folder / "socket"
        if len(os.fsencode(self._socket)) > SOCKET_ROOM:
            self._socket = Path("/tmp") / f"{project.ADDON}-{project.CLONE_ID}"
        self.programs = _programs(self.data)
        self.server = Server(self._socket, 5432, ROLE, programs=self.programs, private=True)

    @classmethod
    def of_this_clone(cls):
        inside = project.STATE / "postgres"
        if os.geteuid() != 0:
            return cls(inside, None)
        owner = owner_for_root()
        if _reachable(project.STATE, owner):
            return cls(inside, owner)
        return cls(ROOTS_CLUSTERS / project.CLONE_ID, owner)

    def mutex(self):
        return locks.exclusive(project.LOCKS / "cluster.lock", "starting or stopping PostgreSQL")

    # --- starting

    def ensure_running(self):
        if not self._made():
            self._make()
        if self._answers():
            return
        self._clear_stale_pid()
        try:
            self._start()
        except SetupError as problem:
            broken = self.folder / "data.broken"
            note(str(problem))
            note(f"PostgreSQL does not start on {self.data}; kept as {broken.name}, making a new cluster")
            shutil.rmtree(broken, ignore_errors=True)
            self.data.rename(broken)
            self._make()
            self._start()

    def stop(self):
        if self._answers() or self._postmaster():
            self._control("stop", "--mode=fast", "--timeout=60")

    def remove(self):
        if self.folder.exists():
            self.stop()
            shutil.rmtree(self.folder)
        if self._socket.parent != self.folder:
            shutil.rmtree(self._socket, ignore_errors=True)

    def _made(self):
        return (self.data / "PG_VERSION").is_file() and (self.folder / "made").is_file()

    def _make(self):
        if self.data.exists():
            note(f"the cluster in {self.data} is half made; making it anew")
            shutil.rmtree(self.data)
        step(
            f"Making a PostgreSQL cluster in {self.folder}"
            + (f", as user {self._owner}" if self._owner else "")
        )
        (self.folder / "made").unlink(missing_ok=True)
        _private_folder(self.folder, self._owner)
        # So that a cluster whose clone has gone can be found and removed.
        (self.folder / "clone").write_text(f"{project.ROOT}\n")
        self._run(
            "initdb",
            "--pgdata",
            self.data,
            "--username",
            ROLE,
            "--auth",
            "trust",
            "--encoding",
            "UTF8",
            "--locale",
            "C",
            "--no-instructions",
            # A crash of the machine in this very moment leaves a broken cluster, which is made anew.
            "--no-sync",
        )
        with open(self.data / "postgresql.conf", "a") as configuration:
            configuration.write("include 'project.conf'\n")
        (self.folder / "made").touch()

    def _start(self):
        _private_folder(self._socket, self._owner)
        (self.data / "project.conf").write_text(
            CONFIGURATION + f"unix_socket_directories = '{self._socket}'\n"
        )
        (self.data / "project.conf").chmod(0o644)
        self._control("start", "--log", self.log, "--timeout=120")

    def _clear_stale_pid(self):
        """A killed server leaves its process number behind; another process may have got it since."""
        if (self.data / "postmaster.pid").exists() and not self._postmaster():
            note("PostgreSQL was killed last time; it recovers now")
            (self.data / "postmaster.pid").unlink()
            for leftover in self._socket.glob(".s.PGSQL.*"):
                leftover.unlink()

    def _postmaster(self):
        """The process number of the server that runs on our data, or None."""
        try:
            number = int((self.data / "postmaster.pid").read_text().split()[0])
            command = Path(f"/proc/{number}/cmdline").read_bytes().split(b"\0")
        except (OSError, ValueError, IndexError):
            return None
        return number if os.fsencode(self.data) in command else None

    def _answers(self):
        if not (self._socket / ".s.PGSQL.5432").exists():
            return False
        ready = [self.programs / "pg_isready", "--quiet", "--host", self._socket, "--username", ROLE]
        deadline = time.monotonic() + 60
        while time.monotonic() < deadline:
            code = subprocess.run(ready, check=False).returncode
            if code != 1:  # 1: there, but starting up or shutting down
                return code == 0
            time.sleep(0.2)
        return False

    def _control(self, action, *options):
        try:
            self._run("pg_ctl", action, "--pgdata", self.data, "--wait", "--silent", *options)
        except SetupError as problem:
            words = processes.tail(self.log) if self.log.exists() else ""
            raise SetupError(f"{problem}\n{words}") from None

    def _run(self, program, *arguments):
        options = {"cwd": "/"}
        if self._owner:
            account = pwd.getpwnam(self._owner)
            options.update(user=account.pw_uid, group=account.pw_gid, extra_groups=[])
        environment = {key: value for key, value in os.environ.items() if not key.startswith("PG")}
        # The server outlives this call and must not keep our output open: pg_ctl gives it the log instead.
        processes.quiet([self.programs / program, *arguments], program, env=environment, **options)


def remove_cluster():
    """Stop and remove this clone's cluster, if it ever had one."""
    if any(folder.exists() for folder in (project.STATE / "postgres", ROOTS_CLUSTERS / project.CLONE_ID)):
        Cluster.of_this_clone().remove()


def remove_orphans():
    """Remove root's clusters whose clone is gone, so that clones of CI do not fill the disk."""
    for marker in ROOTS_CLUSTERS.glob("*/clone"):
        clone = Path(marker.read_text().strip())
        if not clone.exists():
            note(f"removing the cluster of {clone}, which is gone")
            Cluster(marker.parent, owner_for_root()).remove()


def _programs(data):
    """Folder of PostgreSQL's programs: of the version that the data is of, else the newest."""
    folders = {
        Path(path).parent.parent.name: Path(path).parent
        for path in glob.glob("/usr/lib/postgresql/*/bin/postgres")
    }
    if not folders and shutil.which("postgres"):
        return Path(shutil.which("postgres")).resolve().parent
    try:
        made_with = (data / "PG_VERSION").read_text().strip()
    except OSError:
        made_with = None
    if made_with in folders:
        return folders[made_with]
    usable = sorted((float(version), folder) for version, folder in folders.items() if float(version) >= 13)
    if not usable:
        raise SetupError("no PostgreSQL 13 or later found; install postgresql, or give a server in PGHOST")
    return usable[-1][1]


def owner_for_root():
    for name in ("postgres", "ar_postgres"):
        try:
            return pwd.getpwnam(name).pw_name
        except KeyError:
            continue
    step("Making the system user ar_postgres, because PostgreSQL refuses to run as root")
    processes.quiet(
        ["useradd", "--system", "--home-dir", "/nonexistent", "--shell", "/usr/sbin/nologin", "ar_postgres"],
        "making the user",
    )
    return "ar_postgres"


def _reachable(folder, owner):
    account = pwd.getpwnam(owner)
    test = subprocess.run(
        ["test", "-x", str(folder)],
        user=account.pw_uid,
        group=account.pw_gid,
        extra_groups=[],
        cwd="/",
        check=False,
    )
    return test.returncode == 0


def _private_folder(folder, owner):
    """A folder that only `owner` may enter; one that someone else has put there is refused."""
    uid = pwd.getpwnam(owner).pw_uid if owner else os.geteuid()
    gid = pwd.getpwnam(owner).pw_gid if owner else os.getegid()
    folder.parent.mkdir(parents=True, exist_ok=True)
    try:
        folder.mkdir(mode=0o700)
        os.chown(folder, uid, gid)
    except FileExistsError:
        found = folder.lstat()
        if not stat.S_ISDIR(found.st_mode) or found.st_uid != uid:
            raise SetupError(f"{folder} belongs to someone else; remove it first") from None
        folder.chmod(0o700)
