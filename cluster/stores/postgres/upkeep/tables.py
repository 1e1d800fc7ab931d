"""All tables of ours as streams of COPY, out of one snapshot and into an empty database.

What is derived from other stores (the index of the search) is left out and made anew. What another program
has in the same database is neither read nor changed. Does not know files, nor the other stores.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from graphlib import TopologicalSorter

from psycopg import sql
from psycopg.rows import DictRow

from cluster.errors import ConflictError
from cluster.stores.postgres.database import Connection, Database
from cluster.stores.postgres.migrate import migrate
from cluster.stores.postgres.sql_files import load_statements
from cluster.stores.postgres.upkeep.schema import our_names, version_of

_SQL = load_statements("copying.sql")
_DERIVED = frozenset({"moments", "search_configs", "search_queue", "search_version", "meaning_queue"})
"""The index of the search. What depends on it by a foreign key, as the vectors do, is left out with it."""
_NOT_DATA = frozenset({"schema_migrations"})
_RELEASES = ("release_videos", "release_clip_jobs", "release_transcripts", "release_imports")


class Snapshot:
    """What PostgreSQL holds at one moment, however long it is read."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    @property
    def tables(self) -> dict[str, list[str]]:
        """The columns of every table that is copied."""
        left_out = set(_DERIVED | _NOT_DATA)
        references = self._rows("references")
        while more := {row["source"] for row in references if row["target"] in left_out} - left_out:
            left_out |= more
        copied = our_names().tables - left_out
        return {row["name"]: row["columns"] for row in self._rows("tables") if row["name"] in copied}

    def copy(self, table: str, columns: Sequence[str]) -> Iterator[bytes]:
        """Yields the rows in the text format of COPY, whole lines or pieces of them."""
        statement = sql.SQL("COPY {} ({}) TO STDOUT").format(_name(table), _names(columns))
        with self._connection.cursor().copy(statement) as copy:
            for piece in copy:
                yield bytes(piece)

    def videos(self) -> dict[str, str]:
        """The key of the tracks of every video, by its id."""
        return {row["id"]: row["tracks_key"] for row in self._rows("named_videos")}

    def timelines(self) -> dict[str, set[str]]:
        """The timelines that are named, by video."""
        found: dict[str, set[str]] = {}
        for row in self._rows("named_timelines"):
            found.setdefault(row["video_id"], set()).add(row["timeline_id"])
        return found

    def orders(self) -> set[str]:
        """The ids of all orders of clips."""
        return {row["id"] for row in self._rows("named_orders")}

    def made(self) -> list[tuple[str, str, str | None]]:
        """Id of the video, id of the order and name of every clip that is made; no name: it is a proxy."""
        return [(row["video_id"], row["id"], row["name"]) for row in self._rows("named_made")]

    def uploads(self) -> dict[str, int]:
        """How many bytes have arrived of every unfinished upload, by its id."""
        return {row["id"]: row["offset_bytes"] for row in self._rows("named_uploads")}

    def files(self) -> dict[str, int]:
        """Bytes of the file of every video that has one, by its key."""
        return {row["media_key"]: row["bytes"] for row in self._rows("named_files")}

    def _rows(self, name: str) -> list[DictRow]:
        return self._connection.execute(_SQL[name]).fetchall()


