"""How near a result is to one that people have corrected: F1 of the starts, level by level.

Knows times of starts only; does not know what made them.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

Starts = Mapping[str, Sequence[float]]
"""Level (shot, scene, chapter) → seconds at which its segments start, ascending, without the first one's. A
level that is left out is not judged."""

NEAR_S = 0.2
"""Two starts at most this far apart are the same one. Five frames at 25 a second: what people set by hand
at a gradual transition lies as far from its middle. No measurement."""


@dataclass(frozen=True, slots=True)
class Counts:
    """Starts of one level: in both results, only in the one that was found, only in the corrected one."""

    both: int
    only_found: int
    only_wanted: int

    @property
    def f1(self) -> float:
        """0..1; 1 where neither has a start."""
        either = 2 * self.both + self.only_found + self.only_wanted
        return 2 * self.both / either if either else 1.0


def compared(found: Sequence[float], wanted: Sequence[float], near_s: float = NEAR_S) -> Counts:
    """Pairs each start with at most one of the other result, in order, which gives the most pairs."""
    both = i = j = 0
    while i < len(found) and j < len(wanted):
        if abs(found[i] - wanted[j]) <= near_s:
            both, i, j = both + 1, i + 1, j + 1
        elif found[i] < wanted[j]:
            i += 1
        else:
            j += 1
    return Counts(both, len(found) - both, len(wanted) - both)


def agreement(found: Starts, wanted: Starts) -> dict[str, Counts]:
    """The counts of every level of `wanted`."""
    return {level: compared(found.get(level, ()), starts) for level, starts in wanted.items()}


def f1_of(levels: Mapping[str, Counts]) -> float:
    """The mean F1 of the levels: 300 cuts count no more than the five chapters above them. 1 without any."""
    return sum(counts.f1 for counts in levels.values()) / len(levels) if levels else 1.0
