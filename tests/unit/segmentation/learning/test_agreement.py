"""How near a result is to a corrected one."""

from __future__ import annotations

from itertools import combinations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from actors.segmentation.learning.agreement import NEAR_S, Counts, agreement, compared, f1_of

times = st.lists(st.integers(0, 40).map(lambda tenths: tenths / 10), unique=True, max_size=6).map(sorted)


@pytest.mark.parametrize(
    ("found", "wanted", "counts"),
    [
        ([], [], Counts(0, 0, 0)),
        ([1.0], [], Counts(0, 1, 0)),
        ([], [1.0], Counts(0, 0, 1)),
        ([1.0, 2.0, 3.0], [1.1, 3.0], Counts(2, 1, 0)),
        ([1.0, 1.1], [1.05], Counts(1, 1, 0)),
        ([1.0], [1.0 + 2 * NEAR_S], Counts(0, 1, 1)),
    ],
)
def test_starts_are_counted(found: list[float], wanted: list[float], counts: Counts) -> None:
    assert compared(found, wanted) == counts


@given(times, times)
def test_no_other_pairing_has_more_pairs(found: list[float], wanted: list[float]) -> None:
    def most(count: int) -> bool:
        return any(
            all(abs(a - b) <= NEAR_S for a, b in zip(one, other, strict=True))
            for one in combinations(found, count)
            for other in combinations(wanted, count)
        )

    both = compared(found, wanted).both

    assert most(both)
    assert both == min(len(found), len(wanted)) or not most(both + 1)


def test_each_level_counts_the_same() -> None:
    found = {"shot": [float(n) for n in range(100)], "scene": [5.0, 50.0]}
    wanted = {"shot": [float(n) for n in range(100)], "scene": [5.0, 70.0], "chapter": []}

    levels = agreement(found, wanted)

    assert {level: counts.f1 for level, counts in levels.items()} == {
        "shot": 1.0,
        "scene": 0.5,
        "chapter": 1.0,
    }
    assert f1_of(levels) == pytest.approx(2.5 / 3)
    assert f1_of({}) == 1.0
