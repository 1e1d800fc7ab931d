"""Finds fades: the picture's contrast ramps down to a flat picture (black, white, any colour), or up from
one.

Contrast is the standard deviation of luma. It scales with the picture, so it falls linearly in a fade however
dark the scene is. The thresholds were set by hand, to propose too much rather than too little;
`shots.confidence` judges. Knows curves and small pictures; decides nothing.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy.ndimage import maximum_filter1d

from actors.segmentation.runs import true_runs
from actors.segmentation.shots.fit import fit_ramps, mix_profile

Floats = npt.NDArray[np.float32]

FLAT_STD = 1.5
"""Luma deviation (0..127.5, of cells that average hundreds of pixels) below which a picture is flat: black
with coding noise stays below 1, a small title on black does not."""
DIP = 0.45
"""Share of the contrast around it below which the bottom of a dip may be a fade's: a short fade need not show
the flat picture, as the frame nearest to the bottom of a 10-frame fade still has 0.1 to 0.3."""
DIP_REACH = 13
"""Frames on either side in which the picture must have its contrast: half a second at 25 a second."""
REACH_S = 3.0
"""Seconds on either side in which a ramp is looked for; longer fades are found with a shorter extent."""
EDGE = 1
"""Frames at the start and at the end of a video that may precede or follow the flat ones."""
EDGE_DEPTH = 0.6
"""Share of the contrast that the first or last frames of a video must gain or lose to be a fade in or out
there; they need not be flat."""
HOLD_MAX_S = 4.0
"""Seconds; a flat picture held longer is a shot of its own (a pause, titles that follow): the fades around it
are two."""
MIN_RAMP = 3
"""Frames of the shortest ramp; a shorter descent is a cut."""
REST = 6
"""Frames without a rise after which the ramp has ended: what rises later is another change."""
RISE_MIN = 2.0
"""Luma deviation that a ramp must gain at least, to be more than noise."""
RAMP_STEP_MAX = 0.6
"""Share of the ramp that one frame may gain at most: more is a cut with something dark beside it."""
DENT_SHARE, DENT_LEVEL = 0.04, 0.5
"""The curve may fall below its highest value so far by this share of it and this much luma deviation, and the
ramp goes on: noise."""
GROWTH_SHARE, GROWTH_LEVEL = 0.002, 0.01
"""From one frame to the next a ramp rises by more than this share of its value and this much luma deviation;
less is a rest."""
_BEYOND = 4
"""Frames past the top that are fitted with the ramp, so that its end is seen."""


@dataclass(frozen=True, slots=True)
class Ramp:
    """Dimmed frames first..last (inclusive). depth: share of contrast lost, 0..1. error: mean deviation of
    the frames from a mix of the clean and the flat picture, as a share of their difference. clean: the
    clean frame next to it. rise: gain of luma deviation."""

    first: int
    last: int
    clean: int
    depth: float
    rise: float
    error: float


@dataclass(frozen=True, slots=True)
class Fade:
    """A fade out, in, or both (one transition then). opens: from a flat picture at the video's first
    frame, closes: to one at its last."""

    out: Ramp | None
    in_: Ramp | None
    opens: bool = False
    closes: bool = False

    @property
    def first(self) -> int:
        """First dimmed frame."""
        return self.out.first if self.out else self.in_.first  # type: ignore[union-attr]

    @property
    def last(self) -> int:
        """Last dimmed frame."""
        return self.in_.last if self.in_ else self.out.last  # type: ignore[union-attr]


def find_fades(y: npt.NDArray[np.uint8], std: Floats, jumps: npt.NDArray[np.bool_], fps: float) -> list[Fade]:
    """Every fade of the video in order; those that run from its first or to its last frame included.

    y: luma (n, rows, columns) of the picture without its bars. std: its deviation, 0..127.5. jumps: frames
    unlike the one before, which no ramp crosses.
    """
    n = len(std)
    reach = max(MIN_RAMP, round(REACH_S * fps))
    hold_max = round(HOLD_MAX_S * fps)
    fades: list[Fade] = []
    for start, stop in _flat_runs(std):
        out = _ramp(std, y, start, -1, _free(jumps, start, -1, reach))
        in_ = _ramp(std, y, stop, +1, _free(jumps, stop, +1, reach))
        opens, closes = start <= EDGE and not out, stop >= n - 1 - EDGE and not in_
        if opens or closes:
            side = in_ if opens else out
            if side and side.depth > EDGE_DEPTH:
                fades.append(Fade(None if opens else out, in_ if opens else None, opens, closes))
        elif out and in_ and stop - start > hold_max:
            fades += [Fade(out, None), Fade(None, in_)]
        elif out or in_:
            fades.append(Fade(out, in_))
    return fades


def _flat_runs(std: Floats) -> list[tuple[int, int]]:
    """Runs (inclusive) of flat frames, and single frames at the bottom of a dip that is not flat."""
    flat = std < FLAT_STD
    runs = [(start, stop - 1) for start, stop in true_runs(flat)]
    inner = np.arange(1, len(std) - 1)
    low = inner[(std[1:-1] <= std[:-2]) & (std[1:-1] < std[2:]) & ~flat[1:-1]]
    before = maximum_filter1d(std, DIP_REACH, origin=DIP_REACH // 2)
    after = maximum_filter1d(std, DIP_REACH, origin=-(DIP_REACH // 2))
    low = low[std[low] < DIP * np.minimum(before, after)[low]]
    ends = [(k, k) for k in (0, len(std) - 1) if not flat[k]]
    return sorted(runs + ends + [(k, k) for k in low.tolist()])


def _free(jumps: npt.NDArray[np.bool_], at: int, step: int, reach: int) -> int:
    """How many frames lie on one side of `at` before the first jump or the end, at most `reach`."""
    if step > 0:
        ahead = jumps[at + 1 : at + 1 + reach]
    else:
        ahead = jumps[max(0, at - reach + 1) : at + 1][::-1]
        ahead = ahead[:at]
    return int(np.argmax(ahead)) if ahead.any() else len(ahead)


def _ramp(std: Floats, y: npt.NDArray[np.uint8], at: int, step: int, limit: int) -> Ramp | None:
    """The ramp that leads from the flat frame `at` outwards in direction `step`, if there is one."""
    if limit < MIN_RAMP:
        return None
    curve = std[at::step][: limit + 1]
    top = _climb(curve)
    bottom = float(curve[0])
    rise = float(curve[top]) - bottom
    if top < MIN_RAMP or rise < RISE_MIN:
        return None
    part = curve[: min(len(curve), top + _BEYOND)]
    profile = np.clip((part - bottom) / rise, 0, 1).astype(np.float32)
    starts, stops = fit_ramps(profile[None])
    inner, edge = int(starts[0]) + 1, int(stops[0])
    if edge - inner < MIN_RAMP - 1 or float(np.diff(profile).max()) > RAMP_STEP_MAX:
        return None
    clean, inner = at + step * edge, at + step * inner
    frames = np.arange(min(inner, clean - step), max(inner, clean - step) + 1)
    low, high, window = (y[k].astype(np.float32) for k in (at, clean, frames))
    share = np.clip(mix_profile(window[None], low[None], high[None])[0], 0, 1)[:, None, None]
    error = float(np.abs(window - (low + share * (high - low))).mean() / (np.abs(high - low).mean() + 1.0))
    return Ramp(
        first=int(frames[0]),
        last=int(frames[-1]),
        clean=clean,
        depth=rise / max(float(curve[edge]), 1e-3),
        rise=rise,
        error=error,
    )


def _climb(curve: Floats) -> int:
    """Index of the top that is reached from curve[0] by rising, small dents allowed, up to the first rest."""
    high = np.maximum.accumulate(curve)
    dent = curve < high - (DENT_SHARE * high + DENT_LEVEL)
    stop = int(np.argmax(dent)) if dent.any() else len(curve)
    rising = np.flatnonzero(np.diff(high[:stop]) > GROWTH_SHARE * high[: stop - 1] + GROWTH_LEVEL)
    if not len(rising):
        return 0
    rests = np.flatnonzero((np.diff(rising) > REST) & (high[rising[:-1] + 1] > curve[0] + RISE_MIN))
    return int(rising[rests[0]] if len(rests) else rising[-1]) + 1
