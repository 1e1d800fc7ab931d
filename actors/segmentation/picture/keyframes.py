"""Which frames stand for a stretch of film: at least one candidate a shot, and about every six seconds.

A block of the plan is divided into equal cells. While frames pass, some of each cell get a closer look
(an image and its sharpness); when the network has spoken, the sharpest look of each piece between
transitions becomes a candidate. All of it depends on the block and its neighbourhood alone, so chunks
leave no trace. Knows images and probabilities; not where either comes from.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from io import BytesIO
from itertools import pairwise

import numpy as np
import numpy.typing as npt
from PIL import Image as PilImage
from scipy import ndimage

from actors.segmentation.planning.plan import BLOCK_FRAMES

CELL_S = 6.0
"""Describing a picture costs as much as the rest does for a hundred frames; a shot needs one or two."""
LOOKS_PER_CELL = 5
"""Evenly spread from the cell's first frame on, so that a cell which the video's end cuts short has one too;
every look costs a conversion of the full frame."""

JUMP_CHANGE = 10.0
"""Mean absolute difference (0..255) from which a frame may begin another shot, so that the frame after
the next gets a look too: a shot shorter than the distance of two looks then still has one."""
JUMP_RATIO = 2.0
SETTLE_FRAMES = 2

MARGIN_FRAMES = 3
"""Looks so close to a transition are taken only for want of others: they are often blends or blurred."""

WEBP_QUALITY = 78
_WEBP_EFFORT = 2
_CHANGE_SCALE = 27 * 48 * 3

Image = npt.NDArray[np.uint8]


@dataclass(frozen=True, slots=True, repr=False)
class Look:
    """A frame that may become a keyframe: uint8 RGB [H, W, 3] and how sharp it is."""

    slot: int
    image: Image
    sharpness: float

    def __repr__(self) -> str:
        return f"Look({self.slot}, {self.image.shape[1]}x{self.image.shape[0]}, {self.sharpness:.1f})"


def cell_bounds(fps: float) -> npt.NDArray[np.int64]:
    """int64[cells + 1]: where a block's cells begin, then the block's end. ValueError unless fps > 0."""
    if not fps > 0:
        raise ValueError(f"frames per second must be positive, not {fps}")
    cells = min(max(round(BLOCK_FRAMES / (fps * CELL_S)), 1), BLOCK_FRAMES)
    return np.rint(np.linspace(0, BLOCK_FRAMES, cells + 1)).astype(np.int64)


class Lookout:
    """Says of each passing slot, in order, whether it deserves a look. Only slots in `own` ever do."""

    def __init__(self, bounds: npt.NDArray[np.int64], own: range) -> None:
        self._own = own
        self._regular = np.zeros(BLOCK_FRAMES, np.bool_)
        for start, stop in pairwise(bounds.tolist()):
            spacing = max((stop - start) // LOOKS_PER_CELL, 1)
            self._regular[start:stop:spacing] = True
        self._changes_before = 0, 0
        self._settled_at = -1

    @property
    def share(self) -> float:
        """Of the frames, how many get a look whatever they show."""
        return float(self._regular.mean())

    def wants(self, slot: int, change: int) -> bool:
        """`change`: sum of absolute differences of 27 x 48 x 3 values to the slot before."""
        due = slot == self._settled_at
        # the last two: every other frame of some films (pulled down, animated on twos) repeats the one before
        calm = change >= JUMP_RATIO * max(self._changes_before)
        if calm and change >= JUMP_CHANGE * _CHANGE_SCALE and slot > self._settled_at:
            self._settled_at = slot + SETTLE_FRAMES
        self._changes_before = self._changes_before[1], change
        return slot in self._own and (bool(self._regular[slot % BLOCK_FRAMES]) or due)


def choose(
    looks: Sequence[Look],
    block_start: int,
    moving: npt.NDArray[np.bool_],
    bounds: npt.NDArray[np.int64],
) -> list[Look]:
    """The candidates among a block's looks, in order of time.

    `moving` bool[n]: the slots from `block_start` on that are in a transition (n < BLOCK_FRAMES only in the
    last block). Each run of frames without transition, within each cell, gives its sharpest
    look; a run without a look takes the nearest one of the transitions beside it, and a cell wholly in
    transition still gives one.
    """
    # a cut is marked on the last frame before it, which is a clean one, and the next begins another piece
    piece: npt.NDArray[np.int64] = np.cumsum(moving, dtype=np.int64) - moving
    beside = np.pad(moving, 1)
    blended = moving & (beside[:-2] | beside[2:])
    near = ndimage.maximum_filter1d(moving.astype(np.uint8), 2 * MARGIN_FRAMES + 1, mode="constant")
    cell = np.searchsorted(bounds, np.arange(len(moving)), side="right")
    best: dict[tuple[int, int], tuple[bool, float, int]] = {}
    spare: dict[int, tuple[float, int]] = {}
    for index, look in enumerate(looks):
        at = look.slot - block_start
        here = int(cell[at])
        spare[here] = max(spare.get(here, (-1.0, 0)), (look.sharpness, -index))
        if not blended[at]:
            key = here, int(piece[at])
            rank = (not near[at], look.sharpness, -index)
            best[key] = max(best.get(key, rank), rank)
    served = {here for here, _ in best}
    chosen = [-rank[2] for rank in best.values()]
    chosen += [-rank[1] for here, rank in spare.items() if here not in served]
    chosen += _beside_unseen(np.array([look.slot - block_start for look in looks], np.int64), blended)
    return [looks[index] for index in sorted(set(chosen))]


def _beside_unseen(at: npt.NDArray[np.int64], blended: npt.NDArray[np.bool_]) -> list[int]:
    """For each clean run of frames without a look, which look is the nearest in the transitions beside it.

    at: the looks' frames, ascending.
    """
    run = np.cumsum(np.diff(blended, prepend=blended[:1]))
    out = []
    for unseen in np.setdiff1d(run[~blended], run[at]).tolist():
        first, last = np.searchsorted(run, [unseen, unseen + 1]) - [0, 1]
        near = np.flatnonzero(np.abs(run[at] - unseen) == 1)
        if len(near):
            gaps = np.maximum(first - at[near], at[near] - last)
            out.append(int(near[np.argmin(gaps)]))
    return out


def sharpness(image: Image) -> float:
    """uint8 RGB [H, W, 3] -> standard deviation of the Laplacian of luma; 0 for images under 3 pixels."""
    if min(image.shape[:2]) < 3:
        return 0.0
    # whole numbers below 2^24: exact in float32 whatever the order of the sum, and far quicker than integers
    weighted = image.reshape(-1, 3).astype(np.float32) @ np.array([77, 150, 29], np.float32)
    luma = weighted.astype(np.int32).reshape(image.shape[:2]) >> 8
    middle = luma[1:-1, 1:-1]
    laplacian = luma[:-2, 1:-1] + luma[2:, 1:-1] + luma[1:-1, :-2] + luma[1:-1, 2:] - 4 * middle
    total, squares = int(laplacian.sum(dtype=np.int64)), int((laplacian * laplacian).sum(dtype=np.int64))
    return float(np.sqrt(max(squares * middle.size - total * total, 0)) / middle.size)


def webp(image: Image) -> bytes:
    """uint8 RGB [H, W, 3] as a lossy WebP file."""
    out = BytesIO()
    PilImage.fromarray(image).save(out, "WEBP", quality=WEBP_QUALITY, method=_WEBP_EFFORT)
    return out.getvalue()
