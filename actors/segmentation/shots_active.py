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


def luma(thumbs: npt.NDArray[np.uint8]) -> npt.NDArray[np.float32]:
    """(n, rows, columns) float32, 0..255, of (n, rows, columns, 3) RGB."""
    weights = np.array([0.299, 0.587, 0.114], np.float32)
    out: npt.NDArray[np.float32] = np.empty(thumbs.shape[:3], np.float32)
    for start in range(0, len(thumbs), 4096):
        out[start : start + 4096] = thumbs[start : start + 4096].astype(np.float32) @ weights
    return out


def active_area(y: npt.NDArray[np.float32]) -> tuple[slice, slice]:
    """Rows and columns inside the bars; everything if the whole film is dark."""
    bright = np.quantile(y[:: max(1, len(y) // 4000)], BAR_SHARE, axis=0)
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
