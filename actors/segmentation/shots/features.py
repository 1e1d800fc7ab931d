"""Measures each candidate: rows of features, which `shots.confidence` weighs.

There are four tables: cuts, cuts that may be jump cuts, gradual changes (a mix or a moving edge), fades.
Every feature is a logit, a logarithm or a ratio, so that their weighted sum is a log odds. Knows candidates;
does not know the weights.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

import numpy as np
import numpy.typing as npt
from scipy.ndimage import median_filter

from actors.segmentation.luma import luma_of
from actors.segmentation.shots.active_area import active_area, deviation
from actors.segmentation.shots.candidates import contrast_scale, gradual_windows, jumps, moving_windows
from actors.segmentation.shots.comparing.distances import (
    Floats,
    Ints,
    Thumbs,
    alikeness,
    correlation,
    pictures,
)
from actors.segmentation.shots.cuts import CUT_MEASURES
from actors.segmentation.shots.fades import Fade
from actors.segmentation.shots.fit import Fits, KnownFits, fit
from actors.segmentation.shots.same_take import GROUND_MEASURES, ground_measures
from actors.segmentation.tracks import FrameTrack

CUT_FEATURES = (*CUT_MEASURES, "cut", "many", "many_mean", "cut_beside")
"""Columns of the table of cuts: see `cut_features`. The weights file names them, as those below."""
GRADUAL_FEATURES = (
    *("frames", "change", "colours", "relit", "alike"),
    *("mix", "step", "edge", "reach", "spread", "flips", "drift"),
    *("dip", "dip_detail", "moved", "moved_order", "raised"),
    *("cut", "many", "many_mean"),
)
"""Columns of the table of gradual changes: see `gradual_features`."""
JUMP_FEATURES = (*CUT_MEASURES, *GROUND_MEASURES)
"""Columns of the table of cuts that may be jump cuts: see `jump_features`."""
FADE_FEATURES = ("many", "out", "in", "error", "alike", "rise")
"""Columns of the table of fades: see `fade_features`."""

_PROBABILITY_FLOOR = 0.003
"""Added to probabilities of the network: keeps logits within -6 .. 6, beyond which they say no more."""
_CALM_FRAMES = 17
"""Frames whose median motion is the usual one around a frame: two thirds of a second."""
_MOSTLY = 0.5
"""Share of an extent's frames that the network must have looked at for the models with its features to judge
it: ends are found a little differently in a part of the film and in all of it."""
_FLIPS_MAX = 3.0
"""Times that a cell goes back and forth beyond which more says no more."""
_SEEN_FRAMES = 6
"""Frames on either side in which the network's view of a possible cut is taken."""


@dataclass(frozen=True, slots=True, repr=False)
class PictureTrack:
    """The frame track, prepared once for all candidates of a stretch of film.

    thumbs: uint8 (n, rows, columns, 3) without bars. y: its luma, uint8. std: luma deviation, 0..127.5.
    looked, motion, cut, many: as in FrameTrack, float32. calm: median motion around each frame.
    scale: see `candidates.contrast_scale`; all thresholds and measures of change are
    relative to it. jumps: bool, see `candidates.jumps`. steps: measures of possible cuts, see
    `shots.cuts`. fitted: what was fitted already.
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
    steps: npt.NDArray[np.float16]
    fitted: KnownFits = field(default_factory=KnownFits)

    def __len__(self) -> int:
        return len(self.cut)

    def __repr__(self) -> str:
        return f"PictureTrack({len(self)} frames, cells {self.thumbs.shape[1:3]})"

    @classmethod
    def of(cls, frames: FrameTrack) -> PictureTrack:
        """Prepare a whole video's track."""
        y = luma_of(frames.thumb)
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
            calm=median_filter(motion, _CALM_FRAMES, mode="nearest"),
            scale=scale,
            jumps=jumps(motion, scale),
            steps=frames.steps,
        )

    def seen_by_network(self, frames: FrameTrack) -> PictureTrack:
        """The same pictures after the network looked at some and more steps were measured. frames: of the
        same thumbnails and motion."""
        return replace(
            self,
            cut=frames.cut.astype(np.float32),
            many=frames.many.astype(np.float32),
            looked=frames.looked,
            steps=frames.steps,
        )

    @property
    def possible_cuts(self) -> Ints:
        """int64 (c,), ascending: frames that the analysis measured as possible first ones of new shots."""
        return np.flatnonzero(self.steps[:, 0] > 0).astype(np.int64)

    @property
    def mixed_cuts(self) -> npt.NDArray[np.bool_]:
        """bool (n,): possible cuts whose first frame is a mix of both shots."""
        mixed: npt.NDArray[np.bool_] = self._measure("mixed") > 0
        return mixed

    @property
    def mix_error(self) -> Floats:
        """float32 (n,): how far possible cuts with a mixed first frame differ from a mix of both shots, as a
        share; 0 of all other frames."""
        return self._measure("mix_error")

    @property
    def matched_share(self) -> Floats:
        """float32 (n,): logarithm of the share of the change at a possible cut that is left where blocks may
        move; 0 of all other frames."""
        return self._measure("matched_share")

    def _measure(self, name: str) -> Floats:
        measure: Floats = self.steps[:, CUT_MEASURES.index(name)].astype(np.float32)
        return measure

    def seen(self, first: Ints, last: Ints) -> npt.NDArray[np.bool_]:
        """bool (c,): whether the network looked at most of each extent first..last (inclusive)."""
        sums = np.concatenate([[0], np.cumsum(self.looked)])
        mostly: npt.NDArray[np.bool_] = (sums[last + 1] - sums[first]) > _MOSTLY * (last - first + 1)
        return mostly


