"""Turns decoded frames into one small picture for every slot, with its change and maybe a keyframe sample.

A slot is a frame number of the frame index; a hole is a slot whose frame did not decode, and repeats the
picture before it. A slot that is left out on purpose has the mean of the pictures around it, weighted by
distance: a picture that moves or fades evenly looks nearly so. Knows slots and anything that scales their
frames; imports no PyAV and no torch.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Generic, Protocol, TypeVar

import numpy as np
import numpy.typing as npt

from actors.segmentation.networks.inputs import FRAME_HEIGHT_PX, FRAME_WIDTH_PX
from actors.segmentation.picture.keyframes import FrameSampler, SampledFrame, sharpness
from actors.segmentation.picture.masking import Mask
from actors.segmentation.picture.measures import change

HOLE_REACH_FRAMES = 50
"""Slots before a hole in which a picture to repeat is searched; if there is none, the hole is black. Bounded,
so that a hole has the same picture in every chunk that decodes it; as far as a block's context reaches."""

Image = npt.NDArray[np.uint8]
FrameT = TypeVar("FrameT")
FrameT_co = TypeVar("FrameT_co", covariant=True)
FrameT_contra = TypeVar("FrameT_contra", contravariant=True)


class DecodedSlot(Protocol[FrameT_co]):
    """The part of `decode.video.DecodedFrame` that is used here."""

    @property
    def slot(self) -> int:
        """Frame number in the index."""

    @property
    def frame(self) -> FrameT_co | None:
        """The frame; None for a hole, and where left_out."""

    @property
    def left_out(self) -> bool:
        """Whether the frame was not to be decoded."""


class Scaler(Protocol[FrameT_contra]):
    """The part of `scaling.FrameScaler` that is used here."""

    def network(self, frame: FrameT_contra, /) -> Image:
        """uint8 RGB [27, 48, 3]."""

    def image(self, frame: FrameT_contra, /) -> Image:
        """uint8 RGB [H, W, 3] for a keyframe."""


_BLACK = np.zeros((FRAME_HEIGHT_PX, FRAME_WIDTH_PX, 3), np.uint8)


@dataclass(frozen=True, slots=True, repr=False)
class MeasuredFrame:
    """One slot. valid: it decoded, or those around it did; small: uint8 RGB [27, 48, 3]; change: sum of
    absolute differences to the slot before (0 for the first); sampled: the keyframe sample, where one was
    taken; estimated: it was left out."""

    slot: int
    valid: bool
    small: Image
    change: int
    sampled: SampledFrame | None
    estimated: bool = False

    def __repr__(self) -> str:
        return (
            f"MeasuredFrame({self.slot}, valid={self.valid}, change={self.change}, "
            f"sampled={self.sampled is not None})"
        )


class FrameMeasurer(Generic[FrameT]):
    """Scales and measures a range of slots, in one pass.

    `before(start, stop)` decodes the slots start .. stop - 1; called only when the first slot is a hole.
    `mask`: what is left out of a picture. The images of keyframe samples are kept as they are.
    """

    def __init__(
        self,
        scaler: Scaler[FrameT],
        sampler: FrameSampler,
        before: Callable[[int, int], Iterable[DecodedSlot[FrameT]]],
        mask: Mask | None = None,
    ) -> None:
        self._mask = mask or Mask(None)
        self._scaler = scaler
        self._sampler = sampler
        self._before = before
        self._decoded: tuple[int, Image] | None = None

    def measured(self, slots: Iterable[DecodedSlot[FrameT]]) -> Iterator[MeasuredFrame]:
        """One measured frame for each slot, in order."""
        last: MeasuredFrame | None = None
        waiting: list[int] = []
        for item in slots:
            if item.left_out:
                waiting.append(item.slot)
                continue
            if last is None and item.frame is None:
                self._decode_before(item.slot)
            small, valid = self._filled(item), item.frame is not None
            before = last or MeasuredFrame(item.slot, valid, small, 0, None)
            for slot in waiting:
                picture = between(before.small, small, slot - before.slot, item.slot - before.slot)
                last = self._row(last, slot, before.valid and valid, picture, estimated=True)
                yield last
            waiting.clear()
            last = self._row(last, item.slot, valid, small, item.frame)
            yield last
        for slot in waiting:  # only where the caller's range does not end with a frame that is decoded
            last = self._row(
                last, slot, valid=False, small=_BLACK if last is None else last.small, estimated=True
            )
            yield last

    def _row(
        self,
        last: MeasuredFrame | None,
        slot: int,
        valid: bool,
        small: Image,
        frame: FrameT | None = None,
        *,
        estimated: bool = False,
    ) -> MeasuredFrame:
        """The slot after `last`, with the keyframe sample that is due."""
        moved = 0 if last is None else change(last.small, small)
        sampled = None
        if self._sampler.wants(slot, moved, left_out=estimated) and frame is not None:
            image = self._scaler.image(frame)
            sampled = SampledFrame(slot, image, sharpness(self._mask.even(image)))
        return MeasuredFrame(slot, valid, small, moved, sampled, estimated)

    def _filled(self, item: DecodedSlot[FrameT]) -> Image:
        """The slot's small picture; that of the last decoded slot, or black, for a hole."""
        if item.frame is not None:
            self._decoded = item.slot, self._mask.nearest(self._scaler.network(item.frame))
        if self._decoded is None or item.slot - self._decoded[0] > HOLE_REACH_FRAMES:
            return _BLACK
        return self._decoded[1]

    def _decode_before(self, slot: int) -> None:
        """Find the picture that a hole at the range's beginning repeats."""
        for item in self._before(max(0, slot - HOLE_REACH_FRAMES), slot):
            self._filled(item)


def between(before: Image, after: Image, part: int, whole: int) -> Image:
    """The mean of two pictures, weighted by the distances part and whole - part to them, rounded."""
    if whole == 0:
        return after
    weighted = before.astype(np.int32) * (whole - part) + after.astype(np.int32) * part
    mean: Image = ((weighted + whole // 2) // whole).astype(np.uint8)
    return mean
