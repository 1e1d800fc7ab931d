"""Divides a row of units into groups so that one cost is least, exactly, by dynamic programming.

cost = sum over groups of [ what the pairs inside say against being together + what the length says ]
     + sum over boundaries of what speaks against a boundary there.
The recursion is over the last boundary, O(units x window); for a wanted number of groups also over that
number. Knows numbers; does not know what they mean.
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
LONGEST_SHARE = 8
"""Of a wanted number of groups none is looked for that is longer than so many average ones (or max_units, if
that is more): bounds the time. No measurement."""


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
    count: int | None = None,
) -> Grouping:
    """Divide units 0 .. u - 1, where unit k lasts times_s[k] .. times_s[k + 1].

    together(k, first): evidence (float64) that unit k belongs with each of the units first .. k - 1.
    boundary[k]: evidence for a boundary before unit k (unit 0: ignored). length_cost: of durations in
    seconds. max_units: longer groups are not looked at (but see NEVER and LONGEST_SHARE). count: how many
    groups to make, or as many fewer as it takes for none to be forbidden; None: as many as cost least.
    """
    units = len(times_s) - 1
    if count is not None:
        count = min(count, units)
        max_units = max(max_units, -(-LONGEST_SHARE * units // count))
    # best[g, k]: least cost of units 0 .. k - 1 in g groups; with no count all g share one row
    best = np.full((1 if count is None else count + 1, units + 1), np.inf)
    best[0, 0] = 0.0
    without_last, with_last = (best, best) if count is None else (best[:-1], best[1:])
    back = np.zeros((len(with_last), units + 1), np.int64)
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
        last = entry + inside + length_cost(times_s[k + 1] - times_s[opens])
        cost = without_last[:, first : k + 1] + last
        chosen = cost.argmin(axis=1)
        back[:, k + 1] = opens[chosen]
        with_last[:, k + 1] = np.take_along_axis(cost, chosen[:, None], axis=1)[:, 0]
    starts = _starts(back, _allowed(with_last[:, units]), units)
    return Grouping(tuple(starts), _margins(starts, times_s, together, boundary, length_cost))


def _allowed(totals: Floats) -> int:
    """The last row whose total has nothing forbidden in it, else the one with least of it."""
    allowed = np.flatnonzero(totals < NEVER / 2)
    return int(allowed[-1] if len(allowed) else totals.argmin())


def _starts(back: Ints, row: int, units: int) -> list[int]:
    """The first units of the groups but the first, followed back from the end; one row up for each group."""
    starts: list[int] = []
    at = int(back[row, units])
    while at > 0:
        starts.append(at)
        row = max(0, row - 1)
        at = int(back[row, at])
    starts.reverse()
    return starts


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
