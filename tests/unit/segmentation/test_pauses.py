"""Pauses between frames: what follows each other is segmented as if they were not there.

A recording that moves, with a fade and cuts, and then a screen that stands still and of which a frame is
written now and then.
"""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction

import numpy as np
import pytest

from actors.segmentation.demux.frame_index import FrameIndex
from actors.segmentation.fusion.fuse import fuse
from actors.segmentation.planning.plan import Plan
from actors.segmentation.settings import FusionSettings
from actors.segmentation.timebase import FrameClock
from tests.support.tracks import Edit, fade, keyframe_track, make_plan, place, split_tracks

TICK = Fraction(1, 90_000)
RATES = (Fraction(24_000, 1001), Fraction(25), Fraction(30), Fraction(12))
INTERVALS_S = (1, 2, 5, 10, 20, 30, 50, 59, 90)


def clock(rate: Fraction, moving: int, idle: int, interval_s: Fraction | int, between: bool) -> FrameClock:
    """`moving` frames at a rate and `idle` ones so many seconds apart, behind them or spread among them."""
    step, pause = round(1 / rate / TICK), round(interval_s / TICK)
    steps = np.full(moving + idle, step)
    if between:
        steps[:: (moving + idle) // idle] = pause
    else:
        steps[moving:] = pause
    pts = np.concatenate([[0], np.cumsum(steps)]).astype(np.int64)
    return FrameClock(pts[:-1], int(pts[-1]), TICK)


@pytest.mark.parametrize("between", [False, True])
@pytest.mark.parametrize("interval_s", INTERVALS_S)
@pytest.mark.parametrize("rate", RATES)
def test_the_pace_is_that_of_frames_that_follow_each_other(
    rate: Fraction, interval_s: int, between: bool
) -> None:
    for moving, idle in ((60, 1), (240, 12), (500, 200)):
        told = clock(rate, moving, idle, interval_s, between)

        assert told.pace == pytest.approx(float(rate), rel=1e-4)


@pytest.mark.parametrize("steps_s", [[5, 4, 7, 4.4, 6], [0.5, 2, 1], [1 / 24, 1 / 12] * 9, [0.001, 0.06] * 9])
def test_where_no_step_is_far_longer_than_usual_the_pace_is_the_average(steps_s: list[float]) -> None:
    """Slides, a slow recorder, frames that were dropped, frames that come in pairs."""
    pts = np.round(np.cumsum([0, *steps_s]) / float(TICK)).astype(np.int64)
    told = FrameClock(pts[:-1], int(pts[-1]), TICK)

    assert not told.pauses.any()
    assert told.pace == pytest.approx(len(steps_s) / sum(steps_s), rel=1e-4)


def recording(fps: int, idle: int) -> tuple[Edit, list[int]]:
    """A fade through black of 1.6 s, two cuts, and `idle` frames of the last picture. Edit and boundaries."""
    edit = Edit()
    ramp, hold = round(0.6 * fps), round(0.4 * fps)
    old, new = place(1, 2 * fps + ramp), place(2, ramp + 2 * fps)
    edit.cut(old[: 2 * fps])
    first, last = edit.mixed(fade(old[2 * fps :], new[:ramp], hold), new[ramp:])
    cuts = [edit.cut(place(3, 2 * fps)), edit.cut(place(4, fps + idle, drift=0.0))]
    return edit, [(first + last + 1) // 2, *cuts]


@pytest.mark.parametrize("interval_s", INTERVALS_S)
@pytest.mark.parametrize(("fps", "idle"), [(24, 6), (30, 12), (30, 60)])
def test_idle_frames_leave_the_boundaries_as_they_are(fps: int, idle: int, interval_s: int) -> None:
    edit, boundaries = recording(fps, idle)
    frames = edit.track()
    times = clock(Fraction(fps), len(frames) - idle, idle, interval_s, between=False)
    plan = _plan(len(frames), times)

    timeline = fuse(
        plan, split_tracks(plan, frames, keyframe_track(len(frames), [(0, 1)]), None), FusionSettings()
    )

    shots = timeline.level("shot")
    kinds = [shot.start_boundary.kind for shot in shots]
    assert kinds == ["start", "fade", "cut", "cut"]
    assert all(abs(shot.start_frame - at) <= 2 for shot, at in zip(shots[1:], boundaries, strict=True))


def _plan(frames: int, times: FrameClock) -> Plan:
    plain = make_plan(frames)
    index = FrameIndex(
        pts=times.pts,
        key=plain.index.key,
        end_pts=times.end_pts,
        time_base=times.time_base,
        trusted=True,
    )
    media = replace(plain.media, duration_s=times.duration_s, fps=times.pace, fps_fraction=times.exact_pace)
    return Plan(media, index, plain.chunks)
