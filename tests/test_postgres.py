"""A real private cluster: made, broken in the ways that happen, and mended."""

import os
import shutil
import signal
import tempfile
import time
from contextlib import closing
from pathlib import Path

import psycopg2
import pytest

from tools.console import SetupError
from tools.setup import postgres


@pytest.fixture
def cluster():
    """A cluster in a folder that its user can reach."""
    folder = Path(tempfile.mkdtemp(prefix="ar-"))
    folder.chmod(0o755)
    owner = postgres.owner_for_root() if os.geteuid() == 0 else None
    cluster = postgres.Cluster(folder / "cluster", owner)
    yield cluster
    cluster.remove()
    shutil.rmtree(folder)


def ask(cluster, query):
    server = cluster.server
    connection = psycopg2.connect(host=server.host, port=server.port, user=server.user, dbname="postgres")
    with closing(connection), connection, connection.cursor() as cursor:
        cursor.execute(query)
        return cursor.fetchone()[0] if cursor.description else None


def kill(cluster):
    """End the server as a crash of the machine would: nothing is put in order."""
    number = int((cluster.data / "postmaster.pid").read_text().split()[0])
    os.kill(number, signal.SIGKILL)
    while Path(f"/proc/{number}/cmdline").exists() and Path(f"/proc/{number}/cmdline").read_bytes():
        time.sleep(0.05)
    return number


def test_life_of_a_cluster(cluster, capsys):
    cluster.ensure_running()
    assert ask(cluster, "SHOW listen_addresses") == ""
    assert ask(cluster, "SHOW fsync") == "on"
    assert Path(cluster.server.host).stat().st_mode & 0o077 == 0, "others may not reach the socket"
    ask(cluster, "SET synchronous_commit = on; CREATE TABLE kept (value int)")

    # started a second time while it runs: the same server
    started = ask(cluster, "SELECT pg_postmaster_start_time()")
    cluster.ensure_running()
    assert ask(cluster, "SELECT pg_postmaster_start_time()") == started

    # killed, and its number given to another process since
    kill(cluster)
    pid_file = cluster.data / "postmaster.pid"
    lines = pid_file.read_text().splitlines()
    pid_file.write_text("\n".join([str(os.getpid()), *lines[1:]]) + "\n")
    cluster.ensure_running()
    assert "recovers" in capsys.readouterr().out
    assert ask(cluster, "SELECT count(*) FROM kept") == 0

    # stopped in good order
    cluster.stop()
    assert not pid_file.exists()
    cluster.stop()

    # broken beyond what PostgreSQL can mend: kept aside
    (cluster.data / "global" / "pg_control").unlink()
    cluster.ensure_running()
    assert "data.broken" in capsys.readouterr().out
    assert (cluster.folder / "data.broken" / "PG_VERSION").exists()
    assert ask(cluster, "SELECT 1") == 1

    # making it was interrupted
    cluster.stop()
    (cluster.folder / "made").unlink()
    cluster.ensure_running()
    assert "half made" in capsys.readouterr().out
    assert ask(cluster, "SELECT 1") == 1


def test_user_postgres_of_an_existing_server_is_refused(monkeypatch):
    monkeypatch.setenv("PGHOST", "127.0.0.1")
    monkeypatch.setenv("PGUSER", "postgres")
    with pytest.raises(SetupError, match="PGUSER"):
        postgres.existing()
