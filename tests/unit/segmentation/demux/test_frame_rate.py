"""The frame rate behind timestamps that are rounded, jump or pause."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest

from actors.segmentation.demux.frame_index import FrameIndex
from actors.segmentation.planning.frame_rate import STANDARD_RATES, frame_rate, variable_frame_rate
from actors.segmentation.planning.plan import build_plan
from tests.support.clocks import BROKEN, MS, NTSC_FILM, ROUNDED, Clock


@pytest.mark.parametrize("clock", [*ROUNDED, *BROKEN], ids=str)
def test_the_rate_is_the_one_that_the_film_was_made_at(clock: Clock, tmp_path: Path) -> None:
    plan = build_plan(clock.write(tmp_path))

    assert (plan.frames, plan.media.fps_fraction) == (clock.frames, clock.rate)
    assert plan.media.fps == float(clock.rate)
    assert plan.pace == pytest.approx(float(clock.rate))


def test_a_film_copied_from_matroska_keeps_the_grid_of_milliseconds(tmp_path: Path) -> None:
    film = Clock("mp4", NTSC_FILM, 90, tick=MS).write(tmp_path)

    media = build_plan(film).media

    assert media.time_base < MS
    assert not media.variable_frame_rate


def index_of(steps: list[int], time_base: Fraction = MS) -> FrameIndex:
    """Frames that are shown for so many ticks each."""
    pts = np.concatenate([[0], np.cumsum(steps)]).astype(np.int64)
    key = np.ones(len(steps), np.bool_)
    return FrameIndex(pts=pts[:-1], key=key, end_pts=int(pts[-1]), time_base=time_base, trusted=True)


@pytest.mark.parametrize(
    ("steps", "named", "rate"),
    [
        ([40], [Fraction(25)], Fraction(25)),  # one frame: the container decides, if it agrees
        ([40], [Fraction(50)], Fraction(25)),
        ([42, 42], [Fraction(24)], Fraction(24)),  # too short to tell 24 from 23.976
        ([42, 42], [NTSC_FILM], NTSC_FILM),
        ([42, 42], [Fraction(50)], NTSC_FILM),  # a statement that the timestamps contradict
        ([40, 140] * 50, [Fraction(25)], Fraction(100, 9)),  # irregular: the average
        ([5, 61] * 50, [Fraction(30)], Fraction(100, 1) / Fraction(33, 10)),  # in pairs: no pauses between
        ([40] * 90 + [400] * 10, [None], Fraction(25)),
        ([5200, 3900, 7100, 4400, 6300], [None], Fraction(50, 269)),  # slides: none of them is a pause
        ([1000] * 50 + [3_600_000] + [1000] * 50, [None], Fraction(1)),
    ],
)
def test_timestamps_decide_and_the_container_breaks_ties(
    steps: list[int], named: list[Fraction | None], rate: Fraction
) -> None:
    assert frame_rate(index_of(steps), named) == rate


def test_dropped_frames_are_not_taken_for_a_coarse_grid() -> None:
    """One tick a frame, as in AVI: the step is all that the timestamps have in common."""
    steps = [512] * 90 + [1024] * 10

    assert variable_frame_rate(index_of(steps, Fraction(1, 12_800)))


@pytest.mark.parametrize("rate", STANDARD_RATES, ids=str)
def test_a_long_film_of_a_standard_rate_has_that_rate(rate: Fraction) -> None:
    pts = [round(frame / rate / MS) for frame in range(4001)]

    assert frame_rate(index_of(np.diff(pts).tolist()), []) == rate
