"""Leaves a rectangle of the picture out of all that is measured: a logo, a ticker, an inset.

In small pictures its pixels take the values of the nearest ones around it. So the rectangle never changes by
itself; black, even and still pictures stay what they are; and at a cut it changes as much as its surroundings
do, so that thresholds of change hold. In a keyframe it takes the mean colour of the rest, because the network
that embeds pictures sees a pattern where one column is repeated: the embeddings of pictures that differed in
the rectangle alone were 0.006 to 0.045 apart (one minus their cosine), and with the mean colour 0.0003 to
0.0007. Knows arrays of pixels; imports no PyAV and no torch.
"""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt

Image = npt.NDArray[np.uint8]
Ints = npt.NDArray[np.int64]

_GRID_SLACK = 1e-6
"""Pixels by which an edge may miss a pixel's border and still lie on it: shares such as 1/3 are not exact."""
_SCALING_REACH_PX = 1
"""Pixels beyond the rectangle that are filled, too, because swscale (9.5) mixes them with what is in it: the
next one shows 0.25 to 0.4 of a change inside, the one after it at most 0.01 (of 320 and of 1280 columns)."""


class Mask:
    """Fills `rectangle` in pictures of any size. None: pictures stay as they are.

    rectangle: (x, y, width, height) as shares, 0..1, of the upright picture, from its top left corner. Pixels
    that it touches are in it, and those beside them, which scaling has mixed with them.
    """

    def __init__(self, rectangle: tuple[float, float, float, float] | None) -> None:
        self._rectangle = rectangle
        self._sources: dict[tuple[int, int], tuple[Ints, Ints]] = {}

    def nearest(self, picture: Image) -> Image:
        """uint8[H, W, 3] -> the same, or a copy with the rectangle filled from around it."""
        place = self._place(picture)
        if place is None:
            return picture
        shape = picture.shape[:2]
        if shape not in self._sources:
            self._sources[shape] = _nearest(*place, *shape)
        filled = picture.copy()
        filled[_slices(place)] = picture[self._sources[shape]]
        return filled

    def even(self, picture: Image) -> Image:
        """uint8[H, W, 3] -> the same, or a copy with the rectangle in the mean colour of the rest."""
        place = self._place(picture)
        if place is None:
            return picture
        filled = picture.copy()
        filled[_slices(place)] = 0
        count = filled[..., 0].size - len(place[0]) * len(place[1])
        filled[_slices(place)] = (filled.sum(axis=(0, 1), dtype=np.int64) + count // 2) // count
        return filled

    def _place(self, picture: Image) -> tuple[range, range] | None:
        """Rows and columns to fill; None where there are none, or where nothing else would be left."""
        if self._rectangle is None:
            return None
        height, width = picture.shape[:2]
        x, y, wide, high = self._rectangle
        rows, columns = _span(y, high, height), _span(x, wide, width)
        return None if len(rows) == height and len(columns) == width else (rows, columns)


def _slices(place: tuple[range, range]) -> tuple[slice, slice]:
    rows, columns = place
    return slice(rows.start, rows.stop), slice(columns.start, columns.stop)


def _span(start: float, length: float, pixels: int) -> range:
    """The pixels of a row or column that have any part of the rectangle in them."""
    first = math.floor(start * pixels + _GRID_SLACK)
    stop = max(first + 1, math.ceil((start + length) * pixels - _GRID_SLACK))
    return range(max(0, first - _SCALING_REACH_PX), min(pixels, stop + _SCALING_REACH_PX))


def _nearest(rows: range, columns: range, height: int, width: int) -> tuple[Ints, Ints]:
    """Row and column of the pixel outside of the rectangle that is nearest to each one in it; of equally near
    ones the one above, below, to the left, to the right."""
    row, column = np.meshgrid(np.array(rows), np.array(columns), indexing="ij")
    edges = [
        (row - rows.start + 1, rows.start - 1, column, rows.start > 0),
        (rows.stop - row, rows.stop, column, rows.stop < height),
        (column - columns.start + 1, row, columns.start - 1, columns.start > 0),
        (columns.stop - column, row, columns.stop, columns.stop < width),
    ]
    inside = [edge for edge in edges if edge[3]]
    side = np.argmin([edge[0] for edge in inside], axis=0)
    from_row = np.choose(side, [np.broadcast_to(edge[1], row.shape) for edge in inside])
    from_column = np.choose(side, [np.broadcast_to(edge[2], row.shape) for edge in inside])
    return from_row, from_column
