"""The piece of a found text that is shown, with the words that match, and the time at which they are said.

Knows tokens; which stems match is told by a function that is handed in.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass

from cluster.stores.postgres.search.query import Part, goes_on, unspaced_runs
from cluster.stores.postgres.search.text import Token

LONGEST_SNIPPET = 240
"""Characters: three lines of a narrow page; nearly all sentences are shorter."""
_BEFORE = 60
"""Characters that a cut snippet shows before the first match."""
_CUT = "…"


@dataclass(frozen=True, slots=True)
class Snippet:
    """`matches`: the stretches of `text` that match, as (from, to) in characters (code points), in order and
    apart. `start_s`, `end_s`: when the matching words are said, or the time of the whole moment.
    """

    text: str
    matches: tuple[tuple[int, int], ...]
    start_s: float
    end_s: float


def words_in(tokens: Iterable[Token]) -> Iterator[str]:
    """The words of a text whose stems decide whether they match, with and without accents."""
    for token in tokens:
        if not token.unspaced:
            yield token.word
            if token.form != token.word:
                yield token.form


def snippet_of(
    text: str,
    tokens: Iterable[Token],
    parts: Sequence[Part],
    has_stem: Callable[[str], bool],
    *,
    start_s: float,
    end_s: float,
    word_starts_ms: Sequence[int] | None,
) -> Snippet:
    """The snippet of a moment from `start_s` to `end_s`. `tokens`: those of the text. `has_stem`: whether a
    word has a stem of the query. `word_starts_ms`: see `Moment`.
    """
    matches = _joined(sorted(_matches(tokens, parts, has_stem)), text)
    said = _said(text, matches, start_s, end_s, word_starts_ms or ())
    shown, shift, begin, end = _cut(text, matches)
    inside = tuple(
        (first - begin + shift, last - begin + shift)
        for first, last in matches
        if begin <= first and last <= end
    )
    return Snippet(shown, inside, *said)


def _matches(
    tokens: Iterable[Token], parts: Sequence[Part], has_stem: Callable[[str], bool]
) -> Iterator[tuple[int, int]]:
    runs = unspaced_runs(parts)
    for token in tokens:
        if token.unspaced:
            yield from _in_run(token, runs)
        elif has_stem(token.word) or has_stem(token.form) or goes_on(parts, token):
            yield token.start, token.end


def _in_run(token: Token, runs: Sequence[str]) -> Iterator[tuple[int, int]]:
    if len(token.word) == token.end - token.start:  # lower case has not changed the number of characters
        for run in runs:
            for found in re.finditer(re.escape(run), token.word):
                yield token.start + found.start(), token.start + found.end()


def _joined(matches: Sequence[tuple[int, int]], text: str) -> list[tuple[int, int]]:
    """Overlapping matches as one, and neighbours with nothing but white space between them."""
    joined: list[tuple[int, int]] = []
    for start, end in matches:
        if joined and not text[joined[-1][1] : start].strip():
            joined[-1] = (joined[-1][0], max(end, joined[-1][1]))
        else:
            joined.append((start, end))
    return joined


def _said(
    text: str, matches: Sequence[tuple[int, int]], start_s: float, end_s: float, starts_ms: Sequence[int]
) -> tuple[float, float]:
    """From the first word that matches to the beginning of the word after the last one."""
    if not matches or not starts_ms:
        return start_s, end_s
    places = [found.start() for found in re.finditer(r"\S+", text)]
    if len(places) != len(starts_ms):
        return start_s, end_s
    first = bisect_right(places, matches[0][0]) - 1
    after = bisect_right(places, matches[-1][1] - 1)
    ends_s = end_s if after >= len(places) else start_s + starts_ms[after] / 1000
    begins_s = start_s + starts_ms[first] / 1000
    return round(min(begins_s, end_s), 3), round(max(begins_s, min(ends_s, end_s)), 3)


def _cut(text: str, matches: Sequence[tuple[int, int]]) -> tuple[str, int, int, int]:
    """What is shown, the characters before the text in it, and the stretch of the text that it is."""
    if len(text) <= LONGEST_SNIPPET:
        return text, 0, 0, len(text)
    begin = max(0, min(matches[0][0] - _BEFORE if matches else 0, len(text) - LONGEST_SNIPPET))
    end = begin + LONGEST_SNIPPET
    if begin:  # at the next word, unless that goes over the match
        space = text.find(" ", begin, matches[0][0] if matches else end)
        begin = begin if space < 0 else space + 1
    if end < len(text):
        space = text.rfind(" ", matches[0][1] if matches else begin, end)
        end = end if space < 0 else space
    before, after = (_CUT if begin else ""), (_CUT if end < len(text) else "")
    return f"{before}{text[begin:end]}{after}", len(before), begin, end
