"""From which frame to which a text is shown, by the parts of the picture that changed where it stands.

Between the picture in which it is first read and the one before, its cells changed once from what the one
shows to what the other does: at a cut to the frame, in a fade about its middle. Knows pictures and boxes; no
texts.
"""

from __future__ import annotations

from typing import cast

import numpy as np
import numpy.typing as npt

from actors.segmentation.screen.pictures import COLUMNS, ROWS, Pictures
from actors.segmentation.screen_text import Box

VISIBLE_LEVELS = 2
"""Change of a cell from which it says when a text came or went. Less is noise; text that changes nothing is
seen only in pictures in which it is read."""


EDGE_LEVELS = 15.0
"""Mean change of its cells from which a text that is read in the first picture came after the start of the
video, or one in the last went before its end: nothing else says so, and a running picture changes as well."""


def first_frame(pictures: Pictures, place: int, box: Box) -> int:
    """The first frame that shows a text which is read in picture `place` and not in the one before.

    What stands in the first picture stood there from the start unless its cells changed much.
    """
    changed = _changed(pictures, place, box, 0.0 if place else EDGE_LEVELS)
    first = int(pictures.frame[place])
    if changed is None:
        return first if place else 0
    return min(changed, first)


def last_frame(pictures: Pictures, place: int, box: Box, frames: int) -> int:
    """The frame behind the last that shows a text which is read in picture `place` and not in the next one.

    frames: of the video. What stands in the last picture stays to the end unless its cells change much.
    """
    last = int(pictures.frame[place])
    at_end = place + 1 == len(pictures)
    changed = _changed(pictures, place + 1, box, EDGE_LEVELS if at_end else 0.0)
    if changed is None:
        return frames if at_end else last + 1
    return max(changed, last + 1)


def _changed(pictures: Pictures, gap: int, box: Box, least_levels: float) -> int | None:
    """The frame at which the cells of a box changed between two pictures; None where they did not, or by less
    than `least_levels` in the mean.

    The median of the cells, each as often as it says something: the share of it that the box covers, times
    how much it changed.
    """
    covered = _cover(box)
    change = pictures.change[gap].astype(np.float64)
    weight = covered * np.where(change >= VISIBLE_LEVELS, change, 0.0)
    if not weight.any() or float((covered * change).sum() / covered.sum()) < least_levels:
        return None
    order = np.argsort(pictures.changed_frame[gap], kind="stable")
    total = np.cumsum(weight[order])
    return int(pictures.changed_frame[gap][order][np.searchsorted(total, total[-1] / 2)])


def _cover(box: Box) -> npt.NDArray[np.float64]:
    """Share of each cell that a box covers."""
    left, top, width, height = box
    across = _covered(left, left + width, COLUMNS)
    down = _covered(top, top + height, ROWS)
    return cast("npt.NDArray[np.float64]", np.outer(down, across).ravel())


def _covered(start: float, end: float, cells: int) -> npt.NDArray[np.float64]:
    edges = np.arange(cells + 1) / cells
    return np.asarray((np.minimum(edges[1:], end) - np.maximum(edges[:-1], start)).clip(0) * cells)
