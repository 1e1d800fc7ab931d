"""One block of small pictures becomes rows of the frame track; the network looks where it is needed.

Block by block: measure the pictures of the block and its context, survey them, run the network around what
is doubtful. A block's rows are a function of its own window of pictures, so chunks leave no trace. Above 40
frames a second the network and the survey see every second (third, ...) frame: they were made for 24 to 30.
Knows small pictures and the networks; not where pictures come from nor what a boundary is.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Protocol

import numpy as np
import numpy.typing as npt

from actors.segmentation.picture.measures import luma, mean_change, thumbs
from actors.segmentation.shots.candidates import runs
from actors.segmentation.shots.gate import survey
from actors.segmentation.shots.rate import thin_step, thinned
from actors.segmentation.tracks import FrameTrack

VIEW_CONTEXT = 16
"""Frames the network sees on either side of what it is asked about. With three times as many the same cuts
stand out, more sharply; with half as many some do not."""
VIEW_STEP = 8
"""View lengths are multiples of it, so that the networks meet few different shapes."""

Image = npt.NDArray[np.uint8]
Bools = npt.NDArray[np.bool_]


class Network(Protocol):
    """What is needed of `models.Models`."""

    def transitions(self, window: Image, /) -> npt.NDArray[np.float16]:
        """uint8 RGB [T, 27, 48, 3] -> float16 [T, 2]."""


@dataclass(frozen=True, slots=True, repr=False)
class Window:
    """The pictures of a block and its context, rows in order from slot `start` on; at the video's ends there
    is less context. small: uint8 RGB [n, 27, 48, 3]. change: int64[n], see Picture. valid: bool[n]."""

    start: int
    small: Image
    change: npt.NDArray[np.int64]
    valid: Bools

    def __post_init__(self) -> None:
        if not len(self.small) == len(self.change) == len(self.valid):
            raise ValueError("a window's rows must be parallel")

    def __repr__(self) -> str:
        return f"Window({self.start}..{self.start + len(self.small)})"


@dataclass(frozen=True, slots=True, repr=False)
class BlockRows:
    """A block's rows of the track, and which frames are in a transition (bool[n], as `cut` marks them)."""

    frames: FrameTrack
    moving: Bools

    def __repr__(self) -> str:
        return f"BlockRows({self.frames!r}, {int(self.moving.sum())} moving)"


def analyse_block(window: Window, block: range, fps: float, network: Network) -> BlockRows:
    """Rows of the slots `block`, which lie inside the window."""
    step = thin_step(fps)
    track = _measured(window)
    kept = np.arange(-window.start % step, len(track), step)
    inside = (kept + window.start >= block.start) & (kept + window.start < block.stop)
    thin = thinned(track, step, int(kept[0]))
    surveyed = survey(thin, fps / step)
    looked = surveyed.doubtful & inside
    if looked.any():
        probabilities = _look(window.small[kept], looked, network)
        thin = replace(thin, looked=looked, cut=probabilities[:, 0], many=probabilities[:, 1])
        surveyed = survey(thin, fps / step)
    # each kept frame speaks for those up to the next one
    rows = np.searchsorted(kept, np.arange(block.start, block.stop) - window.start, "right") - 1
    frames = replace(
        track.rows(block.start - window.start, block.stop - window.start),
        looked=thin.looked[rows],
        cut=thin.cut[rows],
        many=thin.many[rows],
    )
    return BlockRows(frames, surveyed.moving[rows])


def _measured(window: Window) -> FrameTrack:
    n = len(window.small)
    mean, spread = luma(window.small)
    motion = mean_change(window.change)
    motion[:1] = 0  # of what was before the window, only a chunk that reaches further back knows
    return replace(
        FrameTrack.empty(n),
        valid=window.valid,
        luma_mean=mean,
        luma_std=spread,
        motion=motion,
        thumb=thumbs(window.small),
    )


def _look(small: Image, wanted: Bools, network: Network) -> npt.NDArray[np.float16]:
    """float16 [n, 2]: the network's probabilities where they are wanted, 0 elsewhere."""
    out = np.zeros((len(small), 2), np.float16)
    for start, stop in runs(wanted, 2 * VIEW_CONTEXT):
        length = -(-(stop - start + 2 * VIEW_CONTEXT) // VIEW_STEP) * VIEW_STEP
        view = np.clip(np.arange(start - VIEW_CONTEXT, start - VIEW_CONTEXT + length), 0, len(small) - 1)
        found = network.transitions(small[view])[VIEW_CONTEXT : VIEW_CONTEXT + stop - start]
        out[start:stop] = np.where(wanted[start:stop, None], found, 0)
    return out
