"""Measures how much two small pictures differ, in four ways; any number of pairs at once.

Knows arrays of pictures; not frames of which video, nor what a difference means.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float32]
Ints = npt.NDArray[np.int64]
Thumbs = npt.NDArray[np.uint8]

UNALIKE = 1.05
"""The correlation of two pictures (-1..1) is subtracted from it and the logarithm taken: a little above 1, so
that equal pictures have a number, too."""


def pictures(video: Thumbs, frames: Ints) -> Floats:
    """float32 (..., rows, columns[, 3]) of frame numbers of any shape, clamped to the video."""
    picked: Floats = video[np.clip(frames, 0, len(video) - 1)].astype(np.float32)
    return picked


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
    difference = np.maximum(a, b) - np.minimum(a, b)
    out: Floats = difference.reshape(len(a), -1).mean(axis=1, dtype=np.float32)
    return out


def ratio(one: Floats, other: Floats, floor: float = 1.0) -> Floats:
    """Logarithm of a ratio of changes; `floor` (of 255) is added to both, so that noise says nothing."""
    out: Floats = np.log((one + floor) / (other + floor)).astype(np.float32)
    return out
