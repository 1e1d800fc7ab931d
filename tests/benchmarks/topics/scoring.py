"""How far a division of a text is from the true one: Pk and WindowDiff.

Pk: D. Beeferman, A. Berger, J. Lafferty, "Statistical models for text segmentation", 1999. WindowDiff: L.
Pevzner, M. Hearst, "A critique and improvement of an evaluation metric for text segmentation", 2002. Both are
errors, 0..1: less is better. Knows numbers of sentences alone.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np


def window(true: Sequence[int], sentences: int) -> int:
    """Sentences from one end of the probe to the other: half the mean length of a true segment."""
    return max(1, round(0.5 * sentences / (len(true) + 1)))


def pk(true: Sequence[int], found: Sequence[int], sentences: int) -> float:
    """Share of the pairs of sentences k apart of which the two divisions disagree whether a boundary lies
    between them. true, found: sentences at which segments begin, but the first."""
    a, b = _between(true, found, sentences)
    return float(((a > 0) != (b > 0)).mean())


def window_diff(true: Sequence[int], found: Sequence[int], sentences: int) -> float:
    """... of which they disagree how many boundaries lie between them."""
    a, b = _between(true, found, sentences)
    return float((a != b).mean())


def matches(true: Sequence[int], found: Sequence[int], words: Sequence[float], within: float) -> int:
    """Boundaries that are found: pairs of a true and a found one at most so many words apart, each once.

    words: of each sentence.
    """
    at = np.cumsum([0.0, *words])
    pairs = sorted((abs(at[a] - at[b]), a, b) for a in true for b in found if abs(at[a] - at[b]) <= within)
    used_true: set[int] = set()
    used_found: set[int] = set()
    for _, a, b in pairs:
        if a not in used_true and b not in used_found:
            used_true.add(a)
            used_found.add(b)
    return len(used_true)


def _between(true: Sequence[int], found: Sequence[int], sentences: int) -> list[np.ndarray]:
    """Boundaries between i and i + k, for both divisions."""
    k = window(true, sentences)
    out = []
    for starts in (true, found):
        marks = np.zeros(sentences + 1, np.int64)
        marks[list(starts)] = 1
        total = np.cumsum(marks)
        out.append(total[k:sentences] - total[: sentences - k])
    return out
