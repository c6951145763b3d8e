"""Databases on the server that the tests run on: known by their comment, copied with their files."""

import os
from contextlib import closing

import psycopg2
import pytest

from tools import odoo_env
from tools.setup.databases import addon_key, filestore

# Its number is one that no process can have.
GONE = 2**22 + 1


@pytest.fixture
def databases():
    return odoo_env.databases()


@pytest.fixture
def empty(databases):
    """The name of an empty database, dropped with its files afterwards."""
    name = databases.name(f"tools_{os.getpid()}")
    databases.create_empty(name)
    yield name
    databases.drop(name)


def test_unfinished_database_has_no_key(databases, empty):
    assert databases.exists(empty)
    assert databases.key_of(empty) is None
    databases.finish(empty, "key")
    assert databases.key_of(empty) == "key"


def test_finished_template_takes_no_connections_and_can_be_copied(databases, empty):
    stored = filestore(empty) / "ab" / "abcd"
    stored.parent.mkdir(parents=True)
    stored.write_text("attachment")
    databases.finish(empty, "key", template=True)
    with pytest.raises(psycopg2.OperationalError):
        databases.connect(empty)
    copy = databases.name(f"tools_copy_{os.getpid()}")
    try:
        databases.copy(empty, copy)
        with closing(databases.connect(copy)):
            assert databases.key_of(copy) is None, "a copy is not finished because its template was"
        assert (filestore(copy) / "ab" / "abcd").read_text() == "attachment"
    finally:
        databases.drop(copy)
    assert not filestore(copy).exists()
    assert stored.exists()


def test_databases_of_killed_runs_are_dropped(databases, empty, capsys):
    left = databases.name(f"test1_{GONE}")
    databases.create_empty(left)
    databases.drop_left_behind()
    assert not databases.exists(left)
    assert databases.exists(empty), "its process is this one"
    assert left in capsys.readouterr().out


def test_key_of_the_addons_is_stable():
    assert addon_key() == addon_key()


def test_configuration_is_for_its_user_only(databases):
    path = databases.configuration(f"tools_{os.getpid()}", http_port=1)
    try:
        assert path.stat().st_mode & 0o077 == 0
        assert "http_port = 1\n" in path.read_text()
    finally:
        path.unlink()
