"""The benchmark's scorer, on cases small enough to count by hand."""

from __future__ import annotations

import pytest

from tests.benchmarks.scoring import Score, score_scenes, score_shots

LABELS = {
    "fps": "25/1",
    "cuts": [100, 200],
    "gradual": [[300, 320, "dissolve"]],
    "optional": [[400, 410, "title appears"]],
    "edges": [[0, 13, "fade", "from black"]],
    "scenes": [200, 321],
    "scene_zones": [[300, 320]],
}


@pytest.mark.parametrize(
    ("frames", "expected"),
    [
        ([100, 200, 310], Score(3, 0, 0)),
        ([101, 199, 298], Score(3, 0, 0)),
        ([102, 200, 310], Score(2, 1, 1)),
        ([100, 101, 200, 310], Score(3, 0, 1)),
        ([100, 200, 305, 315], Score(3, 0, 0)),
        ([100, 200, 310, 5, 405], Score(3, 0, 0)),
        ([], Score(0, 3, 0)),
    ],
    ids=["exact", "within slack", "two off", "served once", "inside one gradual", "zones", "nothing found"],
)
def test_shots(frames: list[int], expected: Score) -> None:
    assert score_shots(LABELS, frames) == expected


def test_scenes_have_half_a_second_or_the_whole_transition() -> None:
    assert score_scenes(LABELS, [212, 300]) == Score(2, 0, 0)
    assert score_scenes(LABELS, [213, 340]) == Score(0, 2, 2)


def test_rates() -> None:
    assert Score(3, 1, 2).f1 == pytest.approx(6 / 9)
    assert Score(0, 0, 0).f1 == 1.0
    assert Score(0, 0, 2).precision == 0.0
