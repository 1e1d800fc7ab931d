"""Proposes possible cuts and measures them on the small pictures, as the analysis has them.

A candidate leads from a clean old picture to a clean new one: from the frame before it to the frame itself,
or, where the frame is a mix of its neighbours (fields of two shots, a converted rate), to the frame after it.
Each measure compares that step with something: with the film's usual contrast, with the steps around it, with
what the same blocks do when they may move, with pictures some frames before and after. The network's view is
added later (`shots.features`). Knows small pictures; decides nothing.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.ndimage import maximum_filter1d, median_filter

from actors.segmentation.luma import luma_of
from actors.segmentation.shots.active_area import deviation
from actors.segmentation.shots.candidates import USUAL_STD, contrast_scale
from actors.segmentation.shots.comparing.distances import (
    Floats,
    Ints,
    Thumbs,
    alikeness,
    change_of,
    clamped,
    correlation,
    distribution_distance,
    ratio,
    relit,
)
from actors.segmentation.shots.comparing.matching import most_of, residual
from actors.segmentation.shots.returns import returns

CUT_MEASURES = (
    *("jump", "most", "spread", "matched", "matched_most", "matched_share", "alike", "relit", "colours"),
    *("calm", "calm_moving", "peak", "peak_near", "peak_before", "peak_after", "second", "repeats"),
    *("beside", "beside_most", "across_2", "within_2", "least_2", "across_4", "within_4", "least_4"),
    *("across_8", "within_8", "least_8", "returns", "mixed", "mix_error", "mix_share"),
    *("mixed_before", "mixed_after", "returns_soon", "returned", "returns_alike", "returns_matched"),
    *("flat_old", "flat_new"),
)
"""Columns of `cut_measures`; see `_Measurer`."""

STEP_MIN = 2.0
"""Mean change (of 255) from one frame to the next of the smallest step proposed, in a film of usual contrast:
text that changes on a slide has 2 to 4, and coding noise less than 1."""
STEP_RATIO = 1.3
"""... and it is so many times the median change around it: more would lose cuts between shots that move."""
STEP_FAR = 2.0
"""A step that is no peak is proposed where it is so many times the median: shots may last one frame."""
STEP_SURE = 25.0
"""A step of so much (of 255), in a film of usual contrast, is proposed whatever is around it: where every
frame is a shot, as in recordings of one frame a slide, nothing around is calmer."""
CALM_FRAMES = 17
"""Frames whose median change is the usual one around a frame: two thirds of a second."""
CALM_MIN = 1.0
"""Least median change (of 255) that counts for STEP_FAR: coding noise."""
REPEATED = 0.4
"""Mean change (of 255) below which a picture is shown again: what is left is coding noise."""
AROUND_FRAMES = 6
"""Steps on either side that a candidate's step is compared with."""
SPANS = (2, 4, 8)
"""Frames on either side over which the change across a candidate is compared with that within either shot."""
MIX_MAX = 0.45
"""Most that a frame may differ from a mix of its neighbours, as a share of their difference, to count as
mixed: 0 in a perfect mix of still pictures, 0.5 and more where it is a picture of its own."""
MIX_SHARES = (0.08, 0.92)
"""Shares of the new picture between which a mix is no clean picture."""
CUT_PEAK = 0.04
"""Probability of the network's first head below which, among thousands of frames, hardly any cut is left."""
_BATCH = 256
"""Candidates measured at once: bounds memory."""


@dataclass(frozen=True, slots=True, repr=False)
class SmallPictures:
    """A stretch of film. rgb: uint8 (n, 27, 48, 3). y: its luma, uint8. step: change to the frame before,
    float32 (n,). calm: its median around each frame. scale: see `candidates.contrast_scale`."""

    rgb: Thumbs
    y: Thumbs
    step: Floats
    calm: Floats
    scale: Floats

    def __len__(self) -> int:
        return len(self.rgb)

    def __repr__(self) -> str:
        return f"SmallPictures({len(self)})"

    @classmethod
    def of(cls, rgb: Thumbs) -> SmallPictures:
        """Prepare uint8 RGB (n, 27, 48, 3)."""
        step = np.zeros(len(rgb), np.float32)
        for start in range(1, len(rgb), _BATCH):
            part = slice(start, start + _BATCH)
            step[part] = change_of(rgb[part], rgb[start - 1 : start - 1 + len(rgb[part])])
        y = luma_of(rgb)
        return cls(
            rgb,
            y,
            step,
            median_filter(step, CALM_FRAMES, mode="nearest"),
            contrast_scale(deviation(y)),
        )


