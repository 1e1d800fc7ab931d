"""Measures how much two small pictures differ, in four ways; any number of pairs at once.

Knows arrays of pictures; not frames of which video, nor what a difference means.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from actors.segmentation.shots.comparing.byte_sums import byte_sums

Floats = npt.NDArray[np.float32]
Ints = npt.NDArray[np.int64]
Thumbs = npt.NDArray[np.uint8]

UNALIKE = 1.05
"""The correlation of two pictures (-1..1) is subtracted from it and the logarithm taken: a little above 1, so
that equal pictures have a number, too."""


def pictures(video: Thumbs, frames: Ints) -> Floats:
    """float32 (..., rows, columns[, 3]) of frame numbers of any shape, clamped to the video."""
    picked: Floats = video[clamped(frames, 0, len(video) - 1)].astype(np.float32)
    return picked


def clamped(frames: Ints, least: int, most: int) -> Ints:
    """Frame numbers of any shape within least..most. As `numpy.clip`, which takes ten times as long for the
    few numbers that are asked for here."""
    out: Ints = np.minimum(np.maximum(frames, least), most)
    return out


def distance(a: Floats, b: Floats) -> Floats:
    """Mean absolute difference of pictures (..., rows, columns), 0..255."""
    out: Floats = np.abs(a - b).mean(axis=(-2, -1))
    return out


def colour_distance(a: Floats, b: Floats) -> Floats:
    """Mean L1 Wasserstein distance of the channels' distributions of pictures (..., rows, columns, 3)."""
    shape = (*a.shape[:-3], a.shape[-3] * a.shape[-2], 3)
    out: Floats = np.abs(np.sort(a.reshape(shape), axis=-2) - np.sort(b.reshape(shape), axis=-2)).mean(
        axis=(-2, -1)
    )
    return out


def correlation(a: Floats, b: Floats) -> Floats:
    """Pearson correlation of pictures (..., rows, columns); 0 where one of them is flat."""
    axes = (-2, -1)
    x, y = a - a.mean(axis=axes, keepdims=True), b - b.mean(axis=axes, keepdims=True)
    norm = np.sqrt((x * x).mean(axis=axes) * (y * y).mean(axis=axes))
    out: Floats = np.where(norm > 1e-3, (x * y).mean(axis=axes) / np.maximum(norm, 1e-6), 0.0)
    return out.astype(np.float32)


def alikeness(correlated: Floats) -> Floats:
    """Of correlations (-1..1), about -0.7..3: what makes pictures nearly equal counts most."""
    out: Floats = -np.log(UNALIKE - correlated)
    return out


def relit(old: Floats, new: Floats) -> Floats:
    """Change that a common offset, or gain and offset, cannot explain, as a share of all change, 0..1."""
    axes = (-2, -1)
    x = old - np.median(old, axis=axes, keepdims=True)
    y = new - np.median(new, axis=axes, keepdims=True)
    spread = np.abs(x).mean(axis=axes, keepdims=True)
    gain = np.clip(np.abs(y).mean(axis=axes, keepdims=True) / (spread + 1.0), 0.4, 2.5)
    left = np.minimum(distance(x, y), distance(gain * x, y))
    out: Floats = np.clip((left + 1.0) / (distance(old, new) + 1.0), 0, 1)
    return out


def change_of(a: Thumbs, b: Thumbs) -> Floats:
    """(c,) mean absolute difference of uint8 pictures (c, ...), 0..255."""
    difference = (np.maximum(a, b) - np.minimum(a, b)).reshape(len(a), -1)
    # whole numbers below 2^24, which float32 has exactly
    out: Floats = byte_sums(difference).astype(np.float32) / np.float32(max(1, difference.shape[1]))
    return out


def distribution_distance(a: Thumbs, b: Thumbs) -> Floats:
    """(c,) mean L1 Wasserstein distance of the channels' distributions of uint8 pictures (c, ..., 3), 0..255.

    The distance of two distributions is the area between their cumulative histograms, which is quicker than
    sorting the values.
    """
    counts = _histograms(a) - _histograms(b)
    apart = np.abs(counts.cumsum(axis=2)).sum(axis=(1, 2))
    out: Floats = apart.astype(np.float32) / np.float32(max(1, a[:1].size))
    return out


def _histograms(pictures: Thumbs) -> npt.NDArray[np.int64]:
    """int64 (c, 3, 256): how often each value occurs, by channel."""
    count = len(pictures)
    bins = pictures.reshape(count, -1, 3) + (256 * np.arange(3 * count).reshape(count, 1, 3))
    return np.bincount(bins.ravel(), minlength=3 * 256 * count).reshape(count, 3, 256)


def ratio(one: Floats, other: Floats, floor: float = 1.0) -> Floats:
    """Logarithm of a ratio of changes; `floor` (of 255) is added to both, so that noise says nothing."""
    out: Floats = np.log((one + floor) / (other + floor)).astype(np.float32)
    return out
