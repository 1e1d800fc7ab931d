"""Vectors of what moments mean: kept beside them where the server has pgvector, and searched by.

Optional in every respect. The table is made when the first vectors come, not by a migration: it needs the
extension, and the width of the model's vectors. All vectors of the table are of one space, that is of one
version of one model; those of another one are dropped and made anew. Knows no model: vectors are handed in.
"""

from __future__ import annotations

import struct
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import structlog
from psycopg import errors

from cluster.contract.vocabulary import MomentSource
from cluster.errors import UnavailableError
from cluster.stores.postgres.database import Connection, Database
from cluster.stores.postgres.search.text import tokens_of
from cluster.stores.postgres.sql_files import load_statements

_log = structlog.get_logger(__name__)

_SQL = load_statements("meanings.sql")

SOURCES: tuple[MomentSource, ...] = ("speech", "screen", "title", "name")
"""Whose moments get vectors. A tag is one word, of which a model of sentences says little."""
OLDEST_VECTOR = (0, 8)
"""Version of pgvector: 0.7 brought vectors of half precision, 0.8 an index that goes on behind a filter."""
LEAST_SIMILARITY = 0.3
"""Of a question and a moment that answers it. For e5-small, centred: what answers a question has 0.35 to 0.7,
the nearest of a thousand sentences about something else 0.1 to 0.25; measured by tests/benchmarks/search."""
MOST_NEAREST = 50
"""Moments of one question that are found by meaning."""
TEXTS_PER_CALL = 32
"""Moments that get their vectors at once: a second or two of work."""
KEPT_PER_STATEMENT = 500
"""Moments that keep their vectors at once: each is put into the index anew, which takes a millisecond in a
small one and several in a large one, and no statement of a long video may come near its time limit."""
_HELD_S = 120.0
"""A video whose worker died is taken again after so long; far longer than one call takes."""
_FEW = 5_000
"""Up to so many rows of an owner are compared one by one: some milliseconds."""
_EF = 100
"""Candidates that the index keeps while it looks: twice what is asked for, as its documentation advises."""
_REFUSALS = (errors.InsufficientPrivilege, errors.FeatureNotSupported, errors.UndefinedFile)
"""A server's answers to the wish for the extension: only a superuser may install it, it is not on the list of
those that a hosted server allows, or its library is not on the machine."""
_LEAST_LETTERS = 4
"""Of a run in a script without spaces. Elsewhere two words are the least: one is near to anything."""
_DIGITS = 5
"""More than half precision has."""


@dataclass(frozen=True, slots=True)
class Vectors:
    """Vectors of one space. `packed`: float16, little-endian, `width` numbers each, of length 1."""

    space: str
    width: int
    packed: bytes

    def texts(self) -> list[str]:
        """Each vector as pgvector writes it. ValueError if the bytes are not a number of whole vectors."""
        size = 2 * self.width
        if self.width < 1 or len(self.packed) % size:
            raise ValueError(f"{len(self.packed)} bytes are no vectors of {self.width} numbers")
        return [
            "[" + ",".join(f"{x:.{_DIGITS}g}" for x in struct.unpack_from(f"<{self.width}e", self.packed, at))
            + "]"
            for at in range(0, len(self.packed), size)
        ]  # fmt: skip


Embed = Callable[[Sequence[str]], Vectors | None]
"""Makes the vectors of texts, those of none to tell the space alone; None while no model is there."""


def is_usable(version: str | None) -> bool:
    """Whether search by meaning works with this version of pgvector."""
    if version is None:
        return False
    return tuple(int(part) for part in version.split(".")[:2] if part.isdigit()) >= OLDEST_VECTOR


