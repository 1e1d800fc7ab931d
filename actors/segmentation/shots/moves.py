"""Measures pushes, covers and uncovers: a new picture that moves in, an old one that moves out, or both.

In a window from a clean old picture A to a clean new one B, each frame between is compared with A and B put
together at every place that the edge between them may have, for four directions and three ways of moving.
The edge of a real one goes one way. Knows small pictures; does not know what else speaks for a transition.
"""

from __future__ import annotations

import numpy as np

from actors.segmentation.shots.compare import Floats, Ints, Thumbs, pictures

FRAMES_MAX = 12
"""Frames of a window that are compared, evenly spread: more would say the same."""
_BATCH_VALUES = 1 << 22
"""Values of pictures (float32) held at once: 16 MB."""
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
            for before, after in _ways(a, b):
                errors, at = _by_edge(before, after, m)
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
    (c, rows, edges, columns), for edges after 0..columns columns of the new one; one that stays has one
    edge."""
    columns = a.shape[-1]
    edges, index = np.arange(columns + 1)[:, None], np.arange(columns)
    moved_a = a[:, :, np.minimum(index + edges, columns - 1)]
    moved_b = b[:, :, np.maximum(index - (columns - edges), 0)]
    return [(moved_a, moved_b), (a[:, :, None], moved_b), (moved_a, b[:, :, None])]


def _by_edge(before: Floats, after: Floats, middle: Floats) -> tuple[Floats, Floats]:
    """(c, frames) error at the best place of the edge, and that place in columns; between two columns a cell
    has a part of either composition."""
    columns = middle.shape[-1]
    index = np.arange(columns)
    is_new = index >= columns - np.arange(columns + 1)[:, None]  # (edges, columns)
    whole = np.where(is_new, after, before)  # (c, rows, edges, columns)
    base, way = whole[:, :, :-1], np.diff(whole, axis=2)
    size = np.maximum((way * way).sum(axis=(1, 3)), 1e-3)  # (c, edges - 1)
    errors, places = np.zeros((2, *middle.shape[:2]), np.float32)
    for k in range(middle.shape[1]):
        left = middle[:, k, :, None] - base
        part = np.clip((left * way).sum(axis=(1, 3)) / size, 0, 1)
        error = np.abs(left - part[:, None, :, None] * way).mean(axis=(1, 3))
        at = error.argmin(axis=1)
        rows = np.arange(len(at))
        errors[:, k], places[:, k] = error[rows, at], at + part[rows, at]
    return errors, places
