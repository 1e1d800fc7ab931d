"""Tokens of a text for search: words, their plain forms, and pairs of letters where no spaces stand.

PostgreSQL finds the stems of words; all else is done here, once for the stored text and for the query:

* A word is a run of letters, digits and combining marks. PostgreSQL's own parser would read `a-b.c/d` as a
  host or a path.
* The form of a word is its lower case without accents (`Café` → `cafe`). It is found by itself and by its
  beginning, whatever its stem is.
* Chinese, Japanese, Thai and the like set no spaces, and Korean joins particles to words: their runs are
  cut into overlapping pairs of letters (bigrams, as in Lucene's CJKAnalyzer). A text that has all pairs of
  the query in their order has the query.

Knows neither languages nor SQL.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache

_MARKS = "".join(
    chr(code) for code in range(0x300, 0x10000) if unicodedata.category(chr(code)) in ("Mn", "Mc")
)
_WORD = re.compile(rf"[^\W_](?:[^\W_]|[{_MARKS}])*")
# Thai, Lao, Burmese, Khmer; kana; CJK ideographs with extensions; Hangul
_UNSPACED = re.compile(
    "[\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3040-\u30ff\u31f0-\u31ff\u3400-\u4dbf\u4e00-\u9fff"
    "\uac00-\ud7af\uf900-\ufaff\U00020000-\U0003ffff]+"
)
_ACCENTS = re.compile("[\u0300-\u036f]")
_VOWEL_SIGNS = re.compile("[\u0591-\u05c7\u064b-\u065f\u0670]")  # Hebrew, Arabic: mostly not written
_ACCENTED_SCRIPTS = re.compile("[A-Za-z\u0370-\u03ff]")
_ALSO_PLAIN = str.maketrans({"ё": "е", "ø": "o", "đ": "d", "ł": "l", "æ": "ae", "œ": "oe", "ı": "i"})
_LONGEST_WORD = 100
"""Characters; longer ones are no words, and PostgreSQL's lexemes end at 2 kB."""


@dataclass(frozen=True, slots=True)
class Token:
    """A word of a text, or a run of letters of a language without spaces (`unspaced`).

    `word`: in lower case; `form`: without accents as well; `start`, `end`: in characters of the text.
    """

    word: str
    form: str
    start: int
    end: int
    unspaced: bool = False


def tokens_of(text: str) -> Iterator[Token]:
    """The tokens of a text in their order."""
    for found in _WORD.finditer(text):
        place = found.start()
        for run in _UNSPACED.finditer(found.group()):
            yield from _spaced(text, place, found.start() + run.start())
            begin, place = found.start() + run.start(), found.start() + run.end()
            word = _lower(text[begin:place])
            yield Token(word, word, begin, place, unspaced=True)
        yield from _spaced(text, place, found.end())


def _spaced(text: str, start: int, end: int) -> Iterator[Token]:
    if start < end:
        # cut once more: a compatibility form may be eighteen letters
        word = _lower(text[start : min(end, start + _LONGEST_WORD)])[:_LONGEST_WORD]
        yield Token(word, word if word.isascii() else form_of(word)[:_LONGEST_WORD], start, end)


def _lower(text: str) -> str:
    """Compatibility forms (full width, ligatures) are resolved as well."""
    if text.isascii():
        return text.lower()
    return unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", text).casefold())


@lru_cache(maxsize=50_000)
def form_of(word: str) -> str:
    """The word in lower case without accents (Latin, Greek) and without vowel signs (Hebrew, Arabic)."""
    lower = _lower(word)
    if lower.isascii():
        return lower
    letters = []
    for letter in lower.translate(_ALSO_PLAIN):
        apart = unicodedata.normalize("NFD", letter)
        letters.append(_ACCENTS.sub("", apart) if _ACCENTED_SCRIPTS.match(apart) else letter)
    return _VOWEL_SIGNS.sub("", "".join(letters))


def pairs_of(run: str) -> list[str]:
    """The overlapping pairs of letters of a run; a single letter is returned as it is."""
    return [run[place : place + 2] for place in range(len(run) - 1)] or [run]


def pairs_vector(tokens: Sequence[Token]) -> str:
    """The pairs of all unspaced tokens with their positions, as the text of a tsvector.

    The last letter of a run is a lexeme as well: a single letter is found as the beginning of a lexeme.
    """
    lexemes: list[str] = []
    position = 0
    for token in tokens:
        if token.unspaced:
            last = [token.word[-1]] if len(token.word) > 1 else []
            for pair in pairs_of(token.word) + last:
                position += 1
                lexemes.append(f"{quoted(pair)}:{min(position, _LAST_POSITION)}")
            position += 1  # so that no phrase goes across two runs
    return " ".join(lexemes)


_LAST_POSITION = 16_383
"""Of a tsvector, see PostgreSQL's documentation of text search, Limitations."""


def quoted(lexeme: str) -> str:
    """A lexeme as it is written in a tsvector or tsquery."""
    escaped = lexeme.replace("\\", "\\\\").replace("'", "''")
    return f"'{escaped}'"
