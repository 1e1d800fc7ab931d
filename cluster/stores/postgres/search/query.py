"""What somebody typed, as queries of PostgreSQL's text search.

The syntax is that of web search engines: words, `"a phrase"`, `-excluded`. Whatever is typed has a meaning;
there is no syntax error. The stems of the words come from PostgreSQL, one set for each text search
configuration, and are handed in. Knows no SQL but the notation of tsquery.

Besides words, a moment has lexemes that tell its owner, its video and its source (marks), so that the index
alone finds the rows that a caller may see; the rows themselves are checked again.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations, groupby, islice

from cluster.stores.postgres.search.text import Token, form_of, pairs_of, quoted, tokens_of

MOST_PARTS = 16
"""Words and phrases of a query that are looked for; the rest is left out."""
MOST_TOKENS, MOST_OF_PHRASE = 32, 12
"""Words in all, and of one phrase: the rank of a phrase costs as its length times that of the text."""
_LEAST_PREFIX = 2
"""Letters from which on the last word is taken as the beginning of a word: what begins with one letter is
too much to find anything in it."""
_PIECE = re.compile(r'(?P<minus>-?)"(?P<phrase>[^"]*)"?|(?P<word>\S+)')

Stems = Mapping[tuple[str, str], str]
"""(configuration, text) → tsquery of the text as a phrase; empty where it has stop words only."""


def owner_mark(owner: str) -> str:
    """The lexeme of all moments of an owner, shared with few other owners."""
    return f"/o{_digest(owner)}"


def video_mark(video_id: str) -> str:
    """The lexeme of all moments of a video, shared with few other videos."""
    return f"/v{_digest(video_id)}"


def source_mark(source: str) -> str:
    """The lexeme of all moments of a source."""
    return f"/s{source}"


def form_lexeme(form: str) -> str:
    """The lexeme of a word's form, apart from stems, which are of any language."""
    return f"={form}"


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:8]


@dataclass(frozen=True, slots=True)
class Part:
    """A word or phrase of a query. `required`: it was in quotes; `prefix`: its word may go on."""

    tokens: tuple[Token, ...]
    required: bool = False
    excluded: bool = False
    prefix: bool = False


@dataclass(frozen=True, slots=True)
class ConfigQuery:
    """A query for the moments of one configuration, in the notation of tsquery.

    `every`: matches moments with all parts. `ranking`: the same without marks, for the rank. `base`: what
    each moment must match besides words. `terms`: for moments with some of the words, each with the number of
    its part; empty where there is one at most. `pairs`: matches moments with two of the terms; empty where
    there are no more. `words`: matches each single word, for what is marked in a snippet; where there are
    stop words only, `forms` has those.
    """

    config: str
    every: str
    ranking: str
    base: str
    terms: tuple[tuple[int, str], ...]
    pairs: str
    words: str
    forms: frozenset[str]


def parse(q: str) -> list[Part]:
    """The parts of what was typed, in order; empty if there is no letter and no digit in it."""
    parts: list[Part] = []
    room = MOST_TOKENS
    for found in _PIECE.finditer(q.replace("\x00", " ")):
        text = found["word"] if found["phrase"] is None else found["phrase"]
        minus = bool(found["minus"]) or (found["phrase"] is None and text.startswith("-"))
        if tokens := tuple(islice(tokens_of(text), min(room, MOST_OF_PHRASE))):
            room -= len(tokens)
            parts.append(Part(tokens, required=found["phrase"] is not None and not minus, excluded=minus))
    parts = parts[:MOST_PARTS]
    if parts and _may_go_on(parts[-1], q):
        parts[-1] = Part(parts[-1].tokens, prefix=True)
    return parts


def _may_go_on(last: Part, q: str) -> bool:
    """Whether the last part is one word that is still being typed."""
    (first, *more) = last.tokens
    plain = not (more or last.required or last.excluded or first.unspaced)
    return plain and len(first.form) >= _LEAST_PREFIX and q[-1:].isalnum()


def texts_of(parts: Sequence[Part]) -> list[str]:
    """The texts whose stems `compose` needs: phrases and single words, with and without accents."""
    texts: dict[str, None] = {}
    for part in parts:
        for run in (*_runs(part.tokens), *((token,) for token in part.tokens if not token.unspaced)):
            texts |= dict.fromkeys((_words(run), _forms(run)))
    return list(texts)


