"""Terms of a text: words and phrases that can name something, by their stems.

A phrase is a run of one to four words of one sentence that neither begins nor ends with a stop word (a word
that is frequent in every text, as "the"). Words are compared by their stems, so that "tax" and "taxes" are
one term, and written as they were said most often. Languages without spaces between words (Chinese,
Japanese, Thai and others) give no terms. Does not know which terms matter.

Stems: Snowball (M. Porter, snowballstem.org); stop words: stopwords-iso.
"""

from __future__ import annotations

import re
import unicodedata
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cache, lru_cache
from typing import Any

import snowballstemmer
import stopwordsiso

MOST_WORDS = 4
"""Words of a phrase. No measurement; longer ones are sentences."""
UNSPACED = frozenset({"zh", "yue", "ja", "th", "lo", "km", "my", "bo"})
"""Languages that are written without spaces between words (ISO 639)."""

_SNOWBALL = {
    "ar": "arabic", "hy": "armenian", "eu": "basque", "ca": "catalan", "da": "danish", "nl": "dutch",
    "en": "english", "et": "estonian", "fi": "finnish", "fr": "french", "de": "german", "el": "greek",
    "hi": "hindi", "hu": "hungarian", "id": "indonesian", "ga": "irish", "it": "italian", "lt": "lithuanian",
    "ne": "nepali", "no": "norwegian", "pt": "portuguese", "ro": "romanian", "ru": "russian", "sr": "serbian",
    "es": "spanish", "sv": "swedish", "ta": "tamil", "tr": "turkish", "yi": "yiddish",
}  # fmt: skip
"""Snowball's algorithm for a language (ISO 639-1)."""

LONGEST_WORD_CHARS = 40
"""Characters of a word: longer ones are no words, but what a model repeats. No phrase goes over one."""


def _word_pattern() -> re.Pattern[str]:
    """A word: letters and digits with the marks that belong to them (vowels of Hindi, for instance, which
    `\\w` leaves out), apostrophes and hyphens inside."""
    marks = "".join(chr(code) for code in range(0x300, 0x10000) if unicodedata.category(chr(code))[0] == "M")
    letter = f"[^\\W_][{re.escape(marks)}\u200c\u200d]*"
    return re.compile(f"(?:{letter})+(?:['\u2019\u2010-](?:{letter})+)*")


_WORD = _word_pattern()
_BREAK = re.compile(r"[.,;:!?()\[\]{}\"“”«»…/|]|\s[-–—]\s")
"""Where no phrase goes on."""
_FILLERS = """
    um uh er erm hmm mhm yeah okay ok well just like really actually basically kind sort thing things lot
    gonna wanna gotta bit stuff maybe please thank thanks hello hi bye mr mrs ms dr said say says saying
    going got get let know mean think want good great right sure time way today now people make made take
    took come came look looked put went give gave tell told ask asked little much many
"""
"""English words that fill speech and name nothing; lists of stop words are made of written text."""


@dataclass(slots=True)
class Terms:
    """How often each phrase occurs. Keys are the stems of its words. words: number of words in all."""

    counts: Counter[tuple[str, ...]] = field(default_factory=Counter)
    words: int = 0
    _written: defaultdict[tuple[str, ...], Counter[str]] = field(
        default_factory=lambda: defaultdict(Counter), repr=False
    )

    def add(self, text: str, language: str) -> None:
        """Counts the phrases of a sentence. language: ISO 639."""
        if language in UNSPACED:
            return
        for part in _BREAK.split(unicodedata.normalize("NFC", text)):
            words = _WORD.findall(part)
            self.words += len(words)
            keys = [stem(word, language) if len(word) <= LONGEST_WORD_CHARS else None for word in words]
            for start, stop in _phrases(keys):
                key = tuple(found for found in keys[start:stop] if found is not None)
                self.counts[key] += 1
                self._written[key][" ".join(words[start:stop])] += 1

    def update(self, other: Terms) -> None:
        """Adds the counts of another text."""
        self.counts.update(other.counts)
        self.words += other.words
        for key, written in other._written.items():
            self._written[key].update(written)

    def written(self, key: tuple[str, ...]) -> str:
        """The phrase as it was written most often; of equals the first in alphabetical order."""
        return min(self._written[key].items(), key=lambda item: (-item[1], item[0]))[0]

    def has_stop_words(self, key: tuple[str, ...]) -> bool:
        """Whether there are stop words between its words, as in "state of the art"."""
        return self.written(key).count(" ") >= len(key)

    def is_name(self, key: tuple[str, ...]) -> bool:
        """Whether every writing of it begins with a capital letter, as names do."""
        return all(text[:1].isupper() for text in self._written[key])


def terms_of(sentences: Iterable[Mapping[str, Any]]) -> Terms:
    """Terms of sentences of the contract's transcript ({"text", "language"})."""
    terms = Terms()
    for sentence in sentences:
        terms.add(str(sentence["text"]), str(sentence["language"]))
    return terms


def _phrases(keys: list[str | None]) -> Iterator[tuple[int, int]]:
    """(start, stop) of all runs of at most MOST_WORDS words with a term at both ends."""
    for start, first in enumerate(keys):
        if first is None:
            continue
        for stop in range(start + 1, min(len(keys), start + MOST_WORDS) + 1):
            if keys[stop - 1] is not None:
                yield start, stop


@lru_cache(maxsize=50_000)
def stem(word: str, language: str) -> str | None:
    """The word's stem in lower case; None for stop words, numbers and single letters."""
    lowered = word.lower().replace("’", "'")
    if len(lowered) < 2 or not any(char.isalpha() for char in lowered):
        return None
    bare = lowered.partition("'")[0] if language == "en" else lowered
    if lowered in _stop_words(language) or bare in _stop_words(language):
        return None
    stemmer = _stemmer(language)
    return bare if stemmer is None else str(stemmer.stemWord(bare))


@cache
def _stop_words(language: str) -> frozenset[str]:
    known = stopwordsiso.stopwords(language) if stopwordsiso.has_lang(language) else set()
    return frozenset(known) | (frozenset(_FILLERS.split()) if language == "en" else frozenset())


@cache
def _stemmer(language: str) -> Any:
    name = _SNOWBALL.get(language)
    return None if name is None else snowballstemmer.stemmer(name)
