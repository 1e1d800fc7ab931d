"""Decodes pictures of a block that were left out and turned out to matter, after the first pass.

What is decoded is a function of the block's own window, and a frame decodes to the same picture wherever
decoding begins, so chunks leave no trace. Knows the plan, the reader and how a picture is scaled; does not
decide which pictures matter.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import numpy.typing as npt

from actors.segmentation.decode.video import VideoReader
from actors.segmentation.picture.blocks import BlockWindow
from actors.segmentation.picture.masking import Mask
from actors.segmentation.picture.measures import change
from actors.segmentation.picture.scaling import FrameScaler
from actors.segmentation.planning.plan import Plan
from actors.segmentation.runs import true_runs

Bools = npt.NDArray[np.bool_]


class SecondLook:
    """For one video, block after block. reader: makes one that leaves out these frames (bool[frames]); mask:
    what is not measured. Not thread-safe."""

    def __init__(self, plan: Plan, mask: Mask, reader: Callable[[Bools], VideoReader]) -> None:
        self._left_out = plan.left_out
        self._seek_frames = np.array([point.frame for point in plan.index.seek_points()], np.int64)
        self._scaler = FrameScaler(plan.media)
        self._mask = mask
        self._reader = reader

    def decoded(self, window: BlockWindow, wanted: Bools) -> BlockWindow:
        """The window with these of its estimated pictures decoded. wanted: bool[n].

        Those that a damaged file does not give stay estimated.
        """
        small, estimated, valid = window.small.copy(), window.estimated.copy(), window.valid.copy()
        left_out = self._left_out.copy()
        left_out[window.start : window.start + len(wanted)] &= ~wanted
        with self._reader(left_out) as reader:
            for start, stop in self._ranges(window.start, wanted):
                for item in reader.frames(start, stop):
                    at = item.slot - window.start
                    if wanted[at] and item.frame is not None:
                        small[at] = self._mask.nearest(self._scaler.network(item.frame))
                        estimated[at], valid[at] = False, True
        changed = window.change.copy()
        for at in np.flatnonzero(window.estimated & ~estimated).tolist():
            for later in range(at, min(at + 2, len(small))):
                changed[later] = change(small[later - 1], small[later]) if later else 0
        return replace(window, small=small, change=changed, valid=valid, estimated=estimated)

    def _ranges(self, first: int, wanted: Bools) -> list[tuple[int, int]]:
        """Ranges of frames that hold all that are wanted, one for each seek point that serves some."""
        ranges: list[tuple[int, int]] = []
        served_by = -1
        for start, stop in true_runs(wanted, 0):
            point = int(np.searchsorted(self._seek_frames, first + start, side="right"))
            if ranges and point == served_by:
                ranges[-1] = ranges[-1][0], first + stop
            else:
                ranges.append((first + start, first + stop))
            served_by = point
        return ranges
