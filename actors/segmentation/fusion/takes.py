"""Finds where sound alone divides a long take: a lecture, an interview, one shot in which the music begins.

Breaks are the middles of pauses and the peaks of change; the strongest are kept, some seconds apart. Short
takes are left to the picture. How strong a break is, is weighed by `fusion.weights`. Knows sound and the
bounds of shots; does not decide which break becomes a boundary (`fusion.fuse`).
"""

from __future__ import annotations

from bisect import bisect_left, insort
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import numpy.typing as npt
from scipy.ndimage import maximum_filter1d

from actors.segmentation.fusion.weights import FusionWeights
from actors.segmentation.sound.changes import SoundChanges
from actors.segmentation.timebase import FrameClock
from actors.segmentation.tracks import STEPS_PER_SECOND

LONG_TAKE_S = 12.0
"""Seconds of the shortest take that is divided: as long as four usual shots."""
PIECE_MIN_S = 3.0
"""Seconds from a break to a cut or to a stronger break at least: the window of comparison needs room on both
sides."""
PAUSE_MIN_S = 0.5
"""Seconds of the shortest pause whose middle may be a break: shorter ones are within a sentence."""
PEAK_S = 2.0
"""Seconds on either side in which a peak of change is the highest, and in which a pause stands for it: half
of the window of comparison."""


@dataclass(frozen=True, slots=True)
class SoundBreak:
    """The frame shown at `time_s`, in the middle of the pause if there is one. strength: 0..1."""

    frame: int
    time_s: float
    strength: float


def sound_breaks(
    changes: SoundChanges, clock: FrameClock, bounds: Sequence[int], weights: FusionWeights
) -> list[SoundBreak]:
    """Possible breaks inside the shots of frames bounds[i] .. bounds[i + 1] - 1, in order."""
    times, strengths = moments(changes, weights)
    if not len(times):
        return []
    starts = [clock.seconds_of(int(frame)) for frame in bounds]
    found: list[SoundBreak] = []
    for (start, stop), (start_s, end_s) in zip(pairwise(bounds), pairwise(starts), strict=True):
        if end_s - start_s < LONG_TAKE_S:
            continue
        first, last = np.searchsorted(times, [start_s + PIECE_MIN_S, end_s - PIECE_MIN_S])
        kept: list[int] = []  # ascending, as the times are
        for k in sorted(range(first, last), key=lambda k: (-strengths[k], times[k])):
            at = bisect_left(kept, k)
            if all(abs(times[k] - times[other]) >= PIECE_MIN_S for other in kept[max(0, at - 1) : at + 1]):
                insort(kept, k)
        before = start
        for k in kept:
            frame = clock.frame_at(float(times[k]))
            if before < frame < stop:  # a picture that is held for long is one frame, which no break divides
                found.append(SoundBreak(frame, float(times[k]), float(strengths[k])))
                before = frame
    return found


def moments(
    changes: SoundChanges, weights: FusionWeights
) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.float64]]:
    """float64 (m,) twice: times in seconds, ascending, and strengths, 0..1, of the middles of pauses and of
    the peaks of change away from pauses."""
    n = len(changes)
    if n == 0:
        return np.zeros(0), np.zeros(0)
    change = changes.change
    long_pauses = [(a, b) for a, b in changes.pauses if b - a >= PAUSE_MIN_S * STEPS_PER_SECOND]
    middles = np.array([(a + b) / 2 for a, b in long_pauses])
    at = np.minimum(middles.round().astype(np.int64), n - 1)
    # of a long silence both ends are looked at by the peaks of change; its middle is no change
    through = weights.without_pause
    marked = change[at] * (through + (1 - through) * changes.pause[at])
    strength = np.maximum(marked, weights.pause_alone * changes.pause[at])
    reach = 2 * round(PEAK_S * STEPS_PER_SECOND) + 1
    peaks = np.flatnonzero((change >= weights.change_min) & (change >= maximum_filter1d(change, reach)))
    plateaus = np.split(peaks, np.flatnonzero(np.diff(peaks) > 1) + 1) if len(peaks) else []
    tops = np.array([plateau.mean() for plateau in plateaus])
    if len(tops) and len(middles):
        after = np.searchsorted(middles, tops)  # pauses are in order
        beside = np.clip([after - 1, after], 0, len(middles) - 1)
        tops = tops[np.abs(tops - middles[beside]).min(axis=0) > PEAK_S * STEPS_PER_SECOND]
    top_strength = through * change[tops.astype(np.int64)] if len(tops) else np.zeros(0)
    steps = np.concatenate([middles, tops])
    order = np.argsort(steps, kind="stable")
    times = changes.start_s + steps[order] / STEPS_PER_SECOND
    return times, np.concatenate([strength, top_strength])[order]
