"""Luma of RGB pictures: 0.299 R + 0.587 G + 0.114 B (ITU-R BT.601), in whole numbers.

The weights stand here in two scales, as whole numbers give the same result in whatever order they are added.
Stored tracks and fitted weights depend on each of them to the bit, so one cannot take the other's place.
Knows pixels; does not know what is measured with them.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

WEIGHTS_1000 = (299, 587, 114)
"""Of R, G, B in thousandths: exact. Used where sums are kept in float64 or int64."""
WEIGHTS_256 = (77, 150, 29)
"""Of R, G, B in 256ths, each rounded: a weighted pixel fits into 16 bits. Used where speed counts."""

_BLOCK = 4096
"""Pictures converted at once: bounds the memory of a long film."""


def luma_of(pictures: npt.NDArray[np.uint8]) -> npt.NDArray[np.uint8]:
    """uint8 (n, rows, columns), 0..255, of uint8 RGB (n, rows, columns, 3), rounded to the nearest."""
    out = np.empty(pictures.shape[:3], np.uint8)
    red, green, blue = WEIGHTS_256
    for start in range(0, len(pictures), _BLOCK):
        rgb = pictures[start : start + _BLOCK].astype(np.uint16)
        # the sum stays below 2^16; 128 is half of the 256 that it is divided by
        weighted = red * rgb[..., 0] + green * rgb[..., 1] + blue * rgb[..., 2] + 128
        out[start : start + _BLOCK] = weighted >> 8
    return out
