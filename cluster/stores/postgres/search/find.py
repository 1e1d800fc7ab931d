"""Finds moments by words, first those with all words, then those with some; and by meaning, if the vector of
the question is handed in.

A page by words is at most four statements: the stems of the query's words, the moments with all words, those
with some, the words to mark in them. The order is that of `score`, then of the moment's number, so it is
stable as long as no video is indexed anew. Knows no HTTP, and no caller but the owner whose moments may be
seen.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from psycopg.rows import DictRow

from cluster.contract.pages import SEARCH_PAGE_ITEMS
from cluster.contract.vocabulary import MOMENT_SOURCES, MomentSource, SearchWay
from cluster.errors import UsageError
from cluster.stores.page import Page, check_limit, page_of
from cluster.stores.postgres.database import Connection, Database
from cluster.stores.postgres.search.meanings import Vectors, nearest, rows_of
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
from cluster.stores.postgres.search.ranks import (
    MOST_FUSED,
    Place,
    after,
    check_goes_on,
    fused,
    place_of,
    score_of_rest,
    ways_of,
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
    """A moment that was found. `score`, 0..1: in a search by words alone at least 0.5 with all of them.
    `ways`: how it was found. `scene`, `keyframe`: see `Moment`.
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
    ways: tuple[SearchWay, ...]
    place: Place

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
        question: Vectors | None = None,
    ) -> Page[FoundMoment]:
        """A page of moments, best first. `owner` None: of all owners. `question`: the vector of `q`, where
        `asks_for_meaning` says that it is wanted, and it is there.

        UsageError where `q` has no word to look for, for a limit out of range and a bad cursor;
        UnavailableError for a page after one by meaning without a `question`.
        """
        place = None if cursor is None else place_of(cursor)
        check_goes_on(place, question is not None)
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
            if question is None or (place is not None and place.kind == "words"):
                rows = _by_words(connection, queries, scope, place, limit + 1)
            else:
                rows = _in_both_ways(connection, queries, scope, question, place, limit + 1)
            tokens = [list(tokens_of(row["text"])) for row in rows]
            marked = _marked(connection, queries, rows, tokens)
        marked |= {(query.config, form) for query in queries for form in query.forms}
        found = [_found(row, own, parts, marked) for row, own in zip(rows, tokens, strict=True)]
        return page_of(found, limit, lambda moment: moment.place.key)


def _by_words(
    connection: Connection,
    queries: Sequence[ConfigQuery],
    scope: Mapping[str, Any],
    place: Place | None,
    limit: int,
) -> list[DictRow]:
    rows = _rows(connection, queries, scope, None if place is None else (place.ppm, place.id), limit)
    return [{**row, "ways": ("words",), "place": Place("words", row["score_ppm"], row["id"])} for row in rows]


def _in_both_ways(
    connection: Connection,
    queries: Sequence[ConfigQuery],
    scope: Mapping[str, Any],
    question: Vectors,
    place: Place | None,
    limit: int,
) -> list[DictRow]:
    """Up to `limit` rows after a place: those whose ranks are fused, then further ones by words."""
    by_meaning = dict(nearest(connection, question, scope))
    rows: list[DictRow] = []
    last = place
    if place is None or place.kind == "both":
        by_words = {row["id"]: row for row in _rows(connection, queries, scope, None, MOST_FUSED)}
        chosen = after(fused(list(by_words), list(by_meaning)), place)[:limit]
        known = by_words | rows_of(connection, [id_ for _, id_ in chosen if id_ not in by_words])
        rows = [
            {
                **known[id_],
                "score_ppm": ppm,
                "ways": ways_of(id_, by_words, by_meaning),
                "place": Place("both", ppm, id_),
            }
            for ppm, id_ in chosen
            if id_ in known  # else deleted between two statements
        ]
        if len(rows) >= limit or len(by_words) < MOST_FUSED:
            return rows
        end = list(by_words.values())[-1]
        last = Place("rest", end["score_ppm"], end["id"])
    assert last is not None
    further = _rows(connection, queries, scope, (last.ppm, last.id), limit - len(rows) + len(by_meaning))
    rest = [
        {
            **row,
            "score_ppm": score_of_rest(row["score_ppm"]),
            "ways": ("words",),
            "place": Place("rest", row["score_ppm"], row["id"]),
        }
        for row in further
        if row["id"] not in by_meaning  # these were among the fused ones
    ]
    return rows + rest[: limit - len(rows)]


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
        ways=row["ways"],
        place=row["place"],
    )