@contextmanager
def snapshot(database: Database) -> Iterator[Snapshot]:
    """One transaction that sees nothing of what happens meanwhile, and stops nobody."""
    with database.transaction() as connection, connection.answering_within(None):
        connection.execute(b"SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
        connection.execute(b"SET LOCAL statement_timeout = 0")
        yield Snapshot(connection)


def in_use(database: Database) -> bool:
    """Whether there is any video or upload; False for a database without our tables."""
    row = database.one(b"SELECT to_regclass('videos') IS NOT NULL AS there", {})
    if row is None or not row["there"]:
        return False
    counted = database.one(_SQL["in_use"], {})
    return counted is not None and counted["rows"] > 0


@contextmanager
def replaced(
    database: Database, version: int, tables: Mapping[str, Sequence[str]], rows: Mapping[str, Iterable[bytes]]
) -> Iterator[None]:
    """Replaces all tables by those of a backup of this schema version, brought up to the present one.

    All of it, and what the block does through `database`, is one transaction: others see the database as it
    was, and wait where they would change it, until the block ends. ConflictError where somebody has begun to
    use it since `in_use` was asked.
    """
    with database.joined() as connection, connection.answering_within(None):
        connection.execute(b"SET LOCAL statement_timeout = 0")
        if version_of(database):
            connection.execute(b"LOCK TABLE videos, uploads IN ACCESS EXCLUSIVE MODE")
        if in_use(database):
            raise ConflictError(
                "This installation was empty and is in use now: nothing was restored. Stop bridges and API, "
                "and restore into an empty one.",
                code="not_empty",
            )
        _clear(connection)
        migrate(database, up_to=version)
        for table in _ordered(connection, tables):
            _load(connection, table, tables[table], rows[table])
        for row in connection.execute(_SQL["numbered"]).fetchall():
            _count_on(connection, row["name"], row["column"])
        migrate(database)
        yield


def leave_out(database: Database, videos: list[str], timelines: list[str], uploads: list[str]) -> None:
    """Deletes rows whose documents or files are in no backup."""
    with database.connection() as connection:
        connection.execute(_SQL["drop_videos"], {"ids": videos})
        connection.execute(_SQL["drop_revisions"], {"ids": timelines})
        connection.execute(_SQL["drop_uploads"], {"ids": uploads})


def release_all(database: Database) -> None:
    """Gives back every lease, so that work goes on, rings for what waits, has the search index made anew."""
    with database.connection() as connection:
        for name in (*_RELEASES, "release_deliveries", "ring", "index_anew"):
            connection.execute(_SQL[name])


def _clear(connection: Connection) -> None:
    ours = our_names()
    for table in sorted(ours.tables):
        connection.execute(sql.SQL("DROP TABLE IF EXISTS {} CASCADE").format(_name(table)))
    for row in connection.execute(_SQL["functions"], {"names": list(ours.functions)}).fetchall():
        # the server has written the name with its types, quoted where it has to be
        connection.execute(f"DROP FUNCTION IF EXISTS {row['name']} CASCADE".encode())


def _ordered(connection: Connection, tables: Iterable[str]) -> list[str]:
    """What is named comes before what names it."""
    sorter: TopologicalSorter[str] = TopologicalSorter({name: set() for name in tables})
    wanted = set(tables)
    for row in connection.execute(_SQL["references"]).fetchall():
        if row["source"] in wanted and row["target"] in wanted and row["source"] != row["target"]:
            sorter.add(row["source"], row["target"])
    return list(sorter.static_order())


def _load(connection: Connection, table: str, columns: Sequence[str], pieces: Iterable[bytes]) -> None:
    # triggers would tell webhooks and the search of changes that happened long ago
    connection.execute(sql.SQL("ALTER TABLE {} DISABLE TRIGGER USER").format(_name(table)))
    statement = sql.SQL("COPY {} ({}) FROM STDIN").format(_name(table), _names(columns))
    with connection.cursor().copy(statement) as copy:
        for piece in pieces:
            copy.write(piece)
    connection.execute(sql.SQL("ALTER TABLE {} ENABLE TRIGGER USER").format(_name(table)))


def _count_on(connection: Connection, table: str, column: str) -> None:
    statement = sql.SQL(
        "SELECT setval(pg_get_serial_sequence({table}, {column}), max({name})) FROM {from_table} "
        "HAVING max({name}) > 0"
    ).format(
        table=sql.Literal(table),
        column=sql.Literal(column),
        name=sql.Identifier(column),
        from_table=_name(table),
    )
    connection.execute(statement)


def _name(table: str) -> sql.Identifier:
    return sql.Identifier(table)


def _names(columns: Sequence[str]) -> sql.Composed:
    return sql.SQL(", ").join(map(sql.Identifier, columns))
