"""What it costs that not every frame is decoded: how boundaries are compared, and what is told."""

from __future__ import annotations

import pytest

from tests.benchmarks.decoding import Way, as_table, compared, summed
from tests.benchmarks.scoring import Score
from tests.benchmarks.timing.codecs import Row
from tests.benchmarks.timing.codecs import as_table as codecs_table
from tests.benchmarks.timing.timed import Cost


@pytest.mark.parametrize(
    ("cuts", "reference", "expected"),
    [
        ([], [], (0, 0, 0, 0)),
        ([10, 50], [10, 50], (2, 0, 0, 0)),
        ([11, 50], [10, 50], (2, 1, 0, 0)),
        ([12, 50], [10, 50], (1, 0, 1, 1)),
        ([10], [9, 10], (1, 1, 1, 0)),
        ([], [7], (0, 0, 1, 0)),
        ([7], [], (0, 0, 0, 1)),
    ],
)
def test_each_boundary_serves_once(
    cuts: list[int], reference: list[int], expected: tuple[int, int, int, int]
) -> None:
    assert compared(cuts, reference) == expected


def test_films_are_summed() -> None:
    every = [Way(Score(3, 1, 0), (10, 20, 30), 100, 100, 2.0), Way(Score(0, 0, 0), (), 300, 300, 4.0)]
    auto = [Way(Score(2, 2, 0), (11, 20), 100, 60, 1.0), Way(Score(0, 0, 1), (5,), 300, 180, 2.0)]

    told = summed("auto", auto, every)

    assert (told.again, told.moved, told.gone, told.new) == (2, 1, 1, 1)
    assert told.decoded == 0.6
    assert told.cpu_s == 3.0
    assert told.score == Score(2, 2, 1)
    assert told.mean_f1 == pytest.approx((2 * 2 / 6 + 0) / 2)
    assert "60.0 %" in as_table([summed("every", every, every), told])


def test_codecs_are_told_as_ratios() -> None:
    row = Row("H.264", Cost(10, 20, 1), Cost(7, 25, 1), Cost(11, 40, 1), 0.63, 12, 1, 0)

    (_, _, told) = codecs_table([row]).splitlines()

    assert [cell.strip() for cell in told.strip("|").split("|")] == [
        "H.264", "63 %", "0.70", "1.10", "1.25", "2.00", "12", "1", "0",
    ]  # fmt: skip
