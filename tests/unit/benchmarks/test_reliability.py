"""Confidence held against labels, and tracks that chunks must not change."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import pytest

from actors.segmentation import FusionSettings, fuse
from tests.benchmarks import reliability
from tests.benchmarks.ablation import BOTH, PICTURE, SOUND, Ablation, Row, ablated
from tests.benchmarks.analysis import MOST_CHUNKS, Analysed, small_chunks
from tests.benchmarks.consistency import IDENTICAL, SAME_FRAMES, compared, segments_of
from tests.benchmarks.consistency import Row as Sameness
from tests.benchmarks.films import Film
from tests.benchmarks.reliability import Judged, curve, judged
from tests.benchmarks.scoring import Score
from tests.benchmarks.timing.refusion import long_film

LABELS: dict[str, Any] = {
    "fps": "25/1",
    "cuts": [100, 200],
    "gradual": [[300, 320, "dissolve"]],
    "optional": [[400, 410, "title"]],
}


def test_the_surest_boundary_takes_the_transition() -> None:
    found = judged(LABELS, [(101, 0.2), (100, 0.9), (305, 0.6), (315, 0.7), (405, 0.5), (50, 0.4)])

    assert found == [Judged(0.9, True), Judged(0.7, True), Judged(0.4, False), Judged(0.2, False)]


def test_the_curve_and_its_distance_from_the_diagonal() -> None:
    boundaries = [Judged(0.95, True), Judged(0.95, False), Judged(1.0, True), Judged(0.3, False)]

    found = curve(boundaries)

    assert (found.bins[9].boundaries, found.bins[3].boundaries) == (3, 1)
    assert found.bins[9].mean_confidence == pytest.approx(2.9 / 3)
    assert found.bins[9].share_right == pytest.approx(2 / 3)
    assert found.bins[0].share_right is None
    assert found.expected_calibration_error == pytest.approx((3 * 0.3 + 1 * 0.3) / 4)
    assert found.brier_score == pytest.approx((0.05**2 + 0.95**2 + 0.3**2) / 4)


def test_nothing_found_has_no_curve() -> None:
    assert curve([]).expected_calibration_error is None


@pytest.fixture(scope="module")
def analysed() -> Analysed:
    """Two minutes of drawn shots."""
    plan, tracks = long_film(hours=1 / 30)
    return Analysed(plan, tuple(tracks))


def test_unlikely_boundaries_are_judged_too(analysed: Analysed) -> None:
    strict = FusionSettings(shot_sensitivity=0.02)

    found = reliability.boundaries_of(analysed, strict)

    timeline = fuse(analysed.plan, analysed.tracks, strict)
    likely = {shot.start_frame for shot in timeline.level("shot") if shot.start_boundary.kind == "cut"}
    assert likely < {frame for frame, _ in found}
    assert found == reliability.boundaries_of(analysed, FusionSettings())


def test_scenes_from_one_cue_or_both(analysed: Analysed, tmp_path: Any) -> None:
    labels = LABELS | {"scenes": [500, 1000]}

    row = ablated(Film(tmp_path / "a.mp4", "dev", labels), analysed, FusionSettings())

    assert row.film == "dev/a.mp4"
    assert set(row.scenes) == {PICTURE, SOUND, BOTH}
    assert all(score.found + score.missed == 2 for score in row.scenes.values())
    # the sound changes at 500 frames exactly, so who listens finds it
    assert row.scenes[SOUND].false + row.scenes[SOUND].found > 0


def test_the_mean_of_each_cue() -> None:
    scores = {PICTURE: Score(1, 1, 0), SOUND: Score(0, 2, 0), BOTH: Score(2, 0, 0)}

    found = Ablation.of([Row("a", scores), Row("b", {cue: Score(2, 0, 0) for cue in scores})])

    assert found.mean_f1 == {PICTURE: pytest.approx(5 / 6), SOUND: 0.5, BOTH: 1.0}
    assert Ablation.of([]).mean_f1 == {}


@pytest.mark.parametrize("frames", [1, 300, 301, 5000, 200_000])
def test_small_chunks_tile_the_film(frames: int) -> None:
    chunks = small_chunks(frames)

    assert chunks[0].start_frame == 0
    assert chunks[-1].end_frame == frames
    assert all(before.end_frame == after.start_frame for before, after in pairwise(chunks))
    assert all(chunk.start_frame % 300 == 0 for chunk in chunks)
    assert len(chunks) <= MOST_CHUNKS


def test_differences_of_segments_are_told(analysed: Analysed) -> None:
    one = segments_of(analysed, FusionSettings())
    surer = [{**one[0], "label": "other"}, *one[1:]]
    moved = [{**one[0], "end_frame": one[0]["end_frame"] + 1}, *one[1:]]

    assert compared(one, list(one)) == IDENTICAL
    assert compared(one, surer) == SAME_FRAMES
    assert compared(one, moved) == "2 differ"


def test_a_film_holds_if_every_way_gives_the_same_frames() -> None:
    assert Sameness("a", IDENTICAL, SAME_FRAMES).holds
    assert Sameness("a", IDENTICAL, None).holds
    assert not Sameness("a", IDENTICAL, "2 differ").holds
