"""The order of moments that are found by words and by meaning, and the places of its pages.

The two scores cannot be compared, so ranks are: reciprocal rank fusion (G. Cormack, C. Clarke, S. Buettcher,
SIGIR 2009). It is done for the first moments by words, with all by meaning; further moments by words follow
in their own order. So a page is found again by the numbers in its cursor. Knows no SQL.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from cluster.errors import UnavailableError, UsageError
from cluster.stores.page import bad_cursor, decode_cursor
from cluster.stores.postgres.search.query import parse

_K = 60
"""The constant of the fusion, as in the paper: the first rank is worth little more than the second."""
MOST_FUSED = 200
"""Moments by words whose rank counts together with that by meaning."""

Kind = Literal["words", "both", "rest"]


@dataclass(frozen=True, slots=True)
class Place:
    """Where the last page ended. `kind`: of a search by words alone, among the fused moments, or among those
    by words that follow them. `ppm`, `id`: score in that order, in millionths, and number of the moment.
    """

    kind: Kind
    ppm: int
    id: int

    @property
    def key(self) -> tuple[str | int, ...]:
        """What a cursor holds."""
        return (self.ppm, self.id) if self.kind == "words" else (self.kind, self.ppm, self.id)


def place_of(cursor: str) -> Place:
    """The place of a cursor; UsageError for one that is none."""
    try:
        ppm, id_ = decode_cursor(cursor, int, int)
    except UsageError:
        kind, ppm, id_ = decode_cursor(cursor, str, int, int)
        if kind == "both":
            return Place("both", int(ppm), int(id_))
        if kind == "rest":
            return Place("rest", int(ppm), int(id_))
        raise bad_cursor() from None
    return Place("words", int(ppm), int(id_))


def asks_for_meaning(q: str, cursor: str | None) -> bool:
    """Whether a page is to be found by meaning as well: not where somebody quotes or excludes words, who
    wants these very words; and a search goes on as it began. UsageError for a bad cursor.
    """
    if cursor is not None:
        return place_of(cursor).kind != "words"
    parts = parse(q)
    return bool(parts) and not any(part.required or part.excluded for part in parts)


def check_goes_on(place: Place | None, has_question: bool) -> None:
    """UnavailableError for a page after one that was found by meaning, when that is not possible now."""
    if place is not None and place.kind != "words" and not has_question:
        raise UnavailableError(
            "The search by meaning, by which the page before was found, does not answer just now; try again "
            "in a moment, or start again without the cursor."
        )


def fused(by_words: Sequence[int], by_meaning: Sequence[int]) -> list[tuple[int, int]]:
    """Score in millionths and number of moments that are found in either way, best first, from both in order.

    1,000,000: first in both ways; 500,000: first in one of them.
    """
    worth: dict[int, float] = {}
    for ranking in (by_words, by_meaning):
        for rank, id_ in enumerate(ranking, 1):
            worth[id_] = worth.get(id_, 0.0) + 1 / (_K + rank)
    scored = [(round(1e6 * sum_ * (_K + 1) / 2), id_) for id_, sum_ in worth.items()]
    return sorted(scored, key=lambda one: (-one[0], one[1]))


def score_of_rest(ppm: int) -> int:
    """The score of a moment that follows the fused ones, below all of theirs, from that by words."""
    return round(ppm * (_K + 1) / 2 / (_K + MOST_FUSED + 1))


def after(order: Sequence[tuple[int, int]], place: Place | None) -> list[tuple[int, int]]:
    """What follows a place in an order of `fused`."""
    if place is None:
        return list(order)
    return [(ppm, id_) for ppm, id_ in order if (-ppm, id_) > (-place.ppm, place.id)]


def ways_of(id_: int, by_words: Mapping[int, object], by_meaning: Mapping[int, object]) -> tuple[str, ...]:
    """In which ways a moment was found."""
    return tuple(way for way, found in (("words", by_words), ("meaning", by_meaning)) if id_ in found)
