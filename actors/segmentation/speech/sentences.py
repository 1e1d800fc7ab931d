"""Joins the words of all windows to sentences: up to a full stop, or to a long pause in place of one.

Knows words and their languages; knows neither windows nor sound.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from actors.segmentation.transcript import Sentence, Word

PAUSE_S = 2.0
"""Seconds without a word that end a sentence: longer than one stops to think, and no subtitle is shown over
such a pause."""
MOST_WORDS = 40
"""Words of the longest sentence. Longer ones, which models write where they set no full stops, are cut at
their longest pause."""
_LEAST_PART = 8
"""Words that each part of a long sentence has at least."""

# full stops of several scripts, and what may close after them
_END = re.compile(r"[.!?…。！？｡।؟]+[\"'”’»)\]]*$")
_NO_END = re.compile(r"^\W*(mr|mrs|ms|dr|prof|st|vs|mt|sr|jr|[^\W\d_])\.$", re.IGNORECASE)
"""Words that have a point and end no sentence: titles before a name, and initials."""


def sentences_of(spoken: Sequence[tuple[Word, str]]) -> tuple[Sentence, ...]:
    """Sentences from words in order of time, each with the code of its language."""
    out: list[Sentence] = []
    begun: list[Word] = []
    language = ""
    for word, its_language in spoken:
        if begun and (its_language != language or word.start_s - begun[-1].end_s >= PAUSE_S):
            out += _parts(begun, language)
            begun = []
        language = its_language
        begun.append(word)
        if _END.search(word.text) and not _NO_END.match(word.text.strip()):
            out += _parts(begun, language)
            begun = []
    if begun:
        out += _parts(begun, language)
    return tuple(out)


def _parts(words: Sequence[Word], language: str) -> list[Sentence]:
    """A sentence, or a long one in parts."""
    if len(words) <= MOST_WORDS:
        return [Sentence(tuple(words), language)]

    def worth(place: int) -> tuple[float, float]:
        """Longer pauses first; of equal ones, and most are none, the one nearest to the middle."""
        pause_s = round(words[place].start_s - words[place - 1].end_s, 1)
        return max(pause_s, 0.0), -abs(place - len(words) / 2)

    cut = max(range(_LEAST_PART, len(words) - _LEAST_PART + 1), key=worth)
    return _parts(words[:cut], language) + _parts(words[cut:], language)
