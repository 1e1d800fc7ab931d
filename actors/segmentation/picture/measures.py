"""Measures of small pictures: change from frame to frame, luma, thumbnails.

All sums are sums of whole numbers, which are exact in any order, so every machine gives the same bits. Knows
arrays of pixels; imports no PyAV and no torch.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from actors.segmentation.luma import WEIGHTS_1000
from actors.segmentation.networks.inputs import FRAME_HEIGHT_PX, FRAME_WIDTH_PX
from actors.segmentation.tracks import THUMB_SHAPE

_PIXELS = FRAME_HEIGHT_PX * FRAME_WIDTH_PX
VALUES_PER_PICTURE = 3 * _PIXELS
"""R, G and B of every pixel of a small picture: a mean over it is a sum divided by this."""

_LUMA_WEIGHTS = np.array(WEIGHTS_1000, np.float64)
_LUMA_SCALE = 1000
"""Luma of ITU-R BT.601, 0.299 R + 0.587 G + 0.114 B, in whole thousandths so that sums are exact."""

_THUMB_CELL = (FRAME_HEIGHT_PX // THUMB_SHAPE[0], FRAME_WIDTH_PX // THUMB_SHAPE[1])
"""Rows and columns of the small picture that one thumbnail pixel averages."""

Image = npt.NDArray[np.uint8]


def change(before: Image, after: Image) -> int:
    """Sum of absolute differences of two uint8 pictures of one shape."""
    return int(np.abs(after.astype(np.int16) - before).sum(dtype=np.int64))


def mean_change(changes: npt.NDArray[np.int64]) -> npt.NDArray[np.float16]:
    """Sums of absolute differences of all 27 x 48 x 3 values -> their mean, 0..255."""
    return (changes / VALUES_PER_PICTURE).astype(np.float16)


def luma(frames: Image) -> tuple[npt.NDArray[np.float16], npt.NDArray[np.float16]]:
    """uint8 RGB [n, 27, 48, 3] -> mean and standard deviation of 0.299 R + 0.587 G + 0.114 B, each [n]."""
    # whole numbers far below 2^53: float64 is exact here, whatever the order of the sums, and much faster
    values = (frames.reshape(-1, 3).astype(np.float64) @ _LUMA_WEIGHTS).reshape(len(frames), -1)
    total, squares = values.sum(axis=1), (values * values).sum(axis=1)
    variance = (squares * _PIXELS - total * total) / (_PIXELS * _LUMA_SCALE) ** 2
    mean = total / (_PIXELS * _LUMA_SCALE)
    return mean.astype(np.float16), np.sqrt(variance).astype(np.float16)


def thumbs(frames: Image) -> Image:
    """uint8 RGB [n, 27, 48, 3] -> [n, 9, 16, 3], rounded means of 3 x 3 pixels."""
    rows, columns = THUMB_SHAPE[:2]
    down, right = _THUMB_CELL
    sums = frames.reshape(-1, rows, down, columns, right, 3).sum(axis=(2, 4), dtype=np.uint32)
    area = down * right
    rounded: Image = ((sums + area // 2) // area).astype(np.uint8)
    return rounded
