"""Times of frames as runs: exact, few where the rate is constant, and in parts where they are many."""

from __future__ import annotations

import json
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest

from actors.segmentation.demux.frame_index import FrameIndex
from actors.segmentation.frame_runs import MAX_RUNS, FrameRuns, frame_runs
from actors.segmentation.planning.plan import Plan, build_plan
from actors.segmentation.timebase import FrameClock
from tests.support.media import Picture, Sound, make_media

TICK = Fraction(1, 90_000)


def clock(steps: list[int] | np.ndarray, first_pts: int = 0) -> FrameClock:
    pts = first_pts + np.concatenate([[0], np.cumsum(steps, dtype=np.int64)])
    return FrameClock(pts[:-1], int(pts[-1]), TICK)


def times(parts: list[FrameRuns]) -> list[int]:
    """Starts of all frames and the end of the last, as a reader of the runs counts them."""
    found = [parts[0].first_pts]
    for part in parts:
        for step, count in part.runs:
            found += [found[-1] + step * (n + 1) for n in range(count)]
    return found


def read(of: FrameClock, max_runs: int) -> list[FrameRuns]:
    parts = [frame_runs(of, 0, max_runs)]
    while (following := parts[-1].next_frame) is not None:
        parts.append(frame_runs(of, following, max_runs))
    return parts


def test_a_constant_rate_is_one_run_that_counts_the_last_frame() -> None:
    told = frame_runs(clock([3000] * 500, first_pts=126_000))
    assert told == FrameRuns(TICK, 500, 0, 126_000, [(3000, 500)], None)


def test_a_single_frame_has_its_length() -> None:
    assert frame_runs(clock([1500], first_pts=7)).runs == [(1500, 1)]


@pytest.mark.parametrize("max_runs", [1, 2, 3, 100])
def test_parts_join_to_the_times_of_all_frames(max_runs: int) -> None:
    of = clock([3000, 3000, 3003, 1500, 1500, 1500, 90_000, 3000], first_pts=-900)
    parts = read(of, max_runs)
    assert times(parts) == [of.pts_of(frame) for frame in range(len(of) + 1)]
    for part in parts:
        assert part.frames == len(of)
        assert part.first_pts == of.pts_of(part.first_frame)
        assert len(part.runs) <= max_runs


def test_two_hours_at_sixty_frames_a_second_with_other_steps_each_come_in_parts_of_a_megabyte() -> None:
    frames = 2 * 3600 * 60
    parts = read(clock(1400 + np.arange(frames, dtype=np.int64) * 7919 % 211), MAX_RUNS)
    assert [len(part.runs) for part in parts] == [MAX_RUNS] * 4 + [frames - 4 * MAX_RUNS]
    assert max(len(json.dumps(part.runs, separators=(",", ":"))) for part in parts) < 1 << 20


@pytest.mark.parametrize("frame", [-1, 3])
def test_a_frame_that_is_not_there_is_refused(frame: int) -> None:
    with pytest.raises(IndexError, match=str(frame)):
        frame_runs(clock([1, 2, 3]), frame)


def stored(path: Path) -> FrameIndex:
    """The frame index of a file, as it is read again from a stored plan."""
    return Plan.from_bytes(build_plan(path).to_bytes()).index


def test_a_recording_of_a_phone_has_its_own_times(tmp_path: Path) -> None:
    """Frames of 1/30 s and of 1/15 s in turn, from 1.4 s on; the container rounds to milliseconds."""
    starts = [Fraction(7, 5)]
    for n in range(60):
        starts.append(starts[-1] + (Fraction(1, 15) if n % 7 < 3 else Fraction(1, 30)))
    path = make_media(tmp_path / "phone.mkv", Picture(shots=(60,), time_of=lambda frame: starts[frame]))
    told = frame_runs(stored(path).clock)
    shown = [float(pts * told.time_base) for pts in times([told])][:-1]
    assert shown == pytest.approx([float(start) for start in starts[:60]], abs=0.0006)
    assert len(told.runs) > 10


def test_sound_alone_is_told_in_its_tenths_of_a_second(tmp_path: Path) -> None:
    path = make_media(tmp_path / "sound.wav", Sound(((440.0, 2.05),), codec="pcm_s16le"))
    told = frame_runs(stored(path).clock)
    assert told.frames == sum(count for _, count in told.runs)
    assert float(told.runs[0][0] * told.time_base) == pytest.approx(0.1)
    assert float(times([told])[-1] * told.time_base) == pytest.approx(2.05)
