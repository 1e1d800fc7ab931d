"""Measures pushes, covers and uncovers: a new picture that moves in, an old one that moves out, or both.

In a window from a clean old picture A to a clean new one B, each frame between is compared with A and B put
together at every place that the edge between them may have, for four directions and three ways of moving.
The edge of a real one goes one way. Knows small pictures; does not know what else speaks for a transition.
"""

from __future__ import annotations

import numpy as np

from actors.segmentation.shots.comparing.distances import Floats, Ints, Thumbs, pictures

FRAMES_MAX = 12
"""Frames of a window that are compared, evenly spread: more would say the same."""
_BATCH_VALUES = 1 << 20
"""Values of pictures (float32) that a batch of windows has."""
_CACHED_VALUES = 1 << 16
"""Values that are compared at once: 256 kB, which stay in a processor's cache."""
_AXES = (2, 1)
"""Of pictures (c, rows, columns), along which the edge goes: across and down."""


def moved(y: Thumbs, first: Ints, last: Ints) -> tuple[Floats, Floats]:
    """(c,) error and order of windows whose mixed frames are first..last (inclusive).

    error: mean deviation of the frames from the best of the compositions, as a share of |A - B|, about 0..1.
    order: how steadily the edge goes one way, -1..1. y: uint8 luma (n, rows, columns).
    """
    error, order = np.ones((2, len(first)), np.float32)
    size = max(1, _BATCH_VALUES // (FRAMES_MAX * max(y.shape[1:]) * y[0].size))
    for start in range(0, len(first), size):
        part = slice(start, start + size)
        error[part], order[part] = _moved(y, first[part], last[part])
    return error, order


def _moved(y: Thumbs, first: Ints, last: Ints) -> tuple[Floats, Floats]:
    old, new = pictures(y, first - 1), pictures(y, last + 1)
    share = np.linspace(0, 1, FRAMES_MAX)
    middle = pictures(y, np.round(first[:, None] + share * (last - first)[:, None]).astype(np.int64))
    change = np.abs(new - old).mean(axis=(1, 2)) + 1.0
    best, order = np.full(len(first), np.inf, np.float32), np.zeros(len(first), np.float32)
    for axis in _AXES:
        for backwards in (False, True):
            a, b, m = (_turned(x, axis, backwards) for x in (old, new, middle))
            cells = np.ascontiguousarray(m).reshape(*m.shape[:2], -1)
            for before, after in _ways(a, b):
                errors, at = _by_edge(before, after, cells)
                error = errors.mean(axis=1) / change
                travel = np.diff(at, axis=1)
                steady = travel.sum(axis=1) / np.maximum(np.abs(travel).sum(axis=1), 1e-3)
                better = error < best
                best = np.where(better, error, best)
                order = np.where(better, steady, order)
    return best.astype(np.float32), order.astype(np.float32)


def _turned(x: Floats, axis: int, backwards: bool) -> Floats:
    """Such that the edge goes from the last column to the first. x: (c[, frames], rows, columns)."""
    turned = x if axis == _AXES[0] else np.swapaxes(x, -1, -2)
    return np.flip(turned, -1) if backwards else turned


def _ways(a: Floats, b: Floats) -> list[tuple[Floats, Floats]]:
    """What is seen on either side of the edge in a push, a cover and an uncover: old and new picture, each
    (c, edges, rows, columns), for edges after 0..columns columns of the new one; one that stays has one
    edge."""
    columns = a.shape[-1]
    edges, index = np.arange(columns + 1)[:, None], np.arange(columns)
    moved_a = np.moveaxis(a[:, :, np.minimum(index + edges, columns - 1)], 2, 1)
    moved_b = np.moveaxis(b[:, :, np.maximum(index - (columns - edges), 0)], 2, 1)
    return [(moved_a, moved_b), (a[:, None], moved_b), (moved_a, b[:, None])]


def _by_edge(before: Floats, after: Floats, middle: Floats) -> tuple[Floats, Floats]:
    """(c, frames) error at the best place of the edge, and that place in columns; between two columns a cell
    has a part of either composition. middle: (c, frames, cells)."""
    columns = before.shape[-1]
    index = np.arange(columns)
    is_new = index >= columns - np.arange(columns + 1)[:, None]  # (edges, columns)
    whole = np.where(is_new[:, None], after, before)  # (c, edges, rows, columns)
    whole = whole.reshape(len(whole), columns + 1, -1)
    base, way = whole[:, :-1], np.diff(whole, axis=1)
    # products of whole numbers below 256, not 200 a picture: float32 adds them exactly, in whatever order
    size = np.maximum(np.einsum("cek,cek->ce", way, way), 1e-3)
    along = middle @ np.swapaxes(way, 1, 2) - np.einsum("cek,cek->ce", base, way)[:, None]
    part = np.clip(along / size[:, None], 0, 1)  # (c, frames, edges)
    errors = np.empty(part.shape, np.float32)
    at_once = max(1, _CACHED_VALUES // way.size)
    for k in range(0, middle.shape[1], at_once):
        some = slice(k, k + at_once)
        left = middle[:, some, None] - base[:, None]
        left -= part[:, some, :, None] * way[:, None]
        np.add.reduce(np.abs(left, out=left), axis=3, out=errors[:, some])
    errors /= way.shape[2]
    at = errors.argmin(axis=2)[..., None]
    found, between = (np.take_along_axis(x, at, axis=2)[..., 0] for x in (errors, part))
    return found, (at[..., 0] + between).astype(np.float32)
