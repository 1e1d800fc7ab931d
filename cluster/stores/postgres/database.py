"""Connections to PostgreSQL, and its errors in our words.

A pool that gives up within seconds while the server is away and works again by itself when it is back. Knows
no table; what runs over a connection is written in jobs.py, uploads.py and outbox.py.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import psycopg
from psycopg import errors
from psycopg.rows import DictRow, dict_row
from psycopg_pool import ConnectionPool, PoolClosed, PoolTimeout, TooManyRequests

from cluster.errors import UnavailableError

Connection = psycopg.Connection[DictRow]

# How long a caller waits for a connection before it hears that PostgreSQL is away.
DEFAULT_TIMEOUT_S = 3.0
# The pool's own attempts back off exponentially and without bound; ended early, the next caller starts anew,
# which is what makes recovery take seconds rather than minutes.
_RECONNECT_TIMEOUT_S = 2.0
_SHORTEST_CONNECT_TIMEOUT_S = 2  # libpq takes whole seconds and makes two of one
# No statement of ours takes near so long: it stands for a lock that is never released.
_STATEMENT_TIMEOUT_MS = 30_000
# Where all bridges take turns at a lock, in a transaction of several statements that follow each other at
# once: who stands still in the middle for so long is cut off by the server.
LONGEST_HOLD = "5s"
# A server whose machine is gone is noticed by the kernel, not by a read that never returns: by what was sent
# and not taken, and where an answer is all there is to wait for, by asking every now and then.
_TCP_USER_TIMEOUT_MS = 10_000
_KEEPALIVE = {"keepalives": 1, "keepalives_idle": 10, "keepalives_interval": 5, "keepalives_count": 3}

_UNAVAILABLE = (
    psycopg.OperationalError,  # refused, lost, shutting down, out of connections, statement timeout
    psycopg.InterfaceError,  # the connection was closed under us
    errors.IdleInTransactionSessionTimeout,  # we stood still in a transaction that others wait for
    errors.ReadOnlySqlTransaction,  # a failover left us on the old primary
    PoolTimeout,
    PoolClosed,
    TooManyRequests,
)


@contextmanager
def translated_errors() -> Iterator[None]:
    """Turns the loss of PostgreSQL into UnavailableError; programming errors pass as they are."""
    try:
        yield
    except _UNAVAILABLE as error:
        reason = " ".join(str(error).split()) or type(error).__name__
        raise UnavailableError(
            f"PostgreSQL does not answer ({reason}). Check that it runs and try again."
        ) from error


class Database:
    """A lazily opened pool of autocommit connections whose rows are dicts."""

    def __init__(self, url: str, *, max_connections: int = 8, timeout_s: float = DEFAULT_TIMEOUT_S) -> None:
        self._joined = threading.local()
        self._pool: ConnectionPool[Connection] = ConnectionPool(
            url,
            connection_class=psycopg.Connection[DictRow],
            kwargs={
                "autocommit": True,
                "row_factory": dict_row,
                "connect_timeout": max(round(timeout_s), _SHORTEST_CONNECT_TIMEOUT_S),
                "tcp_user_timeout": _TCP_USER_TIMEOUT_MS,
                **_KEEPALIVE,
                "application_name": "scenestream",
                "options": f"-c statement_timeout={_STATEMENT_TIMEOUT_MS} -c timezone=UTC",
            },
            min_size=0,
            max_size=max_connections,
            timeout=timeout_s,
            reconnect_timeout=_RECONNECT_TIMEOUT_S,
            check=ConnectionPool.check_connection,
            open=False,
            name="scenestream",
        )

    def open(self) -> None:
        """Starts the pool; does not wait for the server, which may come later."""
        with translated_errors():
            self._pool.open(wait=False)

    def close(self) -> None:
        """Gives every connection back; the object cannot be opened again."""
        self._pool.close()

    @contextmanager
    def connection(self) -> Iterator[Connection]:
        """A connection for a few statements, each a transaction; UnavailableError when there is none."""
        joined: Connection | None = getattr(self._joined, "connection", None)
        with translated_errors():
            if joined is not None:
                yield joined
                return
            with self._pool.connection() as connection:
                yield connection

    @contextmanager
    def transaction(self) -> Iterator[Connection]:
        """A connection inside one transaction: committed at the end, rolled back on any exception."""
        with self.connection() as connection, connection.transaction():
            yield connection

    @contextmanager
    def joined(self) -> Iterator[Connection]:
        """One transaction for everything this thread asks of this object until the block ends."""
        with self.transaction() as connection:
            self._joined.connection = connection
            try:
                yield connection
            finally:
                del self._joined.connection

    def one(self, statement: bytes, values: Mapping[str, Any]) -> DictRow | None:
        """The first row of one statement, or None."""
        with self.connection() as connection:
            return connection.execute(statement, values).fetchone()

    def all(self, statement: bytes, values: Mapping[str, Any] | None = None) -> list[DictRow]:
        """All rows of one statement."""
        with self.connection() as connection:
            return connection.execute(statement, values).fetchall()

    def changed(self, statement: bytes, values: Mapping[str, Any]) -> bool:
        """Runs one UPDATE or DELETE; whether it matched a row."""
        with self.connection() as connection:
            return connection.execute(statement, values).rowcount > 0
