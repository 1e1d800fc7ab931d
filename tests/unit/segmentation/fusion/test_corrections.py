"""Corrections by hand in a fusion: exact lists, locked and removed starts, names that stay."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from actors.segmentation.fusion.assembly import SegmentStart
from actors.segmentation.fusion.corrections import Starts, exact_starts, with_corrections
from actors.segmentation.fusion.fuse import fuse_measured
from actors.segmentation.fusion.measured import Measured
from actors.segmentation.naming.names import named
from actors.segmentation.settings import FusionSettings
from actors.segmentation.timebase import FrameClock
from actors.segmentation.timeline import LEVELS, Timeline
from tests.support.tracks import make_plan, split_tracks
from tests.unit.segmentation.fusion.test_scenes import SHOT_FRAMES, TWO_SOUNDS, Film

CLOCK = make_plan(1000).index.clock
WHOLE = range(1000)


def start(frame: int, kind: str = "cut", extent: tuple[int, int] | None = None) -> SegmentStart:
    return SegmentStart(frame, kind, 0.6, 0.5, 0.1, *(extent or (frame, frame)), 0.3)


def found(shots: list[int], scenes: list[int] = [], chapters: list[int] = []) -> Starts:  # noqa: B006 - read only
    return Starts(
        {"chapter": [*map(start, chapters)], "scene": [*map(start, scenes)], "shot": [*map(start, shots)]}
    )


def lists(**levels: list[Any]) -> dict[str, list[dict[str, Any]]]:
    return {
        level: [one if isinstance(one, dict) else {"frame": one, "kind": "cut"} for one in entries]
        for level, entries in levels.items()
    }


def frames(starts: Starts, level: str) -> list[int]:
    return [one.frame for one in starts.levels[level]]


def corrected(base: Starts, *, part: range = WHOLE, **corrections: Any) -> Starts:
    return with_corrections(base, corrections, CLOCK, part)


def test_locked_starts_are_there_and_removed_ones_are_not() -> None:
    made = corrected(found([100, 200, 300]), locked=lists(shot=[250]), removed=lists(shot=[200]))

    assert frames(made, "shot") == [100, 250, 300]
    assert [one.locked for one in made.levels["shot"]] == [False, True, False]
    assert made.levels["shot"][1].confidence == 1.0


def test_what_was_removed_does_not_come_back_a_frame_off_nor_inside_its_transition() -> None:
    dissolve = {"frame": 300, "from_frame": 280, "to_frame": 320}
    made = corrected(found([101, 199, 283, 321]), removed=lists(shot=[100, 200, dissolve]))

    assert frames(made, "shot") == [321]


def test_the_extent_of_what_was_removed_may_be_in_seconds() -> None:
    dissolve = {"frame": 300, "from_s": 280 / 25, "to_s": 320 / 25}

    assert frames(corrected(found([285, 330]), removed=lists(shot=[dissolve])), "shot") == [330]


def test_nothing_coarser_starts_where_a_shot_was_removed() -> None:
    base = found([100, 200], scenes=[100, 200], chapters=[200])
    made = corrected(base, removed=lists(shot=[200]))

    assert [frames(made, level) for level in LEVELS] == [[], [100], [100]]


def test_a_scene_that_was_removed_leaves_its_shot() -> None:
    made = corrected(found([100, 200], scenes=[100, 200]), removed=lists(scene=[200]))

    assert (frames(made, "scene"), frames(made, "shot")) == ([100], [100, 200])


def test_a_locked_start_of_a_chapter_is_one_of_all_levels_below() -> None:
    made = corrected(found([100]), locked=lists(chapter=[150]))

    assert [frames(made, level) for level in LEVELS] == [[150], [150], [100, 150]]


def test_a_start_that_is_found_beside_a_locked_one_is_that_one_at_all_levels() -> None:
    base = found([100, 200], scenes=[100, 200], chapters=[200])
    made = corrected(base, locked=lists(shot=[201]))

    assert [frames(made, level) for level in LEVELS] == [[201], [100, 201], [100, 201]]


def test_a_shot_that_is_found_beside_a_locked_chapter_is_that_one() -> None:
    made = corrected(found([100, 499], scenes=[499]), locked=lists(chapter=[500]))

    assert [frames(made, level) for level in LEVELS] == [[500], [500], [100, 500]]
    titled = {"frame": 500, "kind": "cut", "title": "Night"}
    made = corrected(found([501]), locked=lists(chapter=[titled]))
    assert [made.levels[level][0].title for level in LEVELS] == ["Night", None, None]


def test_removed_transitions_that_overlap_hold_all_their_frames() -> None:
    long, inside = {"frame": 300, "from_frame": 200, "to_frame": 400}, {"frame": 250}
    removed = lists(shot=[inside, long, 600, 602, 604], scene=[410])
    made = corrected(found([199, 251, 399, 401, 598, 599, 603, 605, 606], scenes=[]), removed=removed)

    assert frames(made, "shot") == [199, 401, 598, 606]


def test_locked_wins_over_removed() -> None:
    made = corrected(found([100]), locked=lists(shot=[100]), removed=lists(shot=[100]))

    assert frames(made, "shot") == [100]


def test_a_locked_start_that_is_found_keeps_the_evidence_and_its_own_extent() -> None:
    lock = {"frame": 100, "kind": "dissolve", "from_frame": 90, "to_frame": 110}
    (one,) = corrected(found([100]), locked=lists(shot=[lock])).levels["shot"]

    assert (one.kind, one.from_frame, one.to_frame) == ("dissolve", 90, 110)
    assert (one.visual, one.audio, one.scene, one.confidence) == (0.5, 0.1, 0.3, 1.0)


def test_only_what_lies_in_the_part_counts() -> None:
    locked = lists(shot=[50, 100, 150, 200], scene=[{"frame": 100, "kind": "start", "title": "The part"}])
    made = corrected(found([120]), locked=locked, part=range(100, 200))

    assert frames(made, "shot") == [120, 150]
    assert frames(made, "scene") == []
    assert made.first_titles == {"scene": "The part"}


def test_the_name_of_a_first_segment_is_no_start_elsewhere() -> None:
    locked = lists(scene=[{"frame": 100, "kind": "start", "title": "The part"}])
    made = corrected(found([120]), locked=locked)

    assert (frames(made, "scene"), made.first_titles) == ([], {})


def test_without_a_picture_there_are_two_levels() -> None:
    base = Starts({"chapter": [], "scene": [start(100, "audio")]})
    made = corrected(base, locked=lists(scene=[200], chapter=[300]), removed=lists(shot=[100]))

    assert set(made.levels) == {"chapter", "scene"}
    assert (frames(made, "chapter"), frames(made, "scene")) == ([300], [200, 300])


FRAMES = st.lists(st.integers(0, 999), max_size=12)
ENTRIES = st.fixed_dictionaries(dict.fromkeys(LEVELS, FRAMES))


@given(ENTRIES, ENTRIES, ENTRIES)
@settings(max_examples=200, deadline=None)
def test_whatever_is_corrected_the_levels_nest_and_ascend(
    base: dict[str, list[int]], locked: dict[str, list[int]], removed: dict[str, list[int]]
) -> None:
    inside = {level: set(range(1, 1000)) & set(frames) for level, frames in base.items()}
    inside["scene"] |= inside["chapter"]
    inside["shot"] |= inside["scene"]
    nested = Starts({level: [*map(start, sorted(inside[level]))] for level in LEVELS})
    made = corrected(nested, locked=lists(**locked), removed=lists(**removed))

    levels = [frames(made, level) for level in LEVELS]
    for above, below in pairwise(levels):
        assert set(above) <= set(below)
    for level, listed in zip(LEVELS, levels, strict=True):
        assert listed == sorted(set(listed))
        assert set(locked[level]) - {0} <= set(listed)


def film_with(corrections: dict[str, Any] | None, **values: Any) -> Timeline:
    film = Film("abacabxyxzxy", TWO_SOUNDS)
    plan = make_plan(len(film.frames), sound_s=36.0)
    tracks = split_tracks(plan, film.frames, film.keyframes, film.audio)
    return fuse_measured(plan, Measured.of(plan, tracks), FusionSettings(**values), corrections=corrections)


def starts_of(timeline: Timeline, level: str) -> list[int]:
    return [one.start_frame for one in timeline.level(level)]


def test_exact_lists_are_all_there_is_whatever_the_settings() -> None:
    exact = lists(shot=[0, 10, 400, 600], scene=[0, 400], chapter=[0])
    for sensitivity in (0.0, 1.0):
        made = film_with({"exact": exact}, shot_sensitivity=sensitivity)
        assert [starts_of(made, level) for level in LEVELS] == [[0], [0, 400], [0, 10, 400, 600]]


def test_a_fusion_finds_the_rest_beside_what_is_locked_and_removed() -> None:
    plain = film_with(None)
    gone, new = 3 * SHOT_FRAMES, 3 * SHOT_FRAMES + 30
    made = film_with({"locked": lists(shot=[new]), "removed": lists(shot=[gone])})

    assert starts_of(made, "shot") == sorted({*starts_of(plain, "shot")} - {gone} | {new})
    boundary = next(one for one in made.level("shot") if one.start_frame == new).start_boundary
    assert (boundary.locked, boundary.confidence, boundary.from_frame) == (True, 1.0, new)


def test_titles_by_hand_stay_when_segments_are_named() -> None:
    exact = lists(
        shot=[0, 450],
        scene=[
            {"frame": 0, "kind": "start", "title": "Arrival"},
            {"frame": 450, "kind": "cut", "title": "Sea"},
        ],
        chapter=[0],
    )
    segments = named(film_with({"exact": exact}).segments, None, None)

    titles = [(one.title, one.title_source) for one in segments if one.level == "scene"]
    assert titles == [("Arrival", "human"), ("Sea", "human")]
    assert [one.title_source for one in segments if one.level == "chapter"] == ["class"]


def test_an_extent_in_seconds_is_the_one_it_was_in_frames() -> None:
    clock = FrameClock(np.array([0, 41, 83, 125, 166, 208], np.int64), 250, CLOCK.time_base)
    for first, last in ((1, 4), (2, 6), (3, 3)):
        entry = {
            "frame": 3,
            "kind": "fade",
            "from_s": clock.seconds_of(first),
            "to_s": clock.seconds_of(last),
        }
        (one,) = exact_starts({"exact": {"shot": [entry]}}, clock, range(6)).levels["shot"]
        assert (one.from_frame, one.to_frame) == (first, last)


@pytest.mark.parametrize("corrections", [None, {}, {"locked": {}, "removed": {}}])
def test_without_corrections_nothing_changes(corrections: dict[str, Any] | None) -> None:
    assert film_with(corrections).segments == film_with(None).segments
