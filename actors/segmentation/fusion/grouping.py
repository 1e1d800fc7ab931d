"""Divides a row of units into groups so that one cost is least, exactly, by dynamic programming.

cost = sum over groups of [ what the pairs inside say against being together + what the length says ]
     + sum over boundaries of what speaks against a boundary there.
The recursion is over the last boundary, O(units x window). Knows numbers; does not know what they mean.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]

NEVER = 1e9
"""Cost of what is forbidden unless there is no other way (a video shorter than the shortest group)."""


@dataclass(frozen=True, slots=True)
class Grouping:
    """`starts`: the first unit of each group but the first. margins: by how much the cost would rise if that
    boundary were given up (the groups beside it joined), one for each start."""

    starts: tuple[int, ...]
    margins: tuple[float, ...]


def group(
    times_s: Floats,
    together: Callable[[int, int], Floats],
    boundary: Floats,
    length_cost: Callable[[Floats], Floats],
    max_units: int,
) -> Grouping:
    """Divide units 0 .. u - 1, where unit k lasts times_s[k] .. times_s[k + 1].

    together(k, first): evidence (float64) that unit k belongs with each of the units first .. k - 1.
    boundary[k]: evidence for a boundary before unit k (unit 0: ignored). length_cost: of durations in
    seconds. max_units: longer groups are not looked at (but see NEVER).
    """
    units = len(times_s) - 1
    best = np.full(units + 1, np.inf)
    best[0] = 0.0
    back = np.zeros(units + 1, np.int64)
    inside = np.zeros(0)  # for each open start: minus the evidence of all pairs inside start .. k
    first = 0
    for k in range(units):
        start = max(0, k + 1 - max_units)
        inside = np.append(inside[start - first :], 0.0)
        first = start
        if k > first:
            evidence = together(k, first)
            inside[:-1] -= np.cumsum(evidence[::-1])[::-1]
        opens = np.arange(first, k + 1)
        entry = np.where(opens > 0, -boundary[opens], 0.0)
        cost = best[opens] + entry + inside + length_cost(times_s[k + 1] - times_s[opens])
        back[k + 1] = opens[np.argmin(cost)]
        best[k + 1] = cost.min()
    starts: list[int] = []
    at = int(back[units])
    while at > 0:
        starts.append(at)
        at = int(back[at])
    starts.reverse()
    return Grouping(tuple(starts), _margins(starts, times_s, together, boundary, length_cost))


def _margins(
    starts: list[int],
    times_s: Floats,
    together: Callable[[int, int], Floats],
    boundary: Floats,
    length_cost: Callable[[Floats], Floats],
) -> tuple[float, ...]:
    bounds = [0, *starts, len(times_s) - 1]
    margins = []
    for a, b, c in zip(bounds, bounds[1:], bounds[2:], strict=False):
        across = sum(float(together(k, a)[: b - a].sum()) for k in range(b, c))
        apart, joined = (
            length_cost(np.diff(times_s[[a, b, c]])).sum(),
            length_cost(times_s[[c]] - times_s[a])[0],
        )
        margins.append(float(boundary[b] - across + joined - apart))
    return tuple(margins)
