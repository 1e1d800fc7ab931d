"""The frames of a chunk as analysis wants them: small, measured, every slot filled.

All measures are made of whole numbers, so they do not depend on the order of a sum. Knows decoded frames;
not the networks.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Generic, Protocol, TypeVar

import numpy as np
import numpy.typing as npt

from actors.segmentation.picture.keyframes import Look, Lookout, sharpness
from actors.segmentation.picture.small_frames import NETWORK_HEIGHT_PX, NETWORK_WIDTH_PX
from actors.segmentation.tracks import THUMB_SHAPE

HOLE_REACH = 50
"""So many slots back a missing frame looks for a picture to repeat; none there: black. The bound makes the
pictures of a damaged file the same in every chunk that sees them."""

_LUMA_WEIGHTS = np.array([299, 587, 114], np.float64)
_LUMA_SCALE = 1000
_PIXELS = NETWORK_HEIGHT_PX * NETWORK_WIDTH_PX
_THUMB_CELL = (NETWORK_HEIGHT_PX // THUMB_SHAPE[0], NETWORK_WIDTH_PX // THUMB_SHAPE[1])

Image = npt.NDArray[np.uint8]
FrameT = TypeVar("FrameT")
FrameT_co = TypeVar("FrameT_co", covariant=True)
FrameT_contra = TypeVar("FrameT_contra", contravariant=True)


class Slot(Protocol[FrameT_co]):
    """What is needed of `decode.DecodedFrame`."""

    @property
    def slot(self) -> int:
        """Its number."""

    @property
    def frame(self) -> FrameT_co | None:
        """The frame, or None for a hole."""


class Shrinker(Protocol[FrameT_contra]):
    """What is needed of `small_frames.SmallFrames`."""

    def network(self, frame: FrameT_contra, /) -> Image:
        """uint8 RGB [27, 48, 3]."""

    def image(self, frame: FrameT_contra, /) -> Image:
        """uint8 RGB [H, W, 3] for a keyframe."""


@dataclass(frozen=True, slots=True, repr=False)
class Picture:
    """One slot: uint8 RGB [27, 48, 3], the sum of absolute differences to the slot before, maybe a look."""

    slot: int
    valid: bool
    small: Image
    change: int
    look: Look | None

    def __repr__(self) -> str:
        return f"Picture({self.slot}, valid={self.valid}, change={self.change}, look={self.look is not None})"


class PictureSource(Generic[FrameT]):
    """Fills the slots and takes the looks. One pass over one range of slots.

    `before(start, stop)` gives the slots start .. stop - 1; it is asked only when the first slot is a hole.
    """

    def __init__(
        self,
        shrink: Shrinker[FrameT],
        lookout: Lookout,
        before: Callable[[int, int], Iterable[Slot[FrameT]]],
    ) -> None:
        self._shrink = shrink
        self._lookout = lookout
        self._before = before
        self._decoded: tuple[int, Image] | None = None

    def pictures(self, slots: Iterable[Slot[FrameT]]) -> Iterator[Picture]:
        """One picture a slot, in order."""
        previous: Image | None = None
        for item in slots:
            if previous is None and item.frame is None:
                self._look_back(item.slot)
            small = self._filled(item)
            change = 0 if previous is None else _change(previous, small)
            look = None
            if self._lookout.wants(item.slot, change) and item.frame is not None:
                image = self._shrink.image(item.frame)
                look = Look(item.slot, image, sharpness(image))
            yield Picture(item.slot, item.frame is not None, small, change, look)
            previous = small

    def _filled(self, item: Slot[FrameT]) -> Image:
        if item.frame is not None:
            self._decoded = item.slot, self._shrink.network(item.frame)
        if self._decoded is None or item.slot - self._decoded[0] > HOLE_REACH:
            return np.zeros((NETWORK_HEIGHT_PX, NETWORK_WIDTH_PX, 3), np.uint8)
        return self._decoded[1]

    def _look_back(self, slot: int) -> None:
        for item in self._before(max(0, slot - HOLE_REACH), slot):
            self._filled(item)


def _change(before: Image, after: Image) -> int:
    return int(np.abs(after.astype(np.int16) - before).sum(dtype=np.int64))


def mean_change(changes: npt.NDArray[np.int64]) -> npt.NDArray[np.float16]:
    """Sums of absolute differences of all 27 x 48 x 3 values -> their mean, 0..255."""
    return (changes / (3 * _PIXELS)).astype(np.float16)


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
