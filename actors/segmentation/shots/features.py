"""What speaks for and against each candidate, as rows of numbers for `shots.confidence`.

Three tables: cuts, gradual changes (a mix or a moving edge), fades. Every feature is a logit, a logarithm or
a ratio, so that a sum of weighted features makes sense. Knows candidates; does not know the weights.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy.ndimage import median_filter

from actors.segmentation.shots.active_area import active_area, deviation, luma
from actors.segmentation.shots.candidates import contrast_scale, jumps
from actors.segmentation.shots.compare import (
    Floats,
    Ints,
    Thumbs,
    colour_change,
    colour_distance,
    correlation,
    pictures,
    relit,
)
from actors.segmentation.shots.fades import Fade
from actors.segmentation.shots.fit import Fits
from actors.segmentation.tracks import FrameTrack

CUT_FEATURES = ("cut", "many", "jump", "share", "calm", "peak", "colours", "stays", "alike", "relit")
GRADUAL_FEATURES = (
    *("cut", "many", "many_mean", "frames", "change", "colours", "relit", "alike"),
    *("mix", "step", "edge", "reach", "spread", "flips", "drift"),
)
FADE_FEATURES = ("many", "out", "in", "error", "alike", "rise")

_PROBABILITY_FLOOR = 0.003
"""Keeps logits within -6 .. 6: beyond, the network's probabilities say no more."""
_FLASH_FRAMES = 8
"""A picture that returns within so many frames was only interrupted (a flash, a dropped frame)."""
_CUT_BATCH = 1024


@dataclass(frozen=True, slots=True, repr=False)
class Looks:
    """The picture's track, prepared once for all candidates.

    thumbs: uint8 (n, rows, columns, 3) without bars. y: its luma, uint8. std: luma deviation, 0..127.5.
    looked, motion, cut, many: as in FrameTrack, float32. calm: median motion around each frame.
    scale: 0.2..1, how strong a change of the picture is here compared with a film of usual contrast; all
    thresholds and measures of change are relative to it. jumps: bool, see shots_candidates.
    """

    thumbs: Thumbs
    y: Thumbs
    std: Floats
    motion: Floats
    cut: Floats
    many: Floats
    looked: npt.NDArray[np.bool_]
    calm: Floats
    scale: Floats
    jumps: npt.NDArray[np.bool_]

    def __len__(self) -> int:
        return len(self.cut)

    def __repr__(self) -> str:
        return f"Looks({len(self)} frames, cells {self.thumbs.shape[1:3]})"

    @classmethod
    def of(cls, frames: FrameTrack) -> Looks:
        """Prepare a whole video's track."""
        y = luma(frames.thumb)
        rows, columns = active_area(y)
        y = np.ascontiguousarray(y[:, rows, columns])
        motion = frames.motion.astype(np.float32)
        std = deviation(y)
        scale = contrast_scale(std)
        return cls(
            thumbs=np.ascontiguousarray(frames.thumb[:, rows, columns]),
            y=y,
            std=std,
            motion=motion,
            cut=frames.cut.astype(np.float32),
            many=frames.many.astype(np.float32),
            looked=frames.looked,
            calm=median_filter(motion, 17, mode="nearest"),
            scale=scale,
            jumps=jumps(motion, scale),
        )

    def seen(self, first: Ints, last: Ints) -> npt.NDArray[np.bool_]:
        """Whether the network looked at each extent (inclusive), or at most of it: ends are found a little
        differently in a part of the film and in all of it."""
        sums = np.concatenate([[0], np.cumsum(self.looked)])
        mostly: npt.NDArray[np.bool_] = (sums[last + 1] - sums[first]) > 0.5 * (last - first + 1)
        return mostly


def logit(probability: Floats) -> Floats:
    """Log odds, softly limited."""
    p = probability.astype(np.float32)
    out: Floats = np.log((p + _PROBABILITY_FLOOR) / (1 + _PROBABILITY_FLOOR - p))
    return out


