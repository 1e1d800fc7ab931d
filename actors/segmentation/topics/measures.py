"""Measures of a change of topic before each sentence of a text: numbers that no language is part of.

How alike the words before and after a sentence are, in windows of several sizes; and whether a sentence near
it is one with which speakers go over to something else. M. Hearst, "TextTiling", 1997, compares windows in
this way by their words; here it is vectors of meaning. Knows vectors and numbers of words; does not know
texts, nor what the measures weigh.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import numpy.typing as npt
from scipy.stats import rankdata

from actors.segmentation.topics.phrases import PHRASES

Floats = npt.NDArray[np.float64]

WINDOWS_WORDS = (200, 400, 800)
"""Words on either side that are compared: one to five minutes of speech. Of 50 to 1600 these were enough."""
AROUND = 4
"""Sentences before and after one that its meaning is averaged with: what is said in five words means little
alone. Of 2 to 10 these served fitted meetings best, by little."""
LONGER_COUNT = 0.75
"""Power of its number of words by which a sentence counts: "Okay." says less than a whole thought, and a
sentence twice as long not twice as much. Between 0.5 and 1 by the same meetings."""
PHRASE_BEFORE, PHRASE_AFTER = 1, 3
"""Sentences before and after the gap among which a phrase is looked for."""
PHRASE_WORDS = 8
"""Words from which a sentence counts fully as one of the phrases."""
MEASURES = (
    *(f"rank_{words}" for words in WINDOWS_WORDS),
    *(f"gain_{words}" for words in WINDOWS_WORDS),
    *PHRASES,
)
"""rank_*: of the likeness of both windows among all of the text, 0..1, low where they are least alike.
gain_*: by how much longer the sums of both windows' vectors are than the sum of all; grows with unlikeness
and with evidence. The others: likeness to the phrases, in deviations from what is usual in the text."""


def topic_measures(vectors: Floats, words: Floats, phrases: Mapping[str, Floats]) -> Floats:
    """float64[n, len(MEASURES)]: of a change before each of n sentences; the first row means nothing.

    vectors: [n, d], of length 1; words: [n], of each sentence; phrases: vectors [p, d] by their kind.
    """
    weight = words**LONGER_COUNT
    usual = (weight[:, None] * vectors).sum(axis=0) / max(weight.sum(), 1e-9)
    own = _of_length_1(_around(weight[:, None] * (vectors - usual)))
    sums = np.vstack([np.zeros(own.shape[1]), np.cumsum(weight[:, None] * own, axis=0)])
    spoken = np.concatenate([[0.0], np.cumsum(words)])
    ranks, gains = [], []
    for size in WINDOWS_WORDS:
        first = np.searchsorted(spoken, spoken[:-1] - size)
        last = np.minimum(np.searchsorted(spoken, spoken[:-1] + size), len(words))
        before, after = sums[:-1] - sums[first], sums[last] - sums[:-1]
        alike = (_of_length_1(before) * _of_length_1(after)).sum(axis=1)
        ranks.append(rankdata(alike) / len(words))
        apart, together = _length(before) + _length(after), _length(before + after)
        gains.append((apart - together)[:, 0] / np.sqrt(size))
    said = [_said_near(vectors @ phrases[kind].T, words) for kind in PHRASES]
    out: Floats = np.stack([*ranks, *gains, *said], axis=1)
    return out


def _around(vectors: Floats) -> Floats:
    """Sums over each sentence and AROUND before and after it."""
    sums = np.vstack([np.zeros(vectors.shape[1]), np.cumsum(vectors, axis=0)])
    places = np.arange(len(vectors))
    out: Floats = sums[np.minimum(places + AROUND + 1, len(vectors))] - sums[np.maximum(places - AROUND, 0)]
    return out


def _said_near(cosines: Floats, words: Floats) -> Floats:
    """float64[n]: how near a sentence around each gap is to the phrases. cosines: [n, p] of both."""
    deviation = (cosines - cosines.mean(axis=0)) / np.maximum(cosines.std(axis=0), 1e-6)
    said = deviation.mean(axis=1) * np.minimum(words / PHRASE_WORDS, 1.0)
    padded = np.pad(said, (PHRASE_BEFORE, PHRASE_AFTER), constant_values=-np.inf)
    window = np.lib.stride_tricks.sliding_window_view(padded, PHRASE_BEFORE + PHRASE_AFTER + 1)
    out: Floats = window.max(axis=1)
    return out


def _length(vectors: Floats) -> Floats:
    out: Floats = np.linalg.norm(vectors, axis=1, keepdims=True)
    return out


def _of_length_1(vectors: Floats) -> Floats:
    out: Floats = vectors / np.maximum(_length(vectors), 1e-9)
    return out
