"""Only a part is segmented, only so many segments are wanted: both from the tracks of the whole video."""

from __future__ import annotations

import pickle
from fractions import Fraction
from itertools import pairwise
from typing import Any

import numpy as np
import pytest

from actors.segmentation.errors import SettingsError
from actors.segmentation.fusion.part import part_of
from actors.segmentation.timebase import FrameClock
from actors.segmentation.timeline import LEVELS
from tests.unit.segmentation.fusion.test_scenes import SHOT_FRAMES, TWO_SOUNDS, Film

SLIDES = FrameClock(np.array([1000, 3000, 3040, 9000], np.int64), 9500, Fraction(1, 1000))
"""Frames at 1, 3, 3.04 and 9 s; the last ends at 9.5 s."""


@pytest.mark.parametrize(
    ("from_s", "to_s", "frames"),
    [
        (None, None, range(4)),
        (0.0, 100.0, range(4)),
        (2.0, None, range(4)),  # the first slide is shown until 3 s
        (3.0, 3.04, range(1, 2)),
        (3.0, 3.05, range(1, 3)),
        (None, 1.5, range(1)),
        (3.5, 4.0, range(2, 3)),  # a slide that goes on all the time
        (9.4, None, range(3, 4)),
    ],
)
def test_the_part_is_every_frame_that_is_shown_in_it(
    from_s: float | None, to_s: float | None, frames: range
) -> None:
    assert part_of(SLIDES, from_s, to_s) == frames


@pytest.mark.parametrize(
    ("from_s", "to_s", "said"),
    [
        (
            9.5,
            None,
            "from_s must lie before the end: the video lasts from 1.000 to 9.500 s, and 9.5 is behind",
        ),
        (None, 1.0, "to_s must lie after the start: the video lasts from 1.000 to 9.500 s, and 1 is before"),
    ],
)
def test_a_part_outside_of_the_video_says_where_the_video_is(
    from_s: float | None, to_s: float | None, said: str
) -> None:
    with pytest.raises(SettingsError, match=said) as refused:
        part_of(SLIDES, from_s, to_s)
    assert str(pickle.loads(pickle.dumps(refused.value))) == str(refused.value)


@pytest.fixture(scope="module")
def film() -> Film:
    """36 s: twelve shots of 3 s; six in one place with speech, six in another with music."""
    return Film("abacabxyxzxy", TWO_SOUNDS)


