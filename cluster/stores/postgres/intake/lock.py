"""Lock on one upload across all replicas (an advisory lock): one request writes to it at a time.

The offset in PostgreSQL fences the acknowledged bytes. This lock keeps two requests from writing the same
bytes at the same time, so that a slower duplicate cannot overwrite acknowledged bytes. Knows no tus.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from cluster.stores.postgres.database import Database

_TRY_LOCK = b"SELECT pg_try_advisory_xact_lock(hashtextextended(%(name)s, 0)) AS held"


@contextmanager
def upload_lock(database: Database, upload_id: str) -> Iterator[bool]:
    """Takes the lock if it is free, until the block ends or this process dies; yields whether it was free.

    Uses one connection of the pool for that time. It is not a lock on the row, because the block updates the
    row over another connection.
    """
    with database.transaction() as connection:
        row = connection.execute(_TRY_LOCK, {"name": f"upload:{upload_id}"}).fetchone()
        assert row is not None  # a SELECT without FROM has one row
        yield bool(row["held"])
