"""Matches blocks of small pictures that may have moved a little, and tells what is left of the difference.

What moves as a whole, as under a moving camera, leaves little; what appears or goes leaves all of it.
Block matching as in video coding (full search, sum of absolute differences). Knows pairs of pictures.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float32]
Luma = npt.NDArray[np.int16]

BLOCK_PX = (9, 8)
"""Rows and columns of a block: 3 x 6 blocks in a picture of 27 x 48, large enough to show something."""
REACH_PX = (2, 3)
"""Rows and columns by which a block may have moved: a sixteenth of the picture, a fast pan within a frame."""
MOST_BLOCKS = 4
"""Blocks that change most, of 18: a hand or a tool covers so many."""


def residual(old: Luma, new: Luma) -> tuple[Floats, Floats]:
    """(c,) mean difference (0..255) of the best match of each block of `new` in `old`, and the mean of the
    MOST_BLOCKS largest. old, new: int16 (c, 27, 48)."""
    down, right = REACH_PX
    wide = np.pad(old, ((0, 0), (down, down), (right, right)), mode="edge")
    rows, columns = new.shape[1:]
    best: npt.NDArray[np.int32] | None = None
    for y in range(2 * down + 1):
        for x in range(2 * right + 1):
            sums = _block_sums(np.abs(wide[:, y : y + rows, x : x + columns] - new))
            best = sums if best is None else np.minimum(best, sums)
    assert best is not None
    return _means(best)


def most_of(difference: Luma) -> tuple[Floats, Floats]:
    """(c,) means of the MOST_BLOCKS blocks that differ most, and of all. difference: int16 (c, 27, 48)."""
    mean, most = _means(_block_sums(difference))
    return most, mean


def _block_sums(difference: Luma) -> npt.NDArray[np.int32]:
    """(c, blocks)."""
    count, rows, columns = difference.shape
    high, wide = BLOCK_PX
    by_row = difference.reshape(count, rows // high, high, columns).sum(axis=2, dtype=np.int32)
    out: npt.NDArray[np.int32] = by_row.reshape(count, rows // high, columns // wide, wide).sum(axis=3)
    return out.reshape(count, -1)


def _means(sums: npt.NDArray[np.int32]) -> tuple[Floats, Floats]:
    area = BLOCK_PX[0] * BLOCK_PX[1]
    means = np.sort(sums, axis=1).astype(np.float32) / area
    return means.mean(axis=1), means[:, -MOST_BLOCKS:].mean(axis=1)
