"""Times of a video's frames as runs of frames that are shown equally long: few where the rate is constant.

A run is a step (ticks from a frame to the next) and how many frames have it. Steps instead of timestamps:
no two numbers can contradict each other, and an answer is as short as the film is regular. Knows a
`FrameClock`; no file, no settings and no segments.
"""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction

import numpy as np

from actors.segmentation.timebase import FrameClock

MAX_RUNS = 100_000
"""Runs told at once. Where each step differs, a run takes about nine bytes of JSON, so a part has at most a
megabyte; two hours at 60 frames/s, 432,000 steps, come in five parts. No measurement."""


@dataclass(frozen=True, slots=True)
class FrameRuns:
    """Frames from `first_frame` on, which is shown at `first_pts` (units of `time_base` seconds).

    runs: (step, count), both >= 1; frame k + 1 is shown a step after frame k, and the last frame of a video
    ends a step after it began. frames: of the whole video. next_frame: where the next part begins, None in
    the last one.
    """

    time_base: Fraction
    frames: int
    first_frame: int
    first_pts: int
    runs: list[tuple[int, int]]
    next_frame: int | None


def frame_runs(clock: FrameClock, from_frame: int = 0, max_runs: int = MAX_RUNS) -> FrameRuns:
    """The runs from a frame on, 0 <= from_frame < len(clock), at most `max_runs` >= 1 of them.

    IndexError for another frame.
    """
    if not 0 <= from_frame < len(clock):
        raise IndexError(f"frame {from_frame} is not in 0..{len(clock) - 1}")
    steps = np.diff(clock.pts[from_frame:], append=clock.end_pts)
    starts = np.concatenate([[0], np.flatnonzero(np.diff(steps)) + 1])
    ends = np.append(starts[1:], len(steps))[:max_runs]
    starts = starts[:max_runs]
    told = from_frame + int(ends[-1])
    return FrameRuns(
        time_base=clock.time_base,
        frames=len(clock),
        first_frame=from_frame,
        first_pts=clock.pts_of(from_frame),
        runs=list(zip(steps[starts].tolist(), (ends - starts).tolist(), strict=True)),
        next_frame=told if told < len(clock) else None,
    )
