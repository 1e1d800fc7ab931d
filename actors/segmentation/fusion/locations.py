"""Compares what two stretches of video show: log odds that it is one location, by embeddings and by colours.

Every unit (a shot, or a piece of one) gets a mean embedding and a mean colour distribution; two units are
compared by both. The scale is set by the video itself: in a lecture everything is alike, in a trailer nothing
is. The weights are data: `fusion.weights`. Knows tracks of the picture; does not know sound.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from actors.segmentation.fusion.alike import unit
from actors.segmentation.fusion.weights import FusionWeights
from actors.segmentation.tracks import FrameTrack, KeyframeTrack

Floats = npt.NDArray[np.float32]
Ints = npt.NDArray[np.int64]

COLOUR_BITS = 2
"""Bits kept of each channel: 4 x 4 x 4 colours are coarse enough for a change of angle."""
COLOUR_FRAMES = 6
"""Frames of a unit whose colours are taken, evenly spread: a shot's colours change slowly."""
UNLIKE_RANGE = 0.25
"""Cosine by which a video may raise what two locations usually have in common (and lower it, half as far):
where even distant shots are alike, likeness says less. Set by hand."""
FAR_S = 90.0
"""Seconds from which two shots are taken to be of different scenes: longer than most scenes."""
SAMPLE_UNITS = 200
"""Units that are compared to learn what is usual in the video, evenly spread: a median needs no more."""


@dataclass(frozen=True, slots=True, repr=False)
class Locations:
    """Unit vectors of each unit: embeddings (u, 1280) and square roots of colour distributions (u, 64).
    offset (log odds): what is subtracted from a pair's likeness, so that 0 means undecided."""

    embeddings: Floats
    colours: Floats
    offset: float
    weights: FusionWeights

    def __len__(self) -> int:
        return len(self.embeddings)

    def __repr__(self) -> str:
        return f"Locations({len(self)} units, offset {self.offset:.2f})"

    def same(self, a: Ints | slice, b: Ints | slice) -> Floats:
        """Log odds, -unlike_max..alike_max, that units a (rows) and b (columns) are one place."""
        w = self.weights
        likeness = _likeness(self.embeddings[a], self.colours[a], self.embeddings[b], self.colours[b], w)
        out: Floats = np.clip(likeness - np.float32(self.offset), -w.unlike_max, w.alike_max)
        return out


def find_locations(
    frames: FrameTrack,
    keyframes: KeyframeTrack,
    bounds: Ints,
    times_s: npt.NDArray[np.float64],
    weights: FusionWeights,
) -> Locations:
    """Locations of the units bounds[i] .. bounds[i + 1] - 1 (frames); times_s: their middles.

    A unit without a keyframe of its own borrows the nearest one.
    """
    embeddings, colours = places(frames, keyframes, bounds)
    return Locations(embeddings, colours, _offset(embeddings, colours, times_s, weights), weights)


def places(frames: FrameTrack, keyframes: KeyframeTrack, bounds: Ints) -> tuple[Floats, Floats]:
    """Unit vectors of the units bounds[i] .. bounds[i + 1] - 1 (frames): mean embeddings (u, 1280) and square
    roots of colour distributions (u, 64)."""
    return _embeddings(keyframes, bounds), _colours(frames, bounds)


def _embeddings(keyframes: KeyframeTrack, bounds: Ints) -> Floats:
    units = len(bounds) - 1
    if not len(keyframes):
        return np.zeros((units, 1), np.float32)
    vectors = keyframes.embedding.astype(np.float32)
    first, last = np.searchsorted(keyframes.frame, bounds[:-1]), np.searchsorted(keyframes.frame, bounds[1:])
    out = np.zeros((units, vectors.shape[1]), np.float32)
    for k, (a, b) in enumerate(zip(first.tolist(), last.tolist(), strict=True)):
        if a == b:
            middle = (bounds[k] + bounds[k + 1]) // 2
            a = int(np.argmin(np.abs(keyframes.frame - middle)))
            b = a + 1
        out[k] = vectors[a:b].mean(axis=0)
    return unit(out)


def _colours(frames: FrameTrack, bounds: Ints) -> Floats:
    units, side = len(bounds) - 1, 1 << COLOUR_BITS
    share = (np.arange(COLOUR_FRAMES) + 0.5) / COLOUR_FRAMES
    picked = (bounds[:-1, None] + share * np.diff(bounds)[:, None]).astype(np.int64)
    shift = 8 - COLOUR_BITS
    out = np.zeros((units, side**3), np.float32)
    for start in range(0, units, 512):
        rows = picked[start : start + 512]
        top = (frames.thumb[rows.ravel()] >> shift).astype(np.int64)
        colour = (top[..., 0] * side + top[..., 1]) * side + top[..., 2]
        where = np.repeat(np.arange(len(rows)), colour[0].size * COLOUR_FRAMES)
        counts = np.bincount(where * side**3 + colour.ravel(), minlength=len(rows) * side**3)
        out[start : start + len(rows)] = counts.reshape(len(rows), -1)
    return unit(np.sqrt(out))


def _likeness(a: Floats, a_colours: Floats, b: Floats, b_colours: Floats, weights: FusionWeights) -> Floats:
    out: Floats = weights.embedding * (a @ b.T) + weights.colour * (a_colours @ b_colours.T)
    return out


def _offset(
    embeddings: Floats, colours: Floats, times_s: npt.NDArray[np.float64], weights: FusionWeights
) -> float:
    """Half way between what shots of one place have in common and what distant shots of this video have."""
    same = weights.embedding * weights.same_embedding + weights.colour * weights.same_colour
    unlike = weights.embedding * weights.unlike_embedding + weights.colour * weights.unlike_colour
    some = np.unique(np.linspace(0, len(embeddings) - 1, SAMPLE_UNITS).round().astype(np.int64))
    likeness = _likeness(embeddings[some], colours[some], embeddings[some], colours[some], weights)
    far = np.abs(times_s[some][:, None] - times_s[some]) > FAR_S
    if far.any():
        seen = float(np.median(likeness[far]))
        reach = UNLIKE_RANGE * (weights.embedding + weights.colour)
        unlike = float(np.clip(seen, unlike - 0.5 * reach, unlike + reach))
    return 0.5 * (same + unlike)
