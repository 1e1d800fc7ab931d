"""Finds moments by words: first those with all words, then those with some.

A page is at most four statements: the stems of the query's words, the moments with all words, those with
some, the words to mark in them. The order is that of `score`, then of the moment's number, so it is stable as
long as no video is indexed anew. Knows no HTTP, and no caller but the owner whose moments may be seen.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from psycopg.rows import DictRow

from cluster.contract.pages import SEARCH_PAGE_ITEMS
from cluster.contract.vocabulary import MOMENT_SOURCES, MomentSource
from cluster.errors import UsageError
from cluster.stores.page import Page, check_limit, decode_cursor, page_of
from cluster.stores.postgres.database import Connection, Database
from cluster.stores.postgres.search.query import (
    ConfigQuery,
    Part,
    Stems,
    compose,
    owner_mark,
    parse,
    source_mark,
    texts_of,
    video_mark,
)
from cluster.stores.postgres.search.snippets import Snippet, snippet_of, words_in
from cluster.stores.postgres.search.text import Token, tokens_of
from cluster.stores.postgres.sql_files import load_statements

_SQL = load_statements("search.sql")

_WEIGHTS = [0.2, 0.5, 0.8, 1.0]
"""Worth of the classes D, C, B, A of `ts_rank_cd`: tags, words, names, titles."""
_PROMINENT = ("title", "name")
"""Sources that are not left out where a word is in very many moments."""
_MOST_RANKED = 500
"""Moments of one query that are ranked, in each configuration; measured by tests/benchmarks/search."""
_MOST_WITH_TWO = 600
"""Moments with two words of a longer query that are scored; the same measurement."""
_MOST_WITH_ONE = 80
"""Moments for which one word of several is enough; a word that more moments have says little by itself."""
_MOST_MS = 5_000
"""Of one statement: far more than a search takes, far less than other statements may."""
_ALL_WORDS_PPM = 500_000
"""The score of a moment with all words is at least this, in millionths."""


@dataclass(frozen=True, slots=True)
class FoundMoment:
    """A moment that was found. `score`, 0..1: at least 0.5 with all words of the query. `scene`, `keyframe`:
    see `Moment`.
    """

    id: int
    video_id: str
    filename: str
    source: MomentSource
    start_s: float
    end_s: float
    scene: int | None
    keyframe: int | None
    score_ppm: int
    snippet: Snippet

    @property
    def score(self) -> float:
        """Worth among the hits of one query, 0..1."""
        return self.score_ppm / 1e6


class Search:
    """Reads the table `moments`. Shares the pool of `Jobs` (as `jobs.search`); raises UnavailableError."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def find(
        self,
        q: str,
        *,
        owner: str | None = None,
        video_id: str | None = None,
        sources: Sequence[MomentSource] = MOMENT_SOURCES,
        limit: int = SEARCH_PAGE_ITEMS,
        cursor: str | None = None,
    ) -> Page[FoundMoment]:
        """A page of moments, best first. `owner` None: of all owners.

        UsageError where `q` has no word to look for, for a limit out of range and a bad cursor.
        """
        after: tuple[int, int] | None = None
        if cursor is not None:
            score_ppm, id_ = decode_cursor(cursor, int, int)
            after = int(score_ppm), int(id_)
        parts = parse(q)
        if not any(not part.excluded for part in parts):
            raise UsageError(
                "q has no word to look for; give at least one word that is not excluded.",
                code="invalid_request",
            )
        marks = [] if owner is None else [owner_mark(owner)]
        marks += [] if video_id is None else [video_mark(video_id)]
        scope = {"owner": owner, "video": video_id, "sources": list(sources)}
        check_limit(limit)
        # one connection for all: each that is taken is probed first
        with self._database.transaction() as connection:
            connection.execute(_SQL["limit_time"], {"most_ms": _MOST_MS})
            stems = _stems(connection, parts)
            queries = [
                compose(parts, config, stems, marks) for config in sorted({config for config, _ in stems})
            ]
            if not queries:
                return Page(())  # there are no moments at all
            rows = _rows(connection, queries, scope, after, limit + 1)
            tokens = [list(tokens_of(row["text"])) for row in rows]
            marked = _marked(connection, queries, rows, tokens)
        marked |= {(query.config, form) for query in queries for form in query.forms}
        found = [_found(row, own, parts, marked) for row, own in zip(rows, tokens, strict=True)]
        return page_of(found, limit, lambda moment: (moment.score_ppm, moment.id))


