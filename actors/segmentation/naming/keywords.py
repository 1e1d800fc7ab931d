"""Keywords of a stretch of speech: terms that are frequent in it and rare in the rest of the video.

A term's weight is its count times the logarithm of how much more frequent it is here than elsewhere, as in
corpus linguistics (keyness; T. Dunning, 1993, uses the same ratio). Longer phrases and names count more.
Knows terms; not segments, and nothing of the language but what `terms` knows.
"""

from __future__ import annotations

import math

from actors.segmentation.naming.terms import Terms

_LONGER = 0.6
"""A phrase of n words weighs 1 + this * (n - 1) times a word that is as frequent: it says more. By hand."""
_NAME = 1.4
"""Factor of names. By hand."""
_ALONE_WORDS = 80
"""Words up to which a term that occurs once may be a keyword: short stretches repeat nothing. By hand."""
_WITH_STOP_WORDS = 2
"""A phrase with stop words inside, as "pays for teachers", is a term only if it is said again."""
_ELSEWHERE = 0.5
"""Count of a term that does not occur elsewhere: less than one, so that the ratio is finite."""


def keywords_of(here: Terms, whole: Terms, most: int) -> tuple[str, ...]:
    """At most `most` keywords of `here`, the most telling first. whole: the terms of the video, with
    these."""
    least = 1 if here.words <= _ALONE_WORDS else 2
    weighed = [
        (-_weight(key, count, here, whole), key)
        for key, count in here.counts.items()
        if count >= (_WITH_STOP_WORDS if here.has_stop_words(key) else least)
    ]
    chosen: list[tuple[str, ...]] = []
    told: set[str] = set()
    for weight, key in sorted(weighed):
        if len(chosen) == most or weight >= 0:
            break
        # two phrases with a word in common say nearly the same, and the better one is chosen already
        if told.isdisjoint(key):
            chosen.append(key)
            told.update(key)
    return tuple(here.written(key) for key in chosen)


def _weight(key: tuple[str, ...], count: int, here: Terms, whole: Terms) -> float:
    words_elsewhere = whole.words - here.words
    share = count / max(1, here.words)
    share_elsewhere = (whole.counts[key] - count + _ELSEWHERE) / (words_elsewhere + 1)
    # without a rest to compare with, as in a video of one segment, the count alone says something
    ratio = math.log(1 + share / share_elsewhere) if words_elsewhere else 1.0
    longer = 1 + _LONGER * (len(key) - 1)
    return count * ratio * longer * (_NAME if here.is_name(key) else 1.0)