def logit(probability: Floats) -> Floats:
    """Log odds, softly limited."""
    p = probability.astype(np.float32)
    out: Floats = np.log((p + _PROBABILITY_FLOOR) / (1 + _PROBABILITY_FLOOR - p))
    return out


def cut_features(picture: PictureTrack, frames: Ints) -> Floats:
    """float32 (c, len(CUT_FEATURES)) of possible first frames of new shots (c,), each >= 1: what the analysis
    measured, and what the network saw at the frame, around it (many_mean) and beside it (cut_beside)."""
    n = len(picture)
    near = np.clip(frames[:, None] + np.arange(-2, 2), 0, n - 1)
    wide = np.clip(frames[:, None] + np.arange(-_SEEN_FRAMES, _SEEN_FRAMES), 0, n - 1)
    beside = np.array([*range(-_SEEN_FRAMES - 1, -2), *range(2, _SEEN_FRAMES + 1)])
    other = np.clip(frames[:, None] + beside, 0, n - 1)
    network = [
        logit(picture.cut[near].max(axis=1)),
        logit(picture.many[near].max(axis=1)),
        logit(picture.many[wide].mean(axis=1)),
        logit(picture.cut[other].max(axis=1)),
    ]
    out: Floats = np.concatenate([picture.steps[frames], np.stack(network, axis=1)], axis=1)
    return out


def jump_features(picture: PictureTrack, frames: Ints) -> Floats:
    """float32 (c, len(JUMP_FEATURES)) of cuts, by the first frames of the new shots (c,): what the analysis
    measured, and how alike the grounds are."""
    steps = picture.steps[frames].astype(np.float32)
    new = frames + picture.mixed_cuts[frames]
    ground = ground_measures(picture.thumbs, picture.scale, frames - 1, new)
    out: Floats = np.concatenate([steps, ground], axis=1)
    return out


def gradual_fits(picture: PictureTrack, barriers: Ints) -> Fits:
    """All extents that may be gradual transitions. barriers: first frames after sure cuts, ascending."""
    windows = gradual_windows(picture.cut, picture.many, picture.y, picture.scale, barriers)
    moving = moving_windows(picture.motion, picture.scale, barriers)
    return fit(picture.thumbs, picture.y, windows, picture.scale, moving, picture.fitted)


def gradual_features(picture: PictureTrack, fits: Fits) -> Floats:
    """float32 (c, len(GRADUAL_FEATURES)) of fitted windows: the network inside the extent, its length, and
    what Fits has."""
    count = len(fits)
    cut, many, mean = np.zeros((3, count), np.float32)
    sums = np.concatenate([[0.0], np.cumsum(picture.many, dtype=np.float64)])
    mean[:] = (sums[fits.last + 1] - sums[fits.first]) / (fits.last - fits.first + 1)
    for k, (a, b) in enumerate(zip(fits.first.tolist(), fits.last.tolist(), strict=True)):
        cut[k] = picture.cut[a : b + 1].max()
        many[k] = picture.many[a : b + 1].max()
    scale = picture.scale[(fits.first + fits.last) // 2]
    out: Floats = np.stack(
        [
            np.log(fits.last - fits.first + 1),
            np.log(fits.change / scale + 1),
            np.log(fits.colours / scale + 1),
            fits.relit,
            alikeness(fits.alike),
            fits.mix,
            fits.step,
            fits.edge,
            fits.reach,
            fits.spread,
            np.minimum(fits.flips, _FLIPS_MAX),
            np.log((fits.change + 1) / (fits.drift + 2)),
            fits.dip,
            fits.dip_detail,
            fits.moved,
            fits.moved_order,
            fits.raised,
            logit(cut),
            logit(many),
            logit(mean),
        ],
        axis=1,
    ).astype(np.float32)
    return out


def fade_features(picture: PictureTrack, fades: Sequence[Fade]) -> Floats:
    """float32 (c, len(FADE_FEATURES)). out, in: depth of each ramp, 0 where there is none; error and rise: of
    the worse one; alike: of the clean pictures on both sides, as for cuts."""
    rows = []
    for fade in fades:
        sides = [side for side in (fade.out, fade.in_) if side]
        ends = np.array([fade.first - 1, fade.last + 1])
        old, new = pictures(picture.y, ends)[:, None]
        rows.append(
            [
                float(logit(picture.many[fade.first : fade.last + 1].max())),
                fade.out.depth if fade.out else 0.0,
                fade.in_.depth if fade.in_ else 0.0,
                max(side.error for side in sides),
                float(alikeness(correlation(old, new))[0]),
                float(np.log(min(side.rise for side in sides))),
            ]
        )
    return np.array(rows, np.float32).reshape(len(rows), len(FADE_FEATURES))
