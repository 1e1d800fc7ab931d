"""TextTiling, to compare with: M. Hearst, "TextTiling: segmenting text into multi-paragraph subtopic
passages", 1997.

Words are counted in pseudo-sentences; blocks of them are compared by the cosine of their counts; depths of
the smoothed likeness, above a limit that mean and deviation give, are boundaries. The paper's stop list is
replaced by the words that are most frequent in the texts for which the parameters are chosen; words are not
stemmed. Knows texts alone.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
import numpy.typing as npt

from tests.benchmarks.topics.meetings import Meeting

STOP_WORDS = 150
"""Most frequent words that are not counted."""
_WORD = re.compile(r"\w+")

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Parameters:
    """sequence: words of a pseudo-sentence (w). block: pseudo-sentences of a block (k). deviations: by which
    the limit lies below the mean depth (0.5 in the paper's HC, 1 in its LC; negative: above). smoothed: how
    often the likeness is smoothed, over 3."""

    sequence: int = 20
    block: int = 10
    deviations: float = 0.5
    smoothed: int = 1


CHOICES = tuple(
    Parameters(sequence, block, deviations)
    for sequence in (20, 40)
    for block in (10, 20, 40)
    for deviations in (1.0, 0.5, -0.5, -1.5, -2.0, -2.5, -3.0, -3.5)
)
"""Those that are tried; with the paper's own among them, and limits up to where hardly a boundary is left."""


def stop_words(meetings: Iterable[Meeting]) -> frozenset[str]:
    """The most frequent words of some texts."""
    counts = Counter(word for m in meetings for s in m.sentences for word in _WORD.findall(s.lower()))
    return frozenset(word for word, _ in counts.most_common(STOP_WORDS))


def divide(meeting: Meeting, parameters: Parameters, stop: frozenset[str]) -> list[int]:
    """Numbers of the sentences at which the text is divided."""
    depth, starts = _measured(
        meeting.sentences, parameters.sequence, parameters.block, parameters.smoothed, stop
    )
    if len(depth) < 3:
        return []
    limit = depth.mean() - parameters.deviations * depth.std()
    inner = depth[1:-1]
    peaks = 1 + np.flatnonzero((inner > limit) & (inner > 0) & (inner >= depth[:-2]) & (inner > depth[2:]))
    places = (peaks + 1) * parameters.sequence  # in words, where the block after the gap begins
    found = {int(np.abs(starts - place).argmin()) for place in places.tolist()}
    return sorted(found - {0})


@lru_cache(maxsize=1)
def _measured(
    sentences: tuple[str, ...], sequence: int, block: int, smoothed: int, stop: frozenset[str]
) -> tuple[Floats, Floats]:
    """Depths of all gaps, and before how many words each sentence begins."""
    tokens, starts = _tokens(sentences)
    counts = _counts(tokens, sequence, stop)
    depths = _depths(_alike(counts, block, smoothed)) if len(counts) > 1 else np.zeros(0)
    return depths, starts


def _tokens(sentences: Sequence[str]) -> tuple[list[str], Floats]:
    """All words, and before how many of them each sentence begins."""
    words = [_WORD.findall(sentence.lower()) for sentence in sentences]
    starts = np.cumsum([0, *map(len, words)])[:-1].astype(np.float64)
    return [word for sentence in words for word in sentence], starts


def _counts(tokens: Sequence[str], size: int, stop: frozenset[str]) -> Floats:
    """float64[pseudo-sentences, words]."""
    numbers: dict[str, int] = {}
    rows, columns = [], []
    for place, token in enumerate(tokens):
        if token not in stop:
            rows.append(place // size)
            columns.append(numbers.setdefault(token, len(numbers)))
    counts = np.zeros((-(-len(tokens) // size), max(len(numbers), 1)))
    np.add.at(counts, (rows, columns), 1.0)
    return counts


def _alike(counts: Floats, block: int, smoothed: int) -> Floats:
    """float64[gaps]: cosine of the blocks before and after each gap, smoothed."""
    sums = np.vstack([np.zeros(counts.shape[1]), np.cumsum(counts, axis=0)])
    gaps = np.arange(1, len(counts))
    size = np.minimum(np.minimum(gaps, len(counts) - gaps), block)
    before, after = sums[gaps] - sums[gaps - size], sums[gaps + size] - sums[gaps]
    norm = np.linalg.norm(before, axis=1) * np.linalg.norm(after, axis=1)
    alike: Floats = (before * after).sum(axis=1) / np.maximum(norm, 1e-9)
    for _ in range(smoothed):
        alike = np.convolve(np.pad(alike, 1, mode="edge"), np.full(3, 1 / 3), "valid")
    return alike


def _depths(alike: Floats) -> Floats:
    """By how much each gap lies below the peaks that are reached by climbing to both sides."""

    def climbed(values: Floats) -> Floats:
        tops = values.copy()
        for k in range(1, len(values)):
            tops[k] = tops[k - 1] if values[k - 1] >= values[k] else values[k]
        return tops

    out: Floats = climbed(alike) + climbed(alike[::-1])[::-1] - 2 * alike
    return out
