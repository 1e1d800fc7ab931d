"""Chooses keyframe candidates: at least one for each shot, and about one every six seconds.

A block of the plan is divided into equal intervals. While frames pass, some of each interval are sampled
(scaled to keyframe size, their sharpness measured); when the block's transitions are known, the sharpest
sample of each piece between transitions becomes a candidate. All of it depends on the block and its context
alone, so the candidates are the same however the video is divided into chunks. Knows images and transitions;
imports no PyAV and no torch.
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

from actors.segmentation.luma import WEIGHTS_256
from actors.segmentation.picture.measures import VALUES_PER_PICTURE
from actors.segmentation.planning.chunks import BLOCK_FRAMES

INTERVAL_S = 6.0
"""Seconds of film for one candidate, about. EfficientNet-Lite0 embeds every candidate, which costs as much as
all else does for a hundred frames (4 s at 25 frames/s); a shot needs one or two."""
SAMPLES_PER_INTERVAL = 5
"""Frames sampled in an interval, evenly from its first frame on: an interval that the video's end cuts short
has one, too. Each costs the scaling of a full frame. No measurement is recorded."""

JUMP_CHANGE = 10.0
"""Mean absolute difference to the frame before (0..255) from which a frame may begin another shot. The frame
SETTLE_FRAMES later is then sampled, too, so that a shot shorter than the distance of two samples has one. No
measurement; cuts in dark scenes are at 5 to 10 and may be missed here."""
JUMP_RATIO = 2.0
"""... and it must change so many times as much as each of the two frames before: motion is no jump. No
measurement."""
SETTLE_FRAMES = 2
"""Frames from a jump to the one that is sampled. No measurement; past the frame of the jump itself, which
interlacing or a conversion of the frame rate may have blended."""

MARGIN_FRAMES = 3
"""Samples this close to a transition are taken only where there are no others: they are often blended or
blurred. No measurement; as far as an extent may be found too short (`shots.gate.MARGIN_FRAMES`)."""

WEBP_QUALITY = 78
"""Of libwebp, 0..100. Keyframes take 2.9 kB (mean of 26 frames of two films; 2.4 kB at 70, 3.7 kB at 85). No
comparison of how they look is recorded."""
_WEBP_EFFORT = 2
"""Of libwebp, 0 (fast) .. 6 (small files); Pillow's default is 4. No measurement; low, because encoding runs
on the thread of the networks, for which the others wait."""

Image = npt.NDArray[np.uint8]


@dataclass(frozen=True, slots=True, repr=False)
class SampledFrame:
    """A frame that may become a candidate. image: uint8 RGB [H, W, 3]; sharpness: see `sharpness`."""

    slot: int
    image: Image
    sharpness: float

    def __repr__(self) -> str:
        return f"SampledFrame({self.slot}, {self.image.shape[1]}x{self.image.shape[0]}, {self.sharpness:.1f})"


def interval_bounds(fps: float) -> npt.NDArray[np.int64]:
    """int64[n + 1]: first frames of a block's n intervals, then its end. ValueError unless fps > 0."""
    if not fps > 0:
        raise ValueError(f"frames per second must be positive, not {fps}")
    count = min(max(round(BLOCK_FRAMES / (fps * INTERVAL_S)), 1), BLOCK_FRAMES)
    return np.rint(np.linspace(0, BLOCK_FRAMES, count + 1)).astype(np.int64)