def cut_features(looks: Looks, frames: Ints) -> Floats:
    """(c, len(CUT_FEATURES)) for possible first frames of new shots, each >= 1.

    jump: change at the cut. share: of the net change across it, how much happens there. calm: jump over
    the median motion around, peak: over the largest other motion nearby. stays: change between before and
    after, at its least, over the jump (small for a flash). alike: grows with the correlation of the two
    pictures, 0 for unrelated ones. relit: see Fits.
    """
    parts = [_cut_features(looks, frames[k : k + _CUT_BATCH]) for k in range(0, len(frames), _CUT_BATCH)]
    return np.concatenate(parts) if parts else np.zeros((0, len(CUT_FEATURES)), np.float32)


def _cut_features(looks: Looks, frames: Ints) -> Floats:
    n = len(looks)
    around = {k: pictures(looks.thumbs, frames + k) for k in (-3, -2, -1, 0, 1, 2)}
    jump = colour_change(around[-1], around[0])
    net = colour_change(around[-3], around[2])
    old, later = pictures(looks.y, frames - 1), pictures(looks.y, frames + 1)
    offsets = np.array([*range(-5, 0), *range(1, 6)])
    other = looks.motion[np.clip(frames[:, None] + offsets, 1, n - 1)].max(axis=1)
    before = pictures(looks.thumbs, frames[:, None] - np.array([1, 3, 5]))
    stays = np.full(len(frames), np.inf, np.float32)
    for k in range(1, _FLASH_FRAMES + 1):
        after = pictures(looks.thumbs, frames + k)
        stays = np.minimum(stays, colour_change(before, after[:, None]).min(axis=1))
    near = np.clip(frames[:, None] + np.arange(-2, 1), 0, n - 1)
    scale = looks.scale[frames]
    out: Floats = np.stack(
        [
            logit(looks.cut[near].max(axis=1)),
            logit(looks.many[near].max(axis=1)),
            np.log(jump / scale + 1),
            np.log((jump + 1) / (net + 1)),
            np.log((jump + 1) / (looks.calm[frames] + 1)),
            np.log((jump + 1) / (other + 1)),
            np.log(colour_distance(around[-2], around[1]) / scale + 1),
            np.log(np.minimum(stays / (jump + 1), 0.8) + 0.04),
            -np.log(1.05 - correlation(old, later)),
            relit(old, later),
        ],
        axis=1,
    ).astype(np.float32)
    return out


def gradual_features(looks: Looks, fits: Fits) -> Floats:
    """(c, len(GRADUAL_FEATURES)) of fitted windows."""
    count = len(fits)
    cut, many, mean = np.zeros((3, count), np.float32)
    sums = np.concatenate([[0.0], np.cumsum(looks.many, dtype=np.float64)])
    mean[:] = (sums[fits.last + 1] - sums[fits.first]) / (fits.last - fits.first + 1)
    for k, (a, b) in enumerate(zip(fits.first.tolist(), fits.last.tolist(), strict=True)):
        cut[k] = looks.cut[a : b + 1].max()
        many[k] = looks.many[a : b + 1].max()
    scale = looks.scale[(fits.first + fits.last) // 2]
    out: Floats = np.stack(
        [
            logit(cut),
            logit(many),
            logit(mean),
            np.log(fits.last - fits.first + 1),
            np.log(fits.change / scale + 1),
            np.log(fits.colours / scale + 1),
            fits.relit,
            -np.log(1.05 - fits.alike),
            fits.mix,
            fits.step,
            fits.edge,
            fits.reach,
            fits.spread,
            np.minimum(fits.flips, 3.0),
            np.log((fits.change + 1) / (fits.drift + 2)),
        ],
        axis=1,
    ).astype(np.float32)
    return out


def fade_features(looks: Looks, fades: Sequence[Fade]) -> Floats:
    """(c, len(FADE_FEATURES)). out, in: depth of each ramp, 0 where there is none."""
    rows = []
    for fade in fades:
        sides = [side for side in (fade.out, fade.in_) if side]
        ends = np.array([fade.first - 1, fade.last + 1])
        old, new = pictures(looks.y, ends)[:, None]
        rows.append(
            [
                float(logit(looks.many[fade.first : fade.last + 1].max())),
                fade.out.depth if fade.out else 0.0,
                fade.in_.depth if fade.in_ else 0.0,
                max(side.error for side in sides),
                -float(np.log(1.05 - correlation(old, new)[0])),
                float(np.log(min(side.rise for side in sides))),
            ]
        )
    return np.array(rows, np.float32).reshape(len(rows), len(FADE_FEATURES))