class Meanings:
    """The table `moment_meanings` and its queue. Shares the pool of `Jobs` (as `jobs.meanings`)."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def vector_version(self) -> str | None:
        """The version of pgvector that the server has, or could install; None without it."""
        row = self._database.one(_SQL["extension"], {})
        return None if row is None else str(row["version"])

    def can_be_kept(self) -> bool:
        """Whether the server has a version of pgvector that can be used, installed or not."""
        return is_usable(self.vector_version())

    def are_kept(self) -> bool:
        """Whether there is a table of vectors, so that it is worth while to ask for that of a question."""
        row = self._database.one(_SQL["is_there"], {})
        return row is not None and bool(row["is_there"])

    def waiting(self) -> int:
        """The number of videos that wait for vectors."""
        row = self._database.one(_SQL["count_meaning_queue"], {})
        assert row is not None
        return int(row["number"])

    def any_due(self) -> bool:
        """Whether a video waits for vectors; asked before a model is loaded for them."""
        row = self._database.one(_SQL["any_due"], {})
        return row is not None and bool(row["any"])

    def prepare(self, space: str, width: int) -> bool:
        """Makes table and index ready for vectors of this space; those of another one are dropped, and all
        videos wait for new ones. False where the server has no usable extension, or does not let us use it.
        """
        with self._database.transaction() as connection:
            connection.execute(b"SET LOCAL statement_timeout = 0")  # an index of many rows may take minutes
            connection.execute(_SQL["lock_meanings"])
            if not _with_extension(connection):
                return False
            row = connection.execute(_SQL["width_of_table"]).fetchone()
            if row is not None and row["width"] != width:
                connection.execute(b"DROP TABLE moment_meanings")
                row = None
            if row is None:
                _make_table(connection, width)
                connection.execute(_SQL["queue_all_meanings"])
            elif _one(connection, "has_other_space", {"space": space})["has"]:
                connection.execute(_SQL["forget_other_spaces"], {"space": space})
                connection.execute(_SQL["queue_all_meanings"])
        _log.info("search by meaning is ready", space=space)
        return True

    def update_next(self, space: str, embed: Embed) -> bool:
        """Gives some moments of the next video their vectors; False if none waits or no model is there.

        `space`: what `prepare` was called with. UnavailableError when `embed` makes vectors of another one.
        After an exception the video waits for a while.
        """
        taken = self._database.one(_SQL["take_meanings"], {"held_s": _HELD_S})
        if taken is None:
            return False
        of = {"id": taken["video_id"], "changes": taken["changes"]}
        rows = self._database.all(
            _SQL["without_meaning"],
            {"id": of["id"], "space": space, "sources": list(SOURCES), "most": TEXTS_PER_CALL},
        )
        saying = [row for row in rows if says_something(row["text"])]
        made = embed([row["text"] for row in saying]) if saying else Vectors(space, 1, b"")
        if made is None or made.space != space:
            self._database.changed(_SQL["release_meanings"], of)
            if made is not None:
                raise UnavailableError("The model of meaning is another one than before.")
            return False
        vectors = dict(zip((row["id"] for row in saying), made.texts(), strict=True))
        ids = [row["id"] for row in rows]
        values = {"ids": ids, "embeddings": [vectors.get(id_) for id_ in ids], "space": space}
        with self._database.transaction() as connection:
            connection.execute(_SQL["insert_meanings"], values)
            ended = "end_meanings" if len(rows) < TEXTS_PER_CALL else "release_meanings"
            connection.execute(_SQL[ended], of)
        return True


def says_something(text: str) -> bool:
    """Whether a text is long enough to be found by its meaning."""
    tokens = list(tokens_of(text))
    return len(tokens) > 1 or any(one.unspaced and len(one.word) >= _LEAST_LETTERS for one in tokens)


def nearest(connection: Connection, question: Vectors, scope: Mapping[str, Any]) -> list[tuple[int, float]]:
    """Id and similarity of the moments that answer a question, best first, of those that may be seen.

    `scope`: `owner` (None: all), `video` (None: all), `sources`. Empty where no vectors are kept.
    """
    row = connection.execute(_SQL["width_of_table"]).fetchone()
    if row is None or row["width"] != question.width:
        return []
    values = {**scope, "space": question.space, "vector": question.texts()[0], "most": MOST_NEAREST}
    rows = connection.execute(_SQL[_way(connection, scope)], values).fetchall()
    return [(row["id"], row["similarity"]) for row in rows if row["similarity"] >= LEAST_SIMILARITY]


def rows_of(connection: Connection, ids: Sequence[int]) -> dict[int, dict[str, Any]]:
    """The moments with these ids, by id, as `find` reads them."""
    return {row["id"]: row for row in connection.execute(_SQL["moments_by_id"], {"ids": list(ids)})}


def keep_known(connection: Connection, video_id: str, last: int) -> None:
    """Gives the moments of a video after the id `last` the vectors of those up to it that say the same."""
    if _one(connection, "is_there", {})["is_there"]:
        of = {"id": video_id, "last": last}
        made = [row["id"] for row in connection.execute(_SQL["made_after"], of)]
        for begin in range(0, len(made), KEPT_PER_STATEMENT):
            part = made[begin : begin + KEPT_PER_STATEMENT]
            connection.execute(_SQL["keep_meanings"], {**of, "ids": part})
    connection.execute(_SQL["queue_meanings"], {"id": video_id})


def _way(connection: Connection, scope: Mapping[str, Any]) -> str:
    if scope["video"] is not None:
        return "nearest_of_video"
    if scope["owner"] is not None:
        values = {"owner": scope["owner"], "most": _FEW + 1}
        if _one(connection, "owners_meanings", values)["number"] <= _FEW:
            return "nearest_of_owner"
    connection.execute(_SQL["search_on"], {"ef": _EF})
    return "nearest_of_all"


def _with_extension(connection: Connection) -> bool:
    """Whether the extension is there; it is installed if that is possible."""
    row = connection.execute(_SQL["extension"]).fetchone()
    if row is None or not is_usable(row["version"]):
        return False
    if not row["installed"]:
        try:
            with connection.transaction():
                connection.execute(b"CREATE EXTENSION IF NOT EXISTS vector")
        except _REFUSALS as error:
            _log.warning("pgvector may not be installed by this user", reason=" ".join(str(error).split()))
            return False
    return True


def _make_table(connection: Connection, width: int) -> None:
    connection.execute(
        f"""
        CREATE TABLE moment_meanings (
            moment_id bigint PRIMARY KEY REFERENCES moments (id) ON DELETE CASCADE,
            video_id  text NOT NULL,             -- this and the next two are those of the moment
            owner     text,
            source    text NOT NULL,
            space     text NOT NULL,             -- model and version: only vectors of one space are compared
            embedding halfvec({width:d})         -- of length 1; none: the moment says too little
        )
        """.encode()
    )
    connection.execute(
        b"CREATE INDEX moment_meanings_near ON moment_meanings USING hnsw (embedding halfvec_ip_ops)"
    )
    connection.execute(b"CREATE INDEX moment_meanings_video ON moment_meanings (video_id)")
    connection.execute(b"CREATE INDEX moment_meanings_owner ON moment_meanings (owner)")


def _one(connection: Connection, statement: str, values: Mapping[str, Any]) -> dict[str, Any]:
    row = connection.execute(_SQL[statement], values).fetchone()
    assert row is not None
    return row