def proposed(pictures: SmallPictures) -> Ints:
    """int64 (c,), ascending: frames that may be the first of a new shot, 1 at least."""
    step, calm = pictures.step, pictures.calm
    around = np.pad(step, 1)
    enough = step >= np.maximum(STEP_MIN * pictures.scale, STEP_RATIO * calm)
    peak = (step >= around[:-2]) & (step >= around[2:])
    far = step >= STEP_FAR * np.maximum(calm, CALM_MIN)
    chosen = (enough & (peak | far)) | (step >= STEP_SURE * pictures.scale)
    chosen[:1] = False
    return np.flatnonzero(chosen).astype(np.int64)


def seen_by_network(cut: Floats, pictures: SmallPictures) -> Ints:
    """int64 (c,), ascending: where the picture changes most near each peak of the network's first head
    (n,), whether or not it changes enough to be proposed by itself."""
    peaks = np.flatnonzero((cut >= CUT_PEAK) & (cut >= maximum_filter1d(cut, 3)))
    near = np.clip(peaks[:, None] + np.arange(-1, 3), 1, max(1, len(pictures) - 1))
    steps = pictures.step[near]
    at = near[np.arange(len(peaks)), np.argmax(steps, axis=1)]
    return np.unique(at[steps.max(axis=1, initial=0) > REPEATED]).astype(np.int64)


def cut_measures(pictures: SmallPictures, frames: Ints) -> Floats:
    """float32 (c, len(CUT_MEASURES)) of possible first frames of new shots (c,), each >= 1."""
    parts = [_measured(pictures, frames[k : k + _BATCH]) for k in range(0, len(frames), _BATCH)]
    return np.concatenate(parts) if parts else np.zeros((0, len(CUT_MEASURES)), np.float32)


def _measured(pictures: SmallPictures, frames: Ints) -> Floats:
    values = _Measurer(pictures, frames).values()
    out: Floats = np.stack([values[name] for name in CUT_MEASURES], axis=1).astype(np.float32)
    return out


