"""The frame rate of a video: constant or variable, and the fraction that its timestamps stand for.

Timestamps are rounded to a time base, and clocks jump or pause; the rate is that of frames that follow each
other. Knows timestamps and the rates that a container states; imports no PyAV.
"""

from __future__ import annotations

import math
from fractions import Fraction

import numpy as np
import numpy.typing as npt

from actors.segmentation.demux.frame_index import FrameIndex
from actors.segmentation.timebase import MAX_RATE_DENOMINATOR

STANDARD_RATES = tuple(
    sorted(
        {Fraction(rate) for rate in (*range(1, 31), 48, 50, 60, 72, 75, 90, 100, 120, 144, 200, 240)}
        | {Fraction(15, 2), Fraction(25, 2)}
        | {Fraction(1000 * rate, 1001) for rate in (12, 15, 24, 30, 48, 60, 120, 240)}
    )
)
"""Frames per second that cameras, editors and encoders are set to."""
_RATE_TOLERANCE = 0.001
"""Relative difference up to which a measured frame rate is the one that the container states. No measurement;
24 and 24000/1001 differ by a little less, so that of two stated rates the first one wins."""
_BEAT_TOLERANCE = 0.02
"""Share of the usual step by which a frame may come early or late; at least one step of the grid that
timestamps lie on, which is what rounding makes of a regular beat (Matroska: 1 ms). No measurement."""
_GRID_SHARE = 0.25
"""Share of the usual step up to which the greatest common divisor of all steps is the grid that timestamps
were rounded to; a larger one is the step itself, of a film with dropped frames. At 240 frames/s in
milliseconds, steps are 4 or 5 steps of the grid. No measurement."""
_STEADY_SHARE = 0.005
"""Share of frames that may come off the beat in a constant rate: a dropped frame in a long film, an edit. No
measurement."""

Bools = npt.NDArray[np.bool_]
Ticks = npt.NDArray[np.int64]


def variable_frame_rate(index: FrameIndex) -> bool:
    """Whether frames come at other than regular times, beyond what rounding to the time base explains."""
    steps = np.diff(index.pts)
    return len(steps) > 1 and not _is_steady(_on_beat(steps, steps, _grid(steps)))


def frame_rate(index: FrameIndex, named: list[Fraction | None]) -> Fraction:
    """Frames per second where frames follow each other (`FrameClock.pauses`).

    Where they come regularly: the standard rate that the timestamps are roundings of, else the container's
    own fraction if it agrees. Where they do not: the average. `named`: the rates that the container states,
    best first.
    """
    clock = index.clock
    steps, following = np.diff(index.pts), ~clock.pauses[:-1]
    if not following.any():
        return _agreeing(clock.exact_pace, named, len(index))
    grid = _grid(steps)
    on_beat = _on_beat(steps, steps[following], grid)
    if not _is_steady(on_beat[following]):
        return clock.exact_pace.limit_denominator(MAX_RATE_DENOMINATOR)
    ticks = int(steps[on_beat].sum())
    measured = int(on_beat.sum()) / (ticks * index.time_base)
    # each run of regular steps begins and ends with a timestamp that is rounded by up to half a grid step
    runs = 1 + int(np.sum(np.diff(np.flatnonzero(on_beat)) > 1))
    rounding = Fraction(grid * (runs + 1), ticks)
    return _standard(measured, rounding, named) or _agreeing(measured, named, len(index))


def _grid(steps: Ticks) -> int:
    """The grid that all timestamps lie on, in ticks: more than one where a file was converted from another.

    A Matroska film (1 ms) that is copied into MP4 has a time base of 1/16000, and steps of 16 ticks.
    """
    common = int(np.gcd.reduce(steps))
    return common if common <= _GRID_SHARE * float(np.median(steps)) else 1


def _on_beat(steps: Ticks, usual: Ticks, grid: int) -> Bools:
    """Which of the steps are as long as the median of the usual ones."""
    beat = float(np.median(usual))
    return np.asarray(np.abs(steps - beat) <= max(float(grid), _BEAT_TOLERANCE * beat))


def _is_steady(on_beat: Bools) -> bool:
    return float(np.mean(~on_beat)) <= _STEADY_SHARE


def _standard(measured: Fraction, tolerance: Fraction, named: list[Fraction | None]) -> Fraction | None:
    """The standard rate within the relative tolerance of rounding; None for none.

    Of several, which a short video may have, the one that the container states, or the nearest to it.
    """
    fitting = [rate for rate in STANDARD_RATES if abs(measured / rate - 1) <= tolerance]
    near = [rate for rate in named if rate and abs(measured / rate - 1) <= tolerance]
    stated = next((rate for rate in near if rate in fitting), near[0] if near else measured)
    return min(fitting, key=lambda rate: abs(math.log(rate / stated)), default=None)


def _agreeing(measured: Fraction, named: list[Fraction | None], frames: int) -> Fraction:
    """The first stated rate that agrees with the measured one, else the measured one."""
    for rate in named:
        # the shorter the video, the less exactly its rate can be measured
        if rate and abs(float(rate / measured) - 1) < max(_RATE_TOLERANCE, 1 / (100 * frames)):
            return Fraction(rate)
    return measured.limit_denominator(MAX_RATE_DENOMINATOR)