def compose(parts: Sequence[Part], config: str, stems: Stems, marks: Sequence[str]) -> ConfigQuery:
    """The query for the moments of `config` with all `marks`; `parts` has one that is not excluded."""
    wanted = [(number, part) for number, part in enumerate(parts) if not part.excluded]
    found = [(number, part, _of_part(part, config, stems)) for number, part in wanted]
    found = [one for one in found if one[2]]
    forms: frozenset[str] = frozenset()
    if not found:  # stop words alone
        found = [(number, part, _by_forms(part)) for number, part in wanted]
        forms = frozenset(token.form for _, part in wanted for token in part.tokens)
    excluded = [f"!{_of_part(part, config, stems) or _by_forms(part)}" for part in parts if part.excluded]
    base = [quoted(mark) for mark in marks] + excluded
    ranking = [query for _, _, query in found]
    terms = [(number, query) for number, part, query in found if not part.required]
    base_of_terms = base + [query for _, part, query in found if part.required]
    return ConfigQuery(
        config,
        every=_all(base + ranking),
        ranking=_all(ranking),
        base=_all(base_of_terms),
        terms=tuple(terms) if len(terms) > 1 else (),
        pairs=_pairs_of_terms([term for _, term in terms]) if len(terms) > 2 else "",
        words=_any([*dict.fromkeys(_single_words(wanted, config, stems))]),
        forms=forms,
    )


def goes_on(parts: Sequence[Part], token: Token) -> bool:
    """Whether a token of a text begins with the word that is still being typed."""
    return any(part.prefix and token.form.startswith(part.tokens[0].form) for part in parts)


def unspaced_runs(parts: Sequence[Part]) -> list[str]:
    """The runs of letters of languages without spaces that are looked for."""
    return [token.word for part in parts if not part.excluded for token in part.tokens if token.unspaced]


def _of_part(part: Part, config: str, stems: Stems) -> str:
    """The tsquery of a part; empty where it has stop words of this configuration only."""
    return _all([query for run in _runs(part.tokens) if (query := _of_run(run, part, config, stems))])


def _of_run(run: tuple[Token, ...], part: Part, config: str, stems: Stems) -> str:
    if run[0].unspaced:
        return _pairs(run[0].word)
    ways = dict.fromkeys(
        f"({stem})" if " " in stem else stem
        for text in (_words(run), _forms(run))
        if (stem := stems[config, text])
    )
    if ways and len(run) == 1 and part.prefix:
        form = run[0].form
        ways |= dict.fromkeys((f"{quoted(form_lexeme(form))}:*", f"{quoted(form)}:*"))
    return _any(list(ways))


def _by_forms(part: Part) -> str:
    """The words as they are written, without order: forms have no positions."""
    return _all(
        [_pairs(token.word) if token.unspaced else quoted(form_lexeme(token.form)) for token in part.tokens]
    )


def _pairs_of_terms(terms: Sequence[str]) -> str:
    return _any([_all(pair) for pair in combinations(terms, 2)])


def _pairs(run: str) -> str:
    """All pairs of letters one after the other; a single letter as the beginning of a pair."""
    if len(run) == 1:
        return f"{quoted(run)}:*"
    return f"({' <-> '.join(quoted(pair) for pair in pairs_of(run))})"


def _single_words(wanted: Sequence[tuple[int, Part]], config: str, stems: Stems) -> Iterator[str]:
    for _, part in wanted:
        for token in part.tokens:
            if not token.unspaced:
                ways = dict.fromkeys((stems[config, token.word], stems[config, token.form]))
                yield from (way for way in ways if way)


def _runs(tokens: Sequence[Token]) -> list[tuple[Token, ...]]:
    """Neighbouring words together, each run without spaces by itself."""
    runs: list[tuple[Token, ...]] = []
    for unspaced, group in groupby(tokens, key=lambda token: token.unspaced):
        together = tuple(group)
        runs += [(token,) for token in together] if unspaced else [together]
    return runs


def _words(run: Sequence[Token]) -> str:
    return " ".join(token.word for token in run)


def _forms(run: Sequence[Token]) -> str:
    return " ".join(form_of(token.word) for token in run)


def _all(queries: Sequence[str]) -> str:
    return _joined(queries, " & ")


def _any(queries: Sequence[str]) -> str:
    return _joined(queries, " | ")


def _joined(queries: Sequence[str], operator: str) -> str:
    """The queries, which may stand beside any operator, as one that may; empty of none."""
    return queries[0] if len(queries) == 1 else f"({operator.join(queries)})" if queries else ""
