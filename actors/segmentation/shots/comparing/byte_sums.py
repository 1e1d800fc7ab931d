"""Adds up bytes of small pictures many at once, exactly.

numpy widens each byte before it adds, which takes most of the time. Here eight bytes are one number of 64
bits, in which four sums of 16 bits are kept side by side (SIMD within a register). Knows bytes; does not know
what they mean.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

WORD_BYTES = 8
"""Bytes of a number of 64 bits."""
_EVEN = np.uint64(0x00FF_00FF_00FF_00FF)
"""Every other byte of such a number, each with room for a sum of 16 bits."""
_ADD = np.uint64(0x0001_0001_0001_0001)
"""A product with it has the sum of the four sums of 16 bits in its upper 16 bits, if they hold it."""
_MOST_WORDS = 128
"""Numbers whose pairs of bytes can be added up before a sum of 16 bits is full: 2 x 255 x 128 < 2^16."""
_MOST_TOTAL_WORDS = 32
"""... so that even the sum of all eight bytes still fits: 8 x 255 x 32 < 2^16."""


def byte_sums(values: npt.NDArray[np.uint8]) -> npt.NDArray[np.int64]:
    """int64 (c,): the sum of each row of uint8 (c, n)."""
    count, length = values.shape
    if length % WORD_BYTES or not values.flags.c_contiguous:
        plain: npt.NDArray[np.int64] = values.sum(axis=1, dtype=np.int64)
        return plain
    pairs = _pairs(values)
    sums = np.zeros(count, np.int64)
    for start in range(0, pairs.shape[1], _MOST_WORDS):
        lanes = pairs[:, start : start + _MOST_WORDS].sum(axis=1)
        sums += lanes.view(np.uint16).reshape(count, 4).sum(axis=1, dtype=np.int64)
    return sums


def block_sums(values: npt.NDArray[np.uint8], rows: int) -> npt.NDArray[np.uint16]:
    """uint16 (c, height // rows, width // 8): sums of blocks of so many rows and 8 columns of uint8
    (c, height, width), whose sides are multiples of these. ValueError for more than 32 rows, whose sums would
    not fit."""
    if rows > _MOST_TOTAL_WORDS:
        raise ValueError(f"blocks of at most {_MOST_TOTAL_WORDS} rows, not {rows}")
    count, height, width = values.shape
    by_row = _pairs(values).reshape(count, height // rows, rows, width // WORD_BYTES)
    lanes = by_row[:, :, 0].copy()
    for row in range(1, rows):
        lanes += by_row[:, :, row]
    return ((lanes * _ADD) >> np.uint64(48)).astype(np.uint16)


def _pairs(values: npt.NDArray[np.uint8]) -> npt.NDArray[np.uint64]:
    """Of eight bytes each, four sums of two."""
    words = values.view(np.uint64)
    return (words & _EVEN) + ((words >> np.uint64(8)) & _EVEN)
