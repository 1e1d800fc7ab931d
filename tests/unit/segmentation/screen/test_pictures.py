"""The pictures of a video: their groups, when cells changed between them, and their bytes."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction

import numpy as np
import pytest

from actors.segmentation.demux.frame_index import FrameIndex
from actors.segmentation.planning.plan import Plan
from actors.segmentation.screen.extents import first_frame, last_frame
from actors.segmentation.screen.pictures import COLUMNS, GROUP_PICTURES, Pictures, find_pictures
from actors.segmentation.tracks import FrameTrack
from tests.support.small_pictures import FPS, clock, keys, runs, stands, track, with_text
from tests.support.tracks import make_plan

BOX = (5 / 16, 4 / 9, 3 / 16, 1 / 9)
"""Cells 5, 6 and 7 of row 4."""


def plan_of(frames: int, key_frames: tuple[int, ...] = (0,)) -> Plan:
    key = keys(frames, key_frames)
    dts = np.flatnonzero(key).astype(np.int64)
    index = FrameIndex(np.arange(frames, dtype=np.int64), key, frames, Fraction(1, FPS), True, dts)
    return replace(make_plan(frames, fps=FPS), index=index)


def found_in(frames: FrameTrack, key_frames: tuple[int, ...] = (0,)) -> Pictures:
    return find_pictures(plan_of(len(frames), key_frames), frames)


def place_of(pictures: Pictures, second: float) -> int:
    """The first picture at or after a time."""
    return int(np.searchsorted(pictures.frame, second * FPS))


def test_a_text_begins_and_ends_with_the_cell_it_stands_in() -> None:
    slide = with_text(stands(20), 4, slice(5, 8), 8.0, levels=40)
    slide[15 * FPS :, 4, 5:8] -= 40
    pictures = found_in(track(slide))

    place = place_of(pictures, 8.0)
    assert first_frame(pictures, place, BOX) == 8 * FPS
    assert last_frame(pictures, place, BOX, 20 * FPS) == 15 * FPS


def test_a_text_of_a_slide_begins_at_its_cut() -> None:
    pictures = found_in(track(runs(5), with_text(stands(7), 4, slice(5, 8)), runs(5, seed=2)))

    place = int(np.flatnonzero(pictures.still)[0])
    assert first_frame(pictures, place, BOX) == 5 * FPS
    assert last_frame(pictures, place, BOX, 17 * FPS) == 12 * FPS


def test_the_middle_of_a_fade_is_found() -> None:
    slide = stands(10)
    slide[4 * FPS : 6 * FPS, 4, 5:8] += np.linspace(0, 80, 2 * FPS).astype(np.uint8)[:, None, None]
    slide[6 * FPS :, 4, 5:8] += 80
    pictures = found_in(track(slide))

    place = place_of(pictures, 5.9)
    starts = [first_frame(pictures, at, BOX) for at in range(1, place + 1)]
    assert 4 * FPS < starts[0] <= 6 * FPS


def test_what_stands_from_the_first_frame_to_the_last_has_no_other_bounds() -> None:
    pictures = found_in(track(with_text(stands(10), 4, slice(5, 8))))

    assert first_frame(pictures, 0, BOX) == 0
    assert last_frame(pictures, len(pictures) - 1, BOX, 10 * FPS) == 10 * FPS


def test_other_cells_say_nothing_of_a_text() -> None:
    slide = with_text(stands(20), 4, slice(5, 8), 8.0)
    slide = with_text(slide, 7, slice(0, COLUMNS), 3.0, levels=90)
    pictures = found_in(track(slide))

    assert first_frame(pictures, place_of(pictures, 8.0), BOX) == 8 * FPS


def test_pictures_are_read_from_a_store_as_they_were_written() -> None:
    pictures = found_in(track(runs(30), stands(5), runs(30, seed=3)), tuple(range(0, 65 * FPS, 50)))
    payload = pictures.to_bytes()

    again = Pictures.from_bytes(payload)

    assert again.to_bytes() == payload
    assert again.groups == pictures.groups
    for name in ("frame", "still", "changed_frame", "change"):
        assert (getattr(again, name) == getattr(pictures, name)).all()
    for damaged in (b"", b"other", payload[:40], payload[:-3], payload[:6] + b"\xff" * 40 + payload[46:]):
        with pytest.raises(ValueError, match=r"pictures|unpack|bytes"):
            Pictures.from_bytes(damaged)


def test_groups_begin_where_little_is_decoded_in_vain() -> None:
    frames = track(runs(200))
    often = found_in(frames, tuple(range(0, 200 * FPS, 2 * FPS)))
    once = found_in(frames)

    sizes = np.diff(often.groups)
    assert len(sizes) >= 4
    assert sizes[:-1].min() >= GROUP_PICTURES
    assert sizes.max() < 2 * GROUP_PICTURES
    assert once.group_count == 1
    assert often.of_groups(range(often.group_count)) == range(len(often))
    with pytest.raises(IndexError):
        often.of_groups(range(often.group_count + 1))


def test_the_tracks_of_many_chunks_give_the_pictures_of_one() -> None:
    frames = track(runs(20), stands(6), runs(20, seed=4))
    parts = [frames.rows(start, min(start + 250, len(frames))) for start in range(0, len(frames), 250)]

    assert found_in(FrameTrack.join(parts)).to_bytes() == found_in(frames).to_bytes()


def test_a_file_without_a_picture_has_none() -> None:
    plan = make_plan(100, sound_s=4.0)
    silent = replace(plan, media=replace(plan.media, video_codec=None, width=0, height=0))

    pictures = find_pictures(silent, track(stands(4)))

    assert len(pictures) == pictures.group_count == 0
    assert len(Pictures.from_bytes(pictures.to_bytes())) == 0


def test_arrays_that_contradict_each_other_are_refused() -> None:
    pictures = found_in(track(runs(10)))

    with pytest.raises(ValueError, match="fit"):
        replace(pictures, still=pictures.still[1:])
    with pytest.raises(ValueError, match="groups"):
        replace(pictures, groups=(0, 1))
    with pytest.raises(ValueError, match="ascend"):
        replace(pictures, frame=pictures.frame[::-1].copy())


def test_times_are_those_of_the_clock() -> None:
    assert clock(10, first_s=3600).start_s == 3600.0
