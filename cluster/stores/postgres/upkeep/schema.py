"""A database's schema, compared with the migrations of this program: its version, and which names are ours.

Changes nothing.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache

from cluster.errors import ConflictError
from cluster.stores.postgres.database import Database
from cluster.stores.postgres.migrate import find_migrations

_APPLIED = b"SELECT number FROM schema_migrations ORDER BY number"
_EXISTS = b"SELECT to_regclass('schema_migrations') IS NOT NULL AS there"
_TABLES = b"SELECT tablename::text AS name FROM pg_tables WHERE schemaname = current_schema()"
_MADE = re.compile(r"^CREATE (?:OR REPLACE )?(TABLE|FUNCTION) (\w+)", re.MULTILINE)
_MADE_ELSEWHERE = frozenset({"schema_migrations", "moment_meanings"})
"""Tables that no migration makes: `migrate.py` makes the one, `search/meanings.py` the other."""


@dataclass(frozen=True, slots=True)
class Names:
    """Names of tables and of functions."""

    tables: frozenset[str]
    functions: frozenset[str]


@cache
def our_names() -> Names:
    """What this program makes in a database, now or by an earlier migration; others made the rest."""
    made = [found for one in find_migrations() for found in _MADE.findall(one.path.read_text("utf-8"))]
    return Names(
        frozenset(name for kind, name in made if kind == "TABLE") | _MADE_ELSEWHERE,
        frozenset(name for kind, name in made if kind == "FUNCTION"),
    )


def is_of_another_program(database: Database) -> bool:
    """Whether tables are there that are named as ours, in a database that we have never migrated."""
    names = {row["name"] for row in database.all(_TABLES)}
    return version_of(database) == 0 and not names.isdisjoint(our_names().tables - {"schema_migrations"})


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
