"""Measures the inside of windows against what is around: contrast that is lost in it, change that is raised.

Both hold where the pictures move, which a fit of still pictures does not: two pictures that are mixed cancel
each other's contrast, and a picture that moves in changes more than the shots around it. Knows small pictures
and extents.
"""

from __future__ import annotations

import numpy as np

from actors.segmentation.shots.comparing.distances import Floats, Ints, Thumbs, distance, pictures

DIP_AT = np.array([0.35, 0.5, 0.65])
"""Places in a window, as shares of its length, at which its middle is looked at."""
RAISED_AT = (0.1, 0.3, 0.5, 0.7, 0.9)
"""... and at which the change inside is taken."""
RAISED_BESIDE = 5
"""Steps on either side with which it is compared."""


def dips(y: Thumbs, old: Ints, new: Ints) -> tuple[Floats, Floats]:
    """(c,) contrast, and difference between neighbouring cells, that the middle third has less than the ends,
    as shares, about -1..1. y: uint8 luma (n, rows, columns). old, new: the clean frames at the ends."""
    middle = np.round(old[:, None] + DIP_AT * (new - old)[:, None]).astype(np.int64)
    found = []
    for measure in (_contrast, _detail):
        ends = 0.5 * (measure(pictures(y, old)) + measure(pictures(y, new)))
        inner = measure(pictures(y, middle)).mean(axis=1)
        found.append(np.clip(1 - (inner + 1) / (ends + 1), -1, 1).astype(np.float32))
    return found[0], found[1]


def _contrast(x: Floats) -> Floats:
    out: Floats = x.std(axis=(-2, -1))
    return out


def _detail(x: Floats) -> Floats:
    """Mean difference between neighbouring cells; 0 in a picture of one row or column."""
    steps = [np.abs(np.diff(x, axis=axis)) for axis in (-1, -2)]
    out: Floats = sum(one.sum(axis=(-2, -1)) / max(1, one.shape[-2] * one.shape[-1]) for one in steps) / 2
    return out


def raised(y: Thumbs, old: Ints, new: Ints) -> Floats:
    """(c,) change from frame to frame inside, against the larger of that before and after, as a logarithm.
    Arguments as of `dips`."""
    inside, before, after = np.zeros((3, len(old)), np.float32)
    for share in RAISED_AT:
        at = np.round(old + share * (new - old - 1)).astype(np.int64)
        inside += distance(pictures(y, at), pictures(y, at + 1)) / len(RAISED_AT)
    for k in range(RAISED_BESIDE):
        before += distance(pictures(y, old - k - 1), pictures(y, old - k)) / RAISED_BESIDE
        after += distance(pictures(y, new + k), pictures(y, new + k + 1)) / RAISED_BESIDE
    out: Floats = np.log((inside + 1) / (np.maximum(before, after) + 1)).astype(np.float32)
    return out
