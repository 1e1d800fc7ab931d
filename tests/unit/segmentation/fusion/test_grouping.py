"""The grouping is the best of all: compared with every possible one."""

from __future__ import annotations

from itertools import combinations, pairwise

import numpy as np
import numpy.typing as npt
from hypothesis import given
from hypothesis import strategies as st

from actors.segmentation.fusion.grouping import NEVER, group

Floats = npt.NDArray[np.float64]


def length_cost(duration_s: Floats) -> Floats:
    return np.where(duration_s < 2.0, NEVER, np.abs(duration_s - 6.0) / 3.0)


def cost(starts: tuple[int, ...], times_s: Floats, pairs: Floats, boundary: Floats) -> float:
    bounds = [0, *starts, len(times_s) - 1]
    inside = sum(pairs[i, j] for a, b in pairwise(bounds) for i, j in combinations(range(a, b), 2))
    lengths = float(length_cost(np.diff(times_s[bounds])).sum())
    return lengths - float(inside) - float(sum(boundary[s] for s in starts))


@st.composite
def problems(draw: st.DrawFn) -> tuple[Floats, Floats, Floats]:
    units = draw(st.integers(1, 8))
    rng = np.random.default_rng(draw(st.integers(0, 10_000)))
    times_s = np.concatenate([[0.0], np.cumsum(rng.uniform(0.2, 4.0, units))])
    return times_s, rng.normal(0, 1, (units, units)), rng.normal(0, 2, units)


@given(problems())
def test_no_other_grouping_is_better(problem: tuple[Floats, Floats, Floats]) -> None:
    times_s, pairs, boundary = problem
    units = len(boundary)
    everything = [s for n in range(units) for s in combinations(range(1, units), n)]

    found = group(times_s, lambda unit, first: pairs[first:unit, unit], boundary, length_cost, units)

    best = min(cost(starts, times_s, pairs, boundary) for starts in everything)
    assert np.isclose(cost(found.starts, times_s, pairs, boundary), best)


@given(problems(), st.integers(1, 10))
def test_of_a_wanted_number_no_other_grouping_is_better(
    problem: tuple[Floats, Floats, Floats], count: int
) -> None:
    times_s, pairs, boundary = problem
    units = len(boundary)

    found = group(
        times_s, lambda unit, first: pairs[first:unit, unit], boundary, length_cost, units, count=count
    )

    best: dict[int, float] = {}
    for n in range(units):
        for starts in combinations(range(1, units), n):
            best[n + 1] = min(best.get(n + 1, np.inf), cost(starts, times_s, pairs, boundary))
    allowed = [n for n, least in best.items() if n <= count and least < NEVER / 2]
    assert len(found.starts) + 1 == max(allowed, default=1)
    assert np.isclose(cost(found.starts, times_s, pairs, boundary), best[len(found.starts) + 1])


@given(problems())
def test_a_margin_is_what_giving_the_boundary_up_would_cost(problem: tuple[Floats, Floats, Floats]) -> None:
    times_s, pairs, boundary = problem

    found = group(times_s, lambda unit, first: pairs[first:unit, unit], boundary, length_cost, len(boundary))

    best = cost(found.starts, times_s, pairs, boundary)
    for start, margin in zip(found.starts, found.margins, strict=True):
        without = tuple(s for s in found.starts if s != start)
        assert np.isclose(margin, cost(without, times_s, pairs, boundary) - best)


def test_a_narrow_window_still_divides_everything() -> None:
    times_s = np.arange(61.0)
    boundary = np.full(60, -1.0)

    found = group(times_s, lambda unit, first: np.zeros(unit - first), boundary, length_cost, 10)

    bounds = [0, *found.starts, 60]
    assert all(2 <= b - a <= 10 for a, b in pairwise(bounds))


def test_few_groups_may_be_longer_than_the_window() -> None:
    times_s = np.arange(61.0)
    boundary = np.full(60, -1.0)
    boundary[50] = 3.0

    found = group(
        times_s, lambda unit, first: np.zeros(unit - first), boundary, lambda d: np.zeros(len(d)), 10, count=2
    )

    assert found.starts == (50,)
