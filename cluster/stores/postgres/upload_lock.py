"""The right to write to one upload, held by one request among all replicas.

The offset in PostgreSQL fences what is acknowledged; this lock keeps two requests from writing the same
bytes at the same time, so that what was acknowledged cannot be overwritten by a slower twin. Knows no tus.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from cluster.stores.postgres.database import Database

_TRY_LOCK = b"SELECT pg_try_advisory_xact_lock(hashtextextended(%(name)s, 0)) AS held"


@contextmanager
def upload_lock(database: Database, upload_id: str) -> Iterator[bool]:
    """Yields whether the lock was free; if so it is held until the block ends or this process dies.

    Takes one connection of the pool for that time. An advisory lock, not the row's: the block updates the row
    over another connection.
    """
    with database.transaction() as connection:
        row = connection.execute(_TRY_LOCK, {"name": f"upload:{upload_id}"}).fetchone()
        assert row is not None  # a SELECT without FROM has one row
        yield bool(row["held"])
