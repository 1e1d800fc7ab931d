"""Frame tracks made by hand: small pictures that stand still, run, or get a text in one cell.

Knows the columns of the tracks; nothing of the code under test.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from fractions import Fraction

import numpy as np
import numpy.typing as npt

from actors.segmentation.timebase import FrameClock
from actors.segmentation.tracks import THUMB_SHAPE, FrameTrack

FPS = 25
Thumbs = npt.NDArray[np.uint8]


def stands(seconds: float, level: int = 20) -> Thumbs:
    """A plain picture that does not change."""
    return np.full((round(seconds * FPS), *THUMB_SHAPE), level, np.uint8)


def runs(seconds: float, seed: int = 0) -> Thumbs:
    """A picture of many colours, in which everything moves."""
    rng = np.random.default_rng(seed)
    first = rng.integers(40, 200, THUMB_SHAPE)
    frames = round(seconds * FPS)
    phase = rng.uniform(0, 6, THUMB_SHAPE)
    waves = np.sin(np.arange(frames)[:, None, None, None] / 6 + phase)
    return np.clip(first + 20 * waves, 0, 255).astype(np.uint8)


def with_text(thumbs: Thumbs, row: int, columns: slice, start_s: float = 0.0, levels: int = 60) -> Thumbs:
    """The same with brighter cells from a time on."""
    out = thumbs.copy()
    part = out[round(start_s * FPS) :, row, columns]
    part += np.uint8(levels)
    return out


def track(*parts: Thumbs) -> FrameTrack:
    """A track of these pictures, one after the other."""
    thumbs = np.concatenate(parts)
    return replace(FrameTrack.empty(len(thumbs)), thumb=thumbs, valid=np.ones(len(thumbs), np.bool_))


def clock(frames: int, first_s: int = 0) -> FrameClock:
    """The times of so many frames."""
    pts = np.arange(frames, dtype=np.int64) + first_s * FPS
    return FrameClock(pts, frames + first_s * FPS, Fraction(1, FPS))


def keys(frames: int, at: Sequence[int] = (0,)) -> npt.NDArray[np.bool_]:
    """Where decoding may begin."""
    out = np.zeros(frames, np.bool_)
    out[list(at)] = True
    return out
