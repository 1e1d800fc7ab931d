"""Matches blocks of small pictures that may have moved a little, and tells what is left of the difference.

What moves as a whole, as under a moving camera, leaves little; what appears or goes leaves all of it.
Block matching as in video coding (full search, sum of absolute differences). Knows pairs of pictures.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from numpy.lib.stride_tricks import sliding_window_view

from actors.segmentation.shots.comparing.byte_sums import WORD_BYTES, block_sums

Floats = npt.NDArray[np.float32]
Luma = npt.NDArray[np.uint8]

BLOCK_PX = (9, WORD_BYTES)
"""Rows and columns of a block: 3 x 6 blocks in a picture of 27 x 48, large enough to show something."""
REACH_PX = (2, 3)
"""Rows and columns by which a block may have moved: a sixteenth of the picture, a fast pan within a frame."""
MOST_BLOCKS = 4
"""Blocks that change most, of 18: a hand or a tool covers so many."""
_AT_ONCE = 8
"""Pairs matched at once: their 35 differences, 45 kB a pair, stay in a processor's cache."""


def residual(old: Luma, new: Luma) -> tuple[Floats, Floats]:
    """(c,) mean difference (0..255) of the best match of each block of `new` in `old`, and the mean of the
    MOST_BLOCKS largest. old, new: uint8 (c, 27, 48)."""
    down, right = REACH_PX
    wide = np.pad(old, ((0, 0), (down, down), (right, right)), mode="edge")
    moved = sliding_window_view(wide, new.shape[1:], axis=(1, 2))  # (c, 5, 7, 27, 48)
    best = np.zeros((len(new), _blocks_of(*new.shape[1:])), np.uint16)
    for k in range(0, len(new), _AT_ONCE):
        part = slice(k, k + _AT_ONCE)
        best[part] = _block_sums(_difference(moved[part], new[part, None, None])).min(axis=(1, 2))
    return _means(best)


def most_of(old: Luma, new: Luma) -> tuple[Floats, Floats]:
    """(c,) means of the MOST_BLOCKS blocks that differ most, and of all. old, new: uint8 (c, 27, 48)."""
    mean, most = _means(_block_sums(_difference(old, new)))
    return most, mean


def _difference(one: Luma, other: Luma) -> Luma:
    """Absolute difference, as an array of its own without gaps."""
    shape = np.broadcast_shapes(one.shape, other.shape)
    out = np.maximum(one, other, out=np.empty(shape, np.uint8))
    out -= np.minimum(one, other)
    return out


def _block_sums(difference: Luma) -> npt.NDArray[np.uint16]:
    """(..., blocks) of (..., 27, 48)."""
    *outer, height, width = difference.shape
    sums = block_sums(difference.reshape(-1, height, width), BLOCK_PX[0])
    return sums.reshape(*outer, _blocks_of(height, width))


def _blocks_of(height: int, width: int) -> int:
    """How many blocks a picture has."""
    return (height // BLOCK_PX[0]) * (width // BLOCK_PX[1])


def _means(sums: npt.NDArray[np.uint16]) -> tuple[Floats, Floats]:
    area = BLOCK_PX[0] * BLOCK_PX[1]
    means = np.sort(sums, axis=1).astype(np.float32) / area
    return means.mean(axis=1), means[:, -MOST_BLOCKS:].mean(axis=1)