class _Measurer:
    """Measures of one batch. Everything of a step is relative to its own change `jump`, as a logarithm.

    old, new: the clean frames of the step; mixed: whether there is a mixed one between them.
    """

    def __init__(self, pictures: SmallPictures, frames: Ints) -> None:
        self._all, self._frames = pictures, frames
        self._old = frames - 1
        error, share = self._mix(frames)
        inside = (share > MIX_SHARES[0]) & (share < MIX_SHARES[1])
        self._mixed = (error < MIX_MAX) & inside & (frames < len(pictures) - 1)
        self._mix_error, self._mix_share = error, share
        self._new = frames + self._mixed
        self._jump = self._between(self._old, self._new)

    def values(self) -> dict[str, Floats]:
        """By the names of CUT_MEASURES."""
        return {
            **self._step(),
            **self._neighbours(),
            **self._spans(),
            **returns(self._all.rgb, self._all.y, self._old, self._new),
            **self._flatness(),
            **self._mixes(),
        }

    def _step(self) -> dict[str, Floats]:
        """The step itself: the whole picture (jump), its most changed blocks (most), the same when blocks may
        move (matched ...); alike grows with the correlation of the two pictures."""
        old, new, scale = self._luma(self._old), self._luma(self._new), self._all.scale[self._frames]
        most, plain = most_of(old, new)
        matched, matched_most = residual(old, new)
        a, b = old.astype(np.float32), new.astype(np.float32)
        beside, beside_most = self._beside()
        return {
            "jump": np.log(self._jump / scale + 1),
            "most": np.log(most / scale + 1),
            "spread": ratio(most, self._jump),
            "matched": np.log(matched / scale + 1),
            "matched_most": np.log(matched_most / scale + 1),
            "matched_share": ratio(matched, plain),
            "alike": alikeness(correlation(a, b)),
            "relit": relit(a, b),
            "colours": np.log(self._colours() / scale + 1),
            "beside": ratio(matched, beside, 0.5),
            "beside_most": ratio(matched_most, beside_most, 0.5),
        }

    def _beside(self) -> tuple[Floats, Floats]:
        """The larger residual of blocks that may move within either shot, over three frames: what is left
        inside a shot, of the whole picture and of its most changed blocks."""
        before = residual(self._luma(self._old - 3), self._luma(self._old))
        after = residual(self._luma(self._new), self._luma(self._new + 3))
        return np.maximum(before[0], after[0]), np.maximum(before[1], after[1])

    def _colours(self) -> Floats:
        """Distance of the two colour distributions, 0..255."""
        return distribution_distance(self._rgb(self._old), self._rgb(self._new))

    def _neighbours(self) -> dict[str, Floats]:
        """The step against the steps around it: calm (their median), calm_moving (without repeated pictures),
        peak (the nearest), peak_near (three on either side), before, after, second largest of all."""
        offsets = np.arange(AROUND_FRAMES)
        before, after = (
            self._steps(self._old[:, None] - offsets),
            self._steps(self._new[:, None] + 1 + offsets),
        )
        both = np.concatenate([before, after], axis=1)
        repeats = both < REPEATED
        moving = np.sort(np.where(repeats, np.inf, both), axis=1)
        count = (~repeats).sum(axis=1)
        middle = moving[np.arange(len(both)), np.maximum(count - 1, 0) // 2]
        near = np.maximum(before[:, :3].max(axis=1), after[:, :3].max(axis=1))
        return {
            "calm": ratio(self._jump, self._all.calm[self._frames]),
            "calm_moving": ratio(self._jump, np.where(count > 0, middle, 0).astype(np.float32)),
            "peak": ratio(self._jump, np.maximum(before[:, 0], after[:, 0])),
            "peak_near": ratio(self._jump, near),
            "peak_before": ratio(self._jump, before.max(axis=1)),
            "peak_after": ratio(self._jump, after.max(axis=1)),
            "second": ratio(self._jump, np.sort(both, axis=1)[:, -2]),
            "repeats": repeats.mean(axis=1).astype(np.float32),
        }

    def _spans(self) -> dict[str, Floats]:
        """Change across the step over some frames on either side, against the change within the shots before
        and after over as many."""
        out = {}
        for span in SPANS:
            across = self._between(self._frames - span, self._new + span - 1)
            before = self._between(self._old, self._old - 2 * span + 1)
            after = self._between(self._new, self._new + 2 * span - 1)
            out[f"across_{span}"] = ratio(across, self._jump)
            out[f"within_{span}"] = ratio(across, np.maximum(before, after))
            out[f"least_{span}"] = ratio(across, np.minimum(before, after))
        return out

    def _flatness(self) -> dict[str, Floats]:
        """Contrast of the old and of the new picture, against that of the film around: one that is of one
        colour is no shot."""
        usual = USUAL_STD * self._all.scale[self._frames]
        return {
            f"flat_{name}": ratio(self._luma(frames).std(axis=(1, 2)).astype(np.float32), usual)
            for name, frames in (("old", self._old), ("new", self._new))
        }

    def _mixes(self) -> dict[str, Floats]:
        """Whether a mixed frame lies between, how well it is one; and whether the clean frames are mixes of
        their neighbours, so that the cut is beside."""
        mixed = self._mixed.astype(np.float32)
        return {
            "mixed": mixed,
            "mix_error": mixed * self._mix_error,
            "mix_share": mixed * self._mix_share,
            "mixed_before": self._mix(self._old)[0],
            "mixed_after": self._mix(self._new)[0],
        }

    def _mix(self, frames: Ints) -> tuple[Floats, Floats]:
        """(c,) error of each frame as a mix of its two neighbours, as a share of their difference (at most
        2), and the share of the later one, 0..1."""
        old, middle, new = (self._luma(frames + k).astype(np.float32) for k in (-1, 0, 1))
        way = new - old
        size = np.maximum((way * way).sum(axis=(1, 2)), 1e-3)
        share = np.clip(((middle - old) * way).sum(axis=(1, 2)) / size, 0, 1)
        left = np.abs(middle - old - share[:, None, None] * way).mean(axis=(1, 2))
        error = np.minimum((left + 0.5) / (np.abs(way).mean(axis=(1, 2)) + 0.5), 2.0)
        return error.astype(np.float32), share.astype(np.float32)

    def _rgb(self, frames: Ints) -> Thumbs:
        return self._all.rgb[clamped(frames, 0, len(self._all) - 1)]

    def _luma(self, frames: Ints) -> Thumbs:
        return self._all.y[clamped(frames, 0, len(self._all) - 1)]

    def _steps(self, frames: Ints) -> Floats:
        return self._all.step[clamped(frames, 1, len(self._all) - 1)]

    def _between(self, a: Ints, b: Ints) -> Floats:
        return change_of(self._rgb(a), self._rgb(b))
