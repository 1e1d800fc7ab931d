"""Keeps of what a speech model wrote only what can have been said.

Whisper was trained on subtitles, so it may write "[Music]" where music plays, a phrase over and over where it
understands nothing, or words into silence. Each rule below looks at one such kind. Knows words and where
somebody speaks; knows no model.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from actors.segmentation.speech.recogniser import HeardWord, Phrase

LOG_PROBABILITY_AT_LEAST = -1.0
"""Mean log probability of a phrase's tokens; below it the text is a guess. OpenAI's own threshold."""
COMPRESSION_AT_MOST = 2.4
"""Bytes of a phrase's text over those of its deflated form; above it, it repeats itself. OpenAI's own
threshold."""
PROBABILITY_AT_LEAST = 0.3
"""Mean probability of a phrase's words; set by hand. Words that were spoken clearly have 0.8 and more."""
WORDS_PER_S_AT_MOST = 10.0
"""Words of a phrase in a second; the fastest speakers reach 7. Invented text is put into a moment."""
LONGEST_LOOP = 8
"""Words of the longest part that is looked at for repeating itself at once."""
REPEATS_AT_MOST = 3
"""Times that two words or more may be said in a row, and ..."""
WORD_REPEATS_AT_MOST = 6
"""... one word: "no, no, no, no" is said."""
_FEW_WORDS = 3
"""Words up to which a phrase's rate says nothing: their times are too uncertain."""

# a mark of music, or a note in brackets: subtitles describe sounds so
_NOT_SPOKEN = re.compile(r"[♪♫♬]|^\s*[\[(（【*].*[\])）】*]\W*$")
# what has a letter or a digit
_WORD = re.compile(r"\w+", re.UNICODE)


def plausible(phrases: Sequence[Phrase]) -> list[HeardWord]:
    """The words of all phrases that can have been said, in order of time."""
    words = [word for phrase in phrases if _is_plausible(phrase) for word in phrase.words]
    ordered = sorted(words, key=lambda word: (word.start_s, word.end_s))
    return without_loops(ordered)


def _is_plausible(phrase: Phrase) -> bool:
    words = [word for word in phrase.words if _WORD.search(word.text)]
    if not words:
        return False
    text = "".join(word.text for word in phrase.words)
    lasts_s = words[-1].end_s - words[0].start_s
    return (
        phrase.log_probability >= LOG_PROBABILITY_AT_LEAST
        and phrase.compression <= COMPRESSION_AT_MOST
        and sum(word.probability for word in words) / len(words) >= PROBABILITY_AT_LEAST
        and (len(words) <= _FEW_WORDS or len(words) <= WORDS_PER_S_AT_MOST * lasts_s)
        and not _NOT_SPOKEN.search(text)
    )


def without_loops(words: Sequence[HeardWord]) -> list[HeardWord]:
    """The words without those that repeat the part before them once too often."""
    out: list[HeardWord] = []
    said: list[str] = []
    for word in words:
        out.append(word)
        said.append("".join(_WORD.findall(word.text.lower())))
        for length in range(1, LONGEST_LOOP + 1):
            most = WORD_REPEATS_AT_MOST if length == 1 else REPEATS_AT_MOST
            part = said[-length:]
            if len(said) >= length * (most + 1) and said[-length * (most + 1) :] == part * (most + 1):
                del out[-length:], said[-length:]
                break
    return out
