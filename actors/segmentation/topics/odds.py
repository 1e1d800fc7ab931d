"""Judges where a topic begins: calibrated log odds at the sentences that are likeliest in their surroundings.

A logistic model gives each sentence a score; of those nearer to each other than `SPACING_WORDS` the highest
stays, and a second one makes its score log odds: a change that people marked lies at the sentence or near it.
Both were fitted to meetings whose topics people marked (`tests.benchmarks.topics`). Knows measures and
numbers of words; does not know texts.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import numpy as np
import numpy.typing as npt

from actors.segmentation import weights_file
from actors.segmentation.topics.measures import MEASURES

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]

FILE = Path(__file__).with_name("weights.json")
"""Values and provenance; written by `python -m tests.benchmarks.topics FOLDER --fit`."""
BIAS = "bias"
PEAKS = ("slope", "bias", "threshold")
SPACING_WORDS = 300
"""Words between two changes of topic at least, about two minutes. Chosen with an eye on fitted meetings;
half and twice as many serve as well."""
EDGE_WORDS = 50
"""Words before the first and after the last change at least."""


@dataclass(frozen=True, slots=True)
class TopicWeights:
    """sentences: log odds by measure, and BIAS. slope, bias: from the score of a peak to its log odds.
    threshold: log odds from which a text is divided, where the error Pk is least."""

    sentences: Mapping[str, float]
    slope: float
    bias: float
    threshold: float

    @classmethod
    def of(cls, values: object) -> TopicWeights:
        """From `values` of the file. WeightsError when names or numbers are not those wanted."""
        found = weights_file.parts(values, ("sentences", "peaks"), "topics")
        peaks = weights_file.numbers(found["peaks"], PEAKS, "topics, peaks")
        sentences = weights_file.numbers(found["sentences"], (*MEASURES, BIAS), "topics, sentences")
        return cls(sentences, **peaks)

    @classmethod
    @lru_cache(maxsize=1)
    def packaged(cls) -> TopicWeights:
        """Those that come with the code. WeightsError when the file does not fit it."""
        return cls.of(weights_file.read_values(FILE))

    def scores(self, measures: Floats) -> Floats:
        """float64[n]: of each sentence."""
        slopes = np.array([self.sentences[name] for name in MEASURES])
        out: Floats = measures @ slopes + self.sentences[BIAS]
        return out

    def log_odds(self, measures: Floats, words: Floats) -> Floats:
        """float64[n]: that a topic begins with each sentence; -inf for those that are no peaks."""
        scores = self.scores(measures)
        out = np.full(len(scores), -np.inf)
        peaks = peaks_of(scores, words)
        out[peaks] = self.slope * scores[peaks] + self.bias
        return out

    def division(self, log_odds: Floats) -> list[int]:
        """Numbers of the sentences at which a text is divided, by its log odds."""
        return np.flatnonzero(log_odds >= self.threshold).tolist()


def peaks_of(scores: Floats, words: Floats) -> Ints:
    """Sentences with the highest scores, none nearer to another than SPACING_WORDS, ascending."""
    before = np.concatenate([[0.0], np.cumsum(words)])
    at, total = before[:-1], before[-1]
    free = (at >= EDGE_WORDS) & (total - at >= EDGE_WORDS)
    peaks = []
    for number in np.argsort(-scores, kind="stable").tolist():
        if free[number]:
            peaks.append(number)
            free &= np.abs(at - at[number]) >= SPACING_WORDS
    return np.array(sorted(peaks), np.int64)
