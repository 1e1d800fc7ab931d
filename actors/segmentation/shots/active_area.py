"""The part of the picture that shows something: without the bars of letterbox and pillarbox.

Black bars stay black when the picture fades to white, and dilute every measure. Knows small pictures only.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

BAR_LUMA = 24.0
"""Bars are limited-range black plus coding noise and a little of the picture's edge."""
BAR_SHARE = 0.995
"""Bars are dark in nearly every frame; a logo or a title may stray into them."""

_BLOCK = 4096
_SAMPLE = 2000
"""Frames at most in which bars are looked for, evenly spread."""


def luma(thumbs: npt.NDArray[np.uint8]) -> npt.NDArray[np.uint8]:
    """(n, rows, columns), 0..255, of (n, rows, columns, 3) RGB."""
    out = np.empty(thumbs.shape[:3], np.uint8)
    for start in range(0, len(thumbs), _BLOCK):
        rgb = thumbs[start : start + _BLOCK].astype(np.uint16)
        # 0.299 R + 0.587 G + 0.114 B in 256ths; the sum stays below 2^16
        out[start : start + _BLOCK] = (77 * rgb[..., 0] + 150 * rgb[..., 1] + 29 * rgb[..., 2] + 128) >> 8
    return out


def deviation(y: npt.NDArray[np.uint8]) -> npt.NDArray[np.float32]:
    """Standard deviation of each picture (n, rows, columns), 0..127.5."""
    out = np.empty(len(y), np.float32)
    for start in range(0, len(y), _BLOCK):
        block = y[start : start + _BLOCK].reshape(-1, y[0].size).astype(np.float32)
        mean = block.mean(axis=1)
        square = np.einsum("nk,nk->n", block, block) / block.shape[1]
        out[start : start + _BLOCK] = np.sqrt(np.maximum(square - mean * mean, 0))
    return out


def active_area(y: npt.NDArray[np.uint8]) -> tuple[slice, slice]:
    """Rows and columns inside the bars; everything if the whole film is dark."""
    bright = np.quantile(y[:: max(1, len(y) // _SAMPLE)], BAR_SHARE, axis=0)
    rows, columns = bright.max(axis=1) > BAR_LUMA, bright.max(axis=0) > BAR_LUMA
    if not rows.any():
        return slice(0, y.shape[1]), slice(0, y.shape[2])
    return _inside(rows), _inside(columns)


def _inside(bright: npt.NDArray[np.bool_]) -> slice:
    """From the first to the last bright line; beside a bar one more is left out, which it half covers."""
    lines = np.flatnonzero(bright)
    first, last = int(lines[0]), int(lines[-1])
    first += first > 0
    last -= last < len(bright) - 1
    return slice(first, last + 1) if first <= last else slice(0, len(bright))