class FrameSampler:
    """Decides of each slot, in order, whether it is sampled: at regular distances and after jumps.

    In place of a slot that is left out the next one is sampled that is not. `bounds`: of `interval_bounds`.
    Slots outside `own` (a chunk's context) are never sampled; the first of a block always is, so that what is
    due before a chunk begins changes nothing in it.
    """

    def __init__(self, bounds: npt.NDArray[np.int64], own: range) -> None:
        self._own = own
        self._regular = np.zeros(BLOCK_FRAMES, np.bool_)
        for start, stop in pairwise(bounds.tolist()):
            spacing = max((stop - start) // SAMPLES_PER_INTERVAL, 1)
            self._regular[start:stop:spacing] = True
        self._changes_before = 0, 0
        self._settled_at = -1
        self._late = False

    @property
    def regular_share(self) -> float:
        """Share of the frames, 0..1, that are sampled whatever they show."""
        return float(self._regular.mean())

    def wants(self, slot: int, change: int, *, left_out: bool = False) -> bool:
        """Whether a slot is sampled; call it for every slot in order.

        `change`: sum of absolute differences of the 27 x 48 x 3 values to the slot before. `left_out`: there
        is no frame to sample.
        """
        due = slot == self._settled_at or bool(self._regular[slot % BLOCK_FRAMES]) or self._late
        self._late = due and left_out
        # two frames back: with 2:3 pull-down or animation on twos every other frame repeats the one before
        calm_before = change >= JUMP_RATIO * max(self._changes_before)
        if calm_before and change >= JUMP_CHANGE * VALUES_PER_PICTURE and slot > self._settled_at:
            self._settled_at = slot + SETTLE_FRAMES
        self._changes_before = self._changes_before[1], change
        return due and not left_out and slot in self._own


def choose(
    samples: Sequence[SampledFrame],
    block_start: int,
    moving: npt.NDArray[np.bool_],
    bounds: npt.NDArray[np.int64],
) -> list[SampledFrame]:
    """The candidates among a block's samples, in order of time.

    `moving` bool[n]: the slots from `block_start` on that are in a transition (n < BLOCK_FRAMES only in the
    last block). `bounds`: of `interval_bounds`. Each piece between transitions, within each interval, gives
    its sharpest sample. A piece without a sample takes the nearest one inside the transitions beside it; an
    interval that is all transition gives its sharpest.
    """
    # a cut is marked on the last frame before it, which is a clean one, and the next begins another piece
    piece: npt.NDArray[np.int64] = np.cumsum(moving, dtype=np.int64) - moving
    beside = np.pad(moving, 1)
    blended = moving & (beside[:-2] | beside[2:])  # two marked frames in a row: gradual; one alone: a cut
    near = ndimage.maximum_filter1d(moving.astype(np.uint8), 2 * MARGIN_FRAMES + 1, mode="constant")
    interval = np.searchsorted(bounds, np.arange(len(moving)), side="right")
    best: dict[tuple[int, int], tuple[bool, float, int]] = {}
    spare: dict[int, tuple[float, int]] = {}
    for index, sample in enumerate(samples):
        at = sample.slot - block_start
        here = int(interval[at])
        # ranks end with -index, so that of equally sharp samples the first wins
        spare[here] = max(spare.get(here, (-1.0, 0)), (sample.sharpness, -index))
        if not blended[at]:
            key = here, int(piece[at])
            rank = (not near[at], sample.sharpness, -index)
            best[key] = max(best.get(key, rank), rank)
    served = {here for here, _ in best}
    chosen = [-rank[2] for rank in best.values()]
    chosen += [-rank[1] for here, rank in spare.items() if here not in served]
    chosen += _beside_unsampled(np.array([one.slot - block_start for one in samples], np.int64), blended)
    return [samples[index] for index in sorted(set(chosen))]


def _beside_unsampled(at: npt.NDArray[np.int64], blended: npt.NDArray[np.bool_]) -> list[int]:
    """For each piece without a sample, the index of the nearest sample in the transitions beside it.

    at: the samples' frames, ascending.
    """
    run = np.cumsum(np.diff(blended, prepend=blended[:1]))
    out = []
    for unsampled in np.setdiff1d(run[~blended], run[at]).tolist():
        first, last = np.searchsorted(run, [unsampled, unsampled + 1]) - [0, 1]
        near = np.flatnonzero(np.abs(run[at] - unsampled) == 1)
        if len(near):
            gaps = np.maximum(first - at[near], at[near] - last)
            out.append(int(near[np.argmin(gaps)]))
    return out


def sharpness(image: Image) -> float:
    """Focus measure: uint8 RGB [H, W, 3] -> standard deviation of the Laplacian of luma (0..255).

    0 for images of less than 3 pixels.
    """
    if min(image.shape[:2]) < 3:
        return 0.0
    # whole numbers below 2^24: exact in float32 whatever the order of the sum, and far quicker than integers
    weighted = image.reshape(-1, 3).astype(np.float32) @ np.array(WEIGHTS_256, np.float32)
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
