"""Connection pool to PostgreSQL, and translation of its errors.

While the server is away, the pool gives up within seconds; when the server is back, it works again by itself.
Knows no table; the statements are in the other modules of this package.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from functools import partial
from typing import Any

import psycopg
from psycopg import errors
from psycopg.rows import DictRow, dict_row
from psycopg_pool import ConnectionPool, PoolClosed, PoolTimeout, TooManyRequests

from cluster.errors import UnavailableError
from cluster.stores.postgres.bounded import ANSWER_WITHIN_S, STATEMENT_TIMEOUT_S, BoundedConnection

Connection = BoundedConnection

# After so long without a free connection a caller gets UnavailableError.
DEFAULT_TIMEOUT_S = 3.0
# psycopg_pool's own attempts to connect back off exponentially and without bound. They are ended early, and
# the next caller starts new ones, so that recovery takes seconds and not minutes.
_RECONNECT_TIMEOUT_S = 2.0
_SHORTEST_CONNECT_TIMEOUT_S = 2  # libpq takes whole seconds and turns one into two
# A connection that lay in the pool answers an empty statement at once, if its server answers at all.
_CHECK_WITHIN_S = 2.0
# Idle time within a transaction that holds a lock all bridges need (in PostgreSQL's notation). The
# transaction's statements follow each other at once; the server ends one that stops in the middle for so
# long.
LONGEST_HOLD = "5s"
# The kernel notices that a server's machine is gone, where a read would never return: by sent bytes that are
# not acknowledged, and by keep-alive probes while only an answer is awaited.
_TCP_USER_TIMEOUT_MS = 10_000
_KEEPALIVE = {"keepalives": 1, "keepalives_idle": 10, "keepalives_interval": 5, "keepalives_count": 3}

_UNAVAILABLE = (
    psycopg.OperationalError,  # refused, lost, shutting down, out of connections, statement timeout
    psycopg.InterfaceError,  # the connection was closed under us
    errors.IdleInTransactionSessionTimeout,  # this process stopped within a transaction, see LONGEST_HOLD
    errors.ReadOnlySqlTransaction,  # a failover left us on the old primary
    PoolTimeout,
    PoolClosed,
    TooManyRequests,
)


@contextmanager
def translated_errors() -> Iterator[None]:
    """Turns errors of a PostgreSQL that is away into UnavailableError; programming errors pass unchanged."""
    try:
        yield
    except _UNAVAILABLE as error:
        reason = " ".join(str(error).split()) or type(error).__name__
        raise UnavailableError(
            f"PostgreSQL does not answer ({reason}). Check that it runs and try again."
        ) from error


def _check(connection: Connection) -> None:
    with connection.answering_within(_CHECK_WITHIN_S):
        ConnectionPool.check_connection(connection)


def _limit(answer_within_s: float, connection: Connection) -> None:
    connection.answer_within_s = answer_within_s


class Database:
    """Pool of autocommit connections, opened lazily; rows are dictionaries."""

    def __init__(
        self,
        url: str,
        *,
        max_connections: int = 8,
        timeout_s: float = DEFAULT_TIMEOUT_S,
        answer_within_s: float = ANSWER_WITHIN_S,
    ) -> None:
        """`timeout_s`: for a connection. `answer_within_s`: for the answer to each statement."""
        self._joined = threading.local()
        self._pool: ConnectionPool[Connection] = ConnectionPool(
            url,
            connection_class=BoundedConnection,
            kwargs={
                "autocommit": True,
                "row_factory": dict_row,
                "connect_timeout": max(round(timeout_s), _SHORTEST_CONNECT_TIMEOUT_S),
                "tcp_user_timeout": _TCP_USER_TIMEOUT_MS,
                **_KEEPALIVE,
                "application_name": "scenestream",
                "options": f"-c statement_timeout={STATEMENT_TIMEOUT_S:.0f}s -c timezone=UTC",
            },
            min_size=0,
            max_size=max_connections,
            timeout=timeout_s,
            reconnect_timeout=_RECONNECT_TIMEOUT_S,
            check=_check,
            configure=partial(_limit, answer_within_s),
            open=False,
            name="scenestream",
        )

    def open(self) -> None:
        """Starts the pool; does not wait for the server, which may start later."""
        with translated_errors():
            self._pool.open(wait=False)

    def close(self) -> None:
        """Closes every connection; the object cannot be opened again."""
        self._pool.close()

    @contextmanager
    def connection(self) -> Iterator[Connection]:
        """A connection for a few statements, each a transaction of its own; UnavailableError without one."""
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
        """Puts all statements that this thread runs through this object in the block into one transaction.

        A block inside another one is part of the outer transaction.
        """
        outer: Connection | None = getattr(self._joined, "connection", None)
        with self.transaction() as connection:
            self._joined.connection = connection
            try:
                yield connection
            finally:
                self._joined.connection = outer

    def one(self, statement: bytes, values: Mapping[str, Any]) -> DictRow | None:
        """Runs one statement and returns its first row, or None."""
        with self.connection() as connection:
            return connection.execute(statement, values).fetchone()

    def all(self, statement: bytes, values: Mapping[str, Any] | None = None) -> list[DictRow]:
        """Runs one statement and returns all rows."""
        with self.connection() as connection:
            return connection.execute(statement, values).fetchall()

    def changed(self, statement: bytes, values: Mapping[str, Any]) -> bool:
        """Runs one UPDATE or DELETE and returns whether it matched a row."""
        with self.connection() as connection:
            return connection.execute(statement, values).rowcount > 0
