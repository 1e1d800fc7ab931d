"""Schema migrations: applies the numbered files of migrations/ in order, each once.

All missing ones are applied in one transaction under an advisory lock, so any number of processes may start
at the same time, and a failure leaves the schema as it was. Knows no table but its own.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import NamedTuple

import structlog

from cluster.stores.postgres.database import Database

_log = structlog.get_logger(__name__)

MIGRATIONS_DIR = Path(__file__).parent / "migrations"
_FILE_NAME = re.compile(r"(\d{4})_\w+\.sql")
_LOCK_KEY = 0x5CE2E57EA  # id of the advisory lock: an arbitrary number, the same in every process

_CREATE_TABLE = b"""
CREATE TABLE IF NOT EXISTS schema_migrations (
    number     integer PRIMARY KEY,
    name       text NOT NULL,
    applied_at timestamptz NOT NULL DEFAULT now()
)
"""


class Migration(NamedTuple):
    """One numbered file of SQL."""

    number: int
    path: Path


def find_migrations(directory: Path = MIGRATIONS_DIR) -> list[Migration]:
    """Finds every NNNN_name.sql, in order; ValueError for other names, and for gaps or repeated numbers."""
    found: list[Migration] = []
    for path in sorted(directory.glob("*.sql")):
        match = _FILE_NAME.fullmatch(path.name)
        if match is None:
            raise ValueError(f"{path.name} is not named like 0001_what_it_does.sql")
        found.append(Migration(int(match[1]), path))
    if [migration.number for migration in found] != list(range(1, len(found) + 1)):
        raise ValueError("migrations are numbered 0001, 0002, … without gaps or repeats")
    return found


def migrate(database: Database, directory: Path = MIGRATIONS_DIR, *, up_to: int | None = None) -> list[int]:
    """Applies the missing migrations and returns their numbers. UnavailableError while PostgreSQL is away.

    With `up_to`, only those up to this number: the schema of an earlier version.
    """
    migrations = [one for one in find_migrations(directory) if up_to is None or one.number <= up_to]
    with database.transaction() as connection, connection.answering_within(None):
        connection.execute(b"SET LOCAL statement_timeout = 0")  # the first process may take long; wait for it
        connection.execute(b"SELECT pg_advisory_xact_lock(%(key)s)", {"key": _LOCK_KEY})
        connection.execute(_CREATE_TABLE)
        rows = connection.execute(b"SELECT number FROM schema_migrations").fetchall()
        applied = {row["number"] for row in rows}
        missing = [migration for migration in migrations if migration.number not in applied]
        for migration in missing:
            connection.execute(migration.path.read_bytes())
            connection.execute(
                b"INSERT INTO schema_migrations (number, name) VALUES (%(number)s, %(name)s)",
                {"number": migration.number, "name": migration.path.stem},
            )
    for migration in missing:
        _log.info("migration applied", number=migration.number, name=migration.path.stem)
    return [migration.number for migration in missing]
