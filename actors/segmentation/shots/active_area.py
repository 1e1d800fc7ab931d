"""Finds the bars of letterbox and pillarbox and leaves them out of the small pictures.

Bars dilute every measure of change, and they stay black when the picture fades to white. Knows small pictures
only; does not know what is measured in them.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

BAR_LUMA = 24.0
"""Luma (0..255) up to which a line of cells is a bar: limited-range black (16) as some files wrongly keep it,
plus coding noise and a little of the picture's edge."""
BAR_SHARE = 0.995
"""Share of the frames in which a bar is dark: nearly all, but a logo or a title may stray into it."""

_BLOCK = 4096
"""Pictures whose deviation is taken at once: bounds the memory of a long film."""
_SAMPLE = 2000
"""Frames at most in which bars are looked for, evenly spread: more would not change a quantile of 0.995
much."""


def deviation(y: npt.NDArray[np.uint8]) -> npt.NDArray[np.float32]:
    """float32 (n,), 0..127.5: standard deviation of each picture of uint8 (n, rows, columns)."""
    out = np.empty(len(y), np.float32)
    for start in range(0, len(y), _BLOCK):
        block = y[start : start + _BLOCK].reshape(-1, y[0].size).astype(np.float32)
        mean = block.mean(axis=1)
        square = np.einsum("nk,nk->n", block, block) / block.shape[1]
        out[start : start + _BLOCK] = np.sqrt(np.maximum(square - mean * mean, 0))
    return out


def active_area(y: npt.NDArray[np.uint8]) -> tuple[slice, slice]:
    """Rows and columns of luma (n, rows, columns) inside the bars; all of them if the whole film is dark."""
    bright = np.quantile(y[:: max(1, len(y) // _SAMPLE)], BAR_SHARE, axis=0)
    rows, columns = bright.max(axis=1) > BAR_LUMA, bright.max(axis=0) > BAR_LUMA
    if not rows.any():
        return slice(0, y.shape[1]), slice(0, y.shape[2])
    return _inside(rows), _inside(columns)


def _inside(bright: npt.NDArray[np.bool_]) -> slice:
    """From the first to the last bright line; next to a bar one line is left out, as the bar half covers
    it."""
    lines = np.flatnonzero(bright)
    first, last = int(lines[0]), int(lines[-1])
    first += first > 0
    last -= last < len(bright) - 1
    return slice(first, last + 1) if first <= last else slice(0, len(bright))
