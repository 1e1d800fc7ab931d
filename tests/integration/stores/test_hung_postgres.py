"""A PostgreSQL that hangs: its connections stay open, and nothing comes over them."""

from __future__ import annotations

import os
import signal
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

import pytest

from cluster.errors import UnavailableError
from cluster.stores.postgres.database import Connection, Database

GUARD_S = 60.0
"""After so long it answers after all, so that a wait without end fails its test and does not hang it."""

ONE = b"SELECT 1 AS one"


@pytest.fixture
def database(postgres_url: str) -> Iterator[Database]:
    database = Database(postgres_url, answer_within_s=1.0)
    database.open()
    yield database
    database.close()


@contextmanager
def frozen(*pids: int) -> Iterator[None]:
    """Processes of the server are stopped; they go on at the end."""

    def go_on() -> None:
        for pid in pids:
            os.kill(pid, signal.SIGCONT)

    guard = threading.Timer(GUARD_S, go_on)
    guard.start()
    for pid in pids:
        os.kill(pid, signal.SIGSTOP)
    try:
        yield
    finally:
        guard.cancel()
        go_on()


def server_of(connection: Connection) -> Sequence[int]:
    """The process at the other end, and the one that takes new connections."""
    row = connection.execute(
        b"SELECT pg_backend_pid() AS pid, pg_read_file('postmaster.pid') AS first"
    ).fetchone()
    assert row is not None
    return row["pid"], int(row["first"].split()[0])


def test_an_answer_that_does_not_come_is_given_up(database: Database) -> None:
    def ask() -> None:
        with database.connection() as connection, frozen(*server_of(connection)):
            connection.execute(ONE)

    with pytest.raises(UnavailableError, match="no answer within 1 s"):
        ask()

    assert database.one(ONE, {}) == {"one": 1}


def test_a_connection_that_lay_idle_is_no_longer_waited_for(database: Database) -> None:
    with database.connection() as connection:
        server = server_of(connection)
    with frozen(*server), pytest.raises(UnavailableError):
        database.one(ONE, {})

    assert database.one(ONE, {}) == {"one": 1}


def test_what_hangs_within_a_transaction_leaves_nothing_of_it(database: Database) -> None:
    insert = b"INSERT INTO numbers VALUES (%(number)s)"
    with database.connection() as connection:
        connection.execute(b"CREATE TABLE numbers (number integer)")

    def write() -> None:
        with database.transaction() as connection:
            connection.execute(insert, {"number": 1})
            with frozen(*server_of(connection)):
                connection.execute(insert, {"number": 2})

    with pytest.raises(UnavailableError):
        write()

    assert database.all(b"SELECT number FROM numbers") == []


def test_a_migration_may_take_long(database: Database) -> None:
    with database.transaction() as connection, connection.answering_within(None):
        connection.execute(b"SELECT pg_sleep(1.5)")
    with pytest.raises(UnavailableError), database.connection() as connection:
        connection.execute(b"SELECT pg_sleep(30)")