def _stems(connection: Connection, parts: Sequence[Part]) -> Stems:
    rows = connection.execute(_SQL["stems"], {"texts": texts_of(parts)}).fetchall()
    return {(row["config"], row["text"]): row["query"] for row in rows}


def _rows(
    connection: Connection,
    queries: Sequence[ConfigQuery],
    scope: Mapping[str, Any],
    after: tuple[int, int] | None,
    limit: int,
) -> list[DictRow]:
    """Up to `limit` rows after the place of the cursor."""
    rows: list[DictRow] = []
    if after is None or after[0] >= _ALL_WORDS_PPM:
        rows = _with_every_word(connection, queries, {**scope, **_place(after), "limit": limit})
        after = None
    some = [query for query in queries if query.terms]
    if len(rows) < limit and some:
        rows += _with_some_words(connection, some, {**scope, **_place(after), "limit": limit - len(rows)})
    return rows


def _with_every_word(
    connection: Connection, queries: Sequence[ConfigQuery], values: Mapping[str, Any]
) -> list[DictRow]:
    return connection.execute(
        _SQL["find_every"],
        {
            **values,
            "configs": [query.config for query in queries],
            "matching": [query.every for query in queries],
            "ranking": [query.ranking for query in queries],
            "prominent": " | ".join(f"'{source_mark(source)}'" for source in _PROMINENT),
            "weights": _WEIGHTS,
            "most": _MOST_RANKED,
        },
    ).fetchall()


def _with_some_words(
    connection: Connection, queries: Sequence[ConfigQuery], values: Mapping[str, Any]
) -> list[DictRow]:
    terms = [(query.config, number, term) for query in queries for number, term in query.terms]
    return connection.execute(
        _SQL["find_some"],
        {
            **values,
            "configs": [query.config for query in queries],
            "matching": [query.every for query in queries],
            "base": [query.base for query in queries],
            "pairs": [query.pairs or None for query in queries],
            "term_configs": [config for config, _, _ in terms],
            "numbers": [number for _, number, _ in terms],
            "terms": [term for _, _, term in terms],
            "most_with_one": _MOST_WITH_ONE,
            "most_with_two": _MOST_WITH_TWO,
        },
    ).fetchall()


def _marked(
    connection: Connection,
    queries: Sequence[ConfigQuery],
    rows: Sequence[DictRow],
    tokens: Sequence[Sequence[Token]],
) -> set[tuple[str, str]]:
    """Configuration and word of the words in found texts that have a stem of the query."""
    seen = sorted(
        {(row["config"], word) for row, own in zip(rows, tokens, strict=True) for word in words_in(own)}
    )
    wanted = [query for query in queries if query.words]
    if not seen or not wanted:
        return set()
    matching = connection.execute(
        _SQL["words_that_match"],
        {
            "configs": [config for config, _ in seen],
            "words": [word for _, word in seen],
            "query_configs": [query.config for query in wanted],
            "queries": [query.words for query in wanted],
        },
    ).fetchall()
    return {(row["config"], row["word"]) for row in matching}


def _place(after: tuple[int, int] | None) -> dict[str, int | None]:
    return (
        {"after_ppm": None, "after_id": None}
        if after is None
        else {"after_ppm": after[0], "after_id": after[1]}
    )


def _found(
    row: Mapping[str, Any], tokens: Sequence[Token], parts: Sequence[Part], marked: set[tuple[str, str]]
) -> FoundMoment:
    snippet = snippet_of(
        row["text"],
        tokens,
        parts,
        lambda word: (row["config"], word) in marked,
        start_s=row["start_s"],
        end_s=row["end_s"],
        word_starts_ms=row["word_starts_ms"],
    )
    return FoundMoment(
        id=row["id"],
        video_id=row["video_id"],
        filename=row["filename"],
        source=row["source"],
        start_s=snippet.start_s,
        end_s=snippet.end_s,
        scene=row["scene"],
        keyframe=row["keyframe"],
        score_ppm=row["score_ppm"],
        snippet=snippet,
    )