def starts(film: Film, level: str, **values: Any) -> list[int]:
    """Numbers of the shots with which the segments of a level begin."""
    return [s.start_frame // SHOT_FRAMES for s in film.timeline(**values).level(level)]


def test_only_the_part_is_segmented_and_keeps_the_source_s_times(film: Film) -> None:
    timeline = film.timeline(from_s=6.0, to_s=30.0)

    shots = timeline.level("shot")
    assert [s.start_s for s in shots] == [6.0, 9.0, 12.0, 15.0, 18.0, 21.0, 24.0, 27.0]
    assert [s.start_frame for s in shots] == [150, 225, 300, 375, 450, 525, 600, 675]
    assert (shots[-1].end_frame, shots[-1].end_s) == (750, 30.0)
    for level in LEVELS:
        first, last = timeline.level(level)[0], timeline.level(level)[-1]
        assert (first.start_frame, last.end_frame) == (150, 750)
        assert (first.start_boundary.kind, first.start_boundary.confidence) == ("start", 1.0)
    assert [s.start_s for s in timeline.level("scene")] == [6.0, 18.0]
    assert [(s.start_s, s.end_s, s.label) for s in timeline.audio_track] == [
        (6.0, 18.0, "speech"),
        (18.0, 30.0, "music"),
    ]
    assert timeline.media["duration_s"] == 36.0
    assert timeline.to_document()["settings"]["from_s"] == 6.0


def test_the_curves_are_those_of_the_whole_video(film: Film) -> None:
    part, whole = film.timeline(from_s=6.0).curves_document(), film.timeline().curves_document()

    assert part == whole
    assert part["start_s"] == 0.0


def test_edges_within_shots_divide_them(film: Film) -> None:
    shots = film.timeline(from_s=7.0, to_s=11.5).level("shot")

    assert [(s.start_s, s.end_s) for s in shots] == [(7.0, 9.0), (9.0, 11.52)]  # a frame lasts 0.04 s


def test_no_shot_at_an_edge_is_shorter_than_wanted(film: Film) -> None:
    shots = film.timeline(from_s=2.48, to_s=9.52, min_shot_s=1.0).level("shot")

    assert [(s.start_s, s.end_s) for s in shots] == [(2.48, 6.0), (6.0, 9.52)]


def test_a_part_is_the_same_however_the_tracks_were_chunked(film: Film) -> None:
    part: dict[str, Any] = {"from_s": 7.0, "to_s": 31.0}

    assert film.timeline(300, 600, **part).to_document() == film.timeline(**part).to_document()


def test_a_part_of_one_frame_is_one_segment(film: Film) -> None:
    timeline = film.timeline(from_s=7.0, to_s=7.01)

    assert [(s.level, s.start_frame, s.end_frame) for s in timeline.segments] == [
        (level, 175, 176) for level in LEVELS
    ]


def test_sound_behind_the_picture_belongs_to_the_part_that_ends_with_it() -> None:
    film = Film("ab", [("speech", 6.0), ("music", 60.0)])

    assert film.timeline(from_s=3.0).audio_track[-1].end_s == pytest.approx(66.0)
    assert film.timeline(to_s=5.0).audio_track[-1].end_s == 5.0


PLACES = Film("aaabbbcccddd", [("speech", 36.0)])


def test_as_many_scenes_as_are_wanted() -> None:
    found = {count: starts(PLACES, "scene", scenes=count) for count in (1, 2, 3, 4, 6)}

    assert found[1] == [0]
    assert found[4] == [0, 3, 6, 9]  # where the place changes
    for count in (2, 3):
        assert len(found[count]) == count
        assert set(found[count]) < set(found[4])
    assert len(found[6]) == 6
    assert set(found[4]) < set(found[6])


def test_the_strongest_boundary_is_the_one_that_both_cues_name(film: Film) -> None:
    assert starts(film, "scene", scenes=2) == [0, 6]


def test_a_wanted_number_makes_no_boundary_surer() -> None:
    free = PLACES.timeline(scene_sensitivity=1.0).level("scene")
    wanted = PLACES.timeline(scenes=len(free)).level("scene")

    assert wanted == free


@pytest.mark.parametrize("sensitivity", [0.0, 1.0])
def test_sensitivity_does_not_change_a_wanted_number(sensitivity: float) -> None:
    assert starts(PLACES, "scene", scenes=4, scene_sensitivity=sensitivity) == [0, 3, 6, 9]


def test_more_than_the_least_length_allows_are_not_made() -> None:
    scenes = PLACES.timeline(scenes=12, min_scene_s=7.0).level("scene")

    assert len(scenes) == 4  # of 36 s
    assert all(s.end_s - s.start_s >= 7.0 for s in scenes)


def test_as_many_chapters_as_are_wanted_and_scenes_enough_for_them() -> None:
    values: dict[str, Any] = {"min_chapter_s": 3.0, "scene_sensitivity": 0.0}
    few = len(PLACES.timeline(**values).level("scene"))

    timeline = PLACES.timeline(chapters=4, **values)

    assert few < 4
    assert [len(timeline.level(level)) for level in ("chapter", "scene")] == [4, 4]
    assert [s.start_frame // SHOT_FRAMES for s in timeline.level("chapter")] == [0, 3, 6, 9]


def test_of_many_scenes_only_the_wanted_chapters_begin_there(film: Film) -> None:
    timeline = film.timeline(scenes=6, chapters=2, min_chapter_s=6.0)

    assert [len(timeline.level(level)) for level in LEVELS] == [2, 6, 12]
    assert [s.start_s for s in timeline.level("chapter")] == [0.0, 18.0]


def test_part_and_number_go_together(film: Film) -> None:
    scenes = film.timeline(from_s=9.0, to_s=27.0, scenes=2).level("scene")

    assert [(s.start_s, s.end_s) for s in scenes] == [(9.0, 18.0), (18.0, 27.0)]


def test_few_scenes_of_many_shots_tile_the_video() -> None:
    scenes = Film("abcdefghij" * 5, None).timeline(scenes=3).level("scene")

    assert len(scenes) == 3
    assert all(a.end_frame == b.start_frame for a, b in pairwise(scenes))
