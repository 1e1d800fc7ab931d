"""The version of a database's schema, compared with the migrations of this program. Changes nothing."""

from __future__ import annotations

from cluster.errors import ConflictError
from cluster.stores.postgres.database import Database
from cluster.stores.postgres.migrate import find_migrations

_APPLIED = b"SELECT number FROM schema_migrations ORDER BY number"
_EXISTS = b"SELECT to_regclass('schema_migrations') IS NOT NULL AS there"


def version_of(database: Database) -> int:
    """The number of the last migration that was applied; 0 for a database without our tables."""
    row = database.one(_EXISTS, {})
    if row is None or not row["there"]:
        return 0
    return max((int(row["number"]) for row in database.all(_APPLIED)), default=0)


def newest_version() -> int:
    """The number of the last migration that this program knows."""
    return find_migrations()[-1].number


def require_same(database: Database) -> int:
    """The version, if it is the program's own; ConflictError (`other_schema`) otherwise."""
    version, newest = version_of(database), newest_version()
    if version != newest:
        told = f"This database has the schema {version}, and this version of Scenestream reads {newest}. " + (
            "Update this installation first."
            if version > newest
            else "Start bridge and API once (`scenestream up`, or deploy): they bring it up to date."
        )
        raise ConflictError(told, code="other_schema")
    return version
