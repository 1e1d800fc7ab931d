"""The frame index: the PTS of every frame that is shown, and the seek points at which decoding may begin.

A frame's number is the position of its PTS in this order (presentation order); readers give for each number
a frame or a hole. Knows timestamps and flags of packets, no pixels; imports no PyAV.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from fractions import Fraction
from itertools import pairwise

import numpy as np
import numpy.typing as npt

from actors.segmentation.demux.packet_activity import calm_frames
from actors.segmentation.demux.packet_scan import NO_PTS, PacketScan
from actors.segmentation.timebase import FrameClock

MAX_REORDER_FRAMES = 16
"""Largest difference between a frame's places in decoding and in presentation order: a decoder of H.264 or
H.265 holds at most 16 pictures (H.264 A.3.1; H.265 A.4.2), those of other codecs fewer."""
_JUMP_BACK_S = 1
"""Seconds: timestamps that step back by more begin a new clock (recordings that were joined), others are out
of order. No measurement; longer than any reordering."""
_LONGEST_FRAME_S = 3600
"""Seconds: a last frame whose duration is longer has a broken one. No measurement."""
_FALLBACK_FRAME_S = Fraction(1, 25)
"""Duration of a frame where neither timestamps nor container say any: of a single frame, mostly."""

Int64s = npt.NDArray[np.int64]
Bools = npt.NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class SeekPoint:
    """A key packet at which decoding may begin: its frame number, PTS and DTS."""

    frame: int
    pts: int
    dts: int


@dataclass(frozen=True, slots=True, repr=False, eq=False)
class FrameIndex:
    """n >= 1 frames in presentation order. ValueError when the arrays contradict each other.

    pts: int64[n], strictly increasing, in units of `time_base` seconds. end_pts: exclusive end of the last.
    key: bool[n], decoding may begin at this frame, and it and all later ones come out as if decoded from the
    file's first packet. key_dts: int64[number of keys], DTS of those packets.
    trusted: decoded frames have the PTS of the packets. False: the index was made by decoding everything
    once; frame k is the k-th that the decoder gives from the file's start, and there are no keys.
    reorder_depth: largest difference between a frame's places in decoding and in presentation order.
    damaged: decoding everything met damage, which FFmpeg conceals reproducibly only with one thread.
    unreferenced: bool[n], no other frame refers to this one, so that all others decode the same without it.
    calm: bool[n], see `packet_activity.calm_frames`. Both are empty in an index that is not trusted.
    """

    pts: Int64s
    key: Bools
    end_pts: int
    time_base: Fraction
    trusted: bool
    key_dts: Int64s = field(default_factory=lambda: np.zeros(0, np.int64))
    reorder_depth: int = 0
    damaged: bool = False
    unreferenced: Bools = field(default_factory=lambda: np.zeros(0, np.bool_))
    calm: Bools = field(default_factory=lambda: np.zeros(0, np.bool_))

    def __post_init__(self) -> None:
        FrameClock(self.pts, self.end_pts, self.time_base)
        if self.key.shape != self.pts.shape or self.key.dtype != np.bool_:
            raise ValueError(f"key must be bool[{len(self.pts)}], not {self.key.dtype}{self.key.shape}")
        if len(self.key_dts) not in (0, int(self.key.sum())):
            raise ValueError("key_dts must have one entry for each key frame")
        if len(self.unreferenced) != len(self.calm) or len(self.calm) not in (0, len(self.pts)):
            raise ValueError("unreferenced and calm must have one entry for each frame, or none")
        if len(self.calm) and not self.trusted:
            raise ValueError("of an index that is not trusted no frame may be left out")

    def __len__(self) -> int:
        return len(self.pts)

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, FrameIndex):
            return NotImplemented
        mine = (self.end_pts, self.time_base, self.trusted, self.reorder_depth, self.damaged)
        theirs = (other.end_pts, other.time_base, other.trusted, other.reorder_depth, other.damaged)
        arrays = ("pts", "key", "key_dts", "unreferenced", "calm")
        return mine == theirs and all(np.array_equal(getattr(self, a), getattr(other, a)) for a in arrays)

    __hash__ = None  # type: ignore[assignment]

    def __repr__(self) -> str:
        return f"FrameIndex(frames={len(self.pts)}, keys={int(self.key.sum())}, trusted={self.trusted})"

    @property
    def clock(self) -> FrameClock:
        """Converts frame numbers to PTS and seconds."""
        return FrameClock(self.pts, self.end_pts, self.time_base)

    def seek_points(self) -> list[SeekPoint]:
        """Where decoding may begin, in order; empty when it may begin only at the file's start."""
        if not self.trusted or len(self.key_dts) == 0:
            return []
        frames = np.flatnonzero(self.key)
        return [
            SeekPoint(int(frame), int(self.pts[frame]), int(dts))
            for frame, dts in zip(frames, self.key_dts, strict=True)
        ]

    def without(self, head: int, tail: int) -> FrameIndex:
        """The index without its first `head` and last `tail` frames, which do not decode."""
        keep = slice(head, len(self.pts) - tail)
        keys_before, keys_after = int(self.key[:head].sum()), int(self.key[: keep.stop].sum())
        return replace(
            self,
            pts=self.pts[keep],
            key=self.key[keep],
            end_pts=self.end_pts if tail == 0 else int(self.pts[keep.stop]),
            key_dts=self.key_dts[keys_before:keys_after] if len(self.key_dts) else self.key_dts,
            unreferenced=self.unreferenced[keep],
            calm=self.calm[keep],
        )


def index_from_packets(scan: PacketScan, time_base: Fraction, frame_s: Fraction | None) -> FrameIndex | None:
    """The index by the packets' timestamps; None when these cannot be those of frames (missing, repeated).

    `frame_s`: a frame's duration in seconds by the container's rate; used only for a single frame whose
    packet has no duration.
    """
    pts = scan.pts[scan.shown]
    known_dts = scan.dts[scan.dts != NO_PTS]
    if len(pts) == 0 or bool(np.any(pts == NO_PTS)) or bool(np.any(np.diff(known_dts) < 0)):
        return None
    order = np.argsort(pts, kind="stable")
    in_order = pts[order]
    if bool(np.any(np.diff(in_order) <= 0)):
        return None
    # A key packet is a seek point when no frame that is shown after it is decoded before it (open GOPs).
    first_decoded_from = np.minimum.accumulate(order[::-1])[::-1]
    key = scan.begin[scan.shown][order] & (first_decoded_from == order)
    dts = scan.dts[scan.shown][order]
    dts = np.where(dts == NO_PTS, in_order, dts)
    place = np.empty_like(order)
    place[order] = np.arange(len(order))
    last_duration = int(scan.duration[scan.shown][order[-1]])
    unreferenced = scan.unreferenced[scan.shown][order]
    forward = (np.maximum.accumulate(pts) == pts)[order]
    size, container_key = scan.size[scan.shown][order], scan.reading.key[scan.shown][order]
    return FrameIndex(
        pts=in_order,
        key=key,
        end_pts=int(in_order[-1]) + _last_duration(in_order, last_duration, time_base, frame_s),
        time_base=time_base,
        trusted=True,
        key_dts=dts[key],
        reorder_depth=int(min(MAX_REORDER_FRAMES, np.max(np.abs(np.arange(len(order)) - place)))),
        unreferenced=unreferenced,
        calm=calm_frames(size, container_key, forward, unreferenced),
    )


def index_from_frames(
    pts: list[int | None],
    last_duration: int,
    time_base: Fraction,
    frame_s: Fraction | None,
    *,
    damaged: bool = False,
) -> FrameIndex:
    """An untrusted index of frames in the order in which the decoder gave them; timestamps are repaired.

    Distinct timestamps out of order by at most _JUMP_BACK_S are sorted; missing and repeated ones are filled
    in evenly; after a jump back, the clock goes on where the part before it ended.
    """
    repaired = _repair(pts, time_base, frame_s)
    return FrameIndex(
        pts=repaired,
        key=np.zeros(len(repaired), np.bool_),
        end_pts=int(repaired[-1]) + _last_duration(repaired, last_duration, time_base, frame_s),
        time_base=time_base,
        trusted=False,
        damaged=damaged,
    )


def _repair(pts: list[int | None], time_base: Fraction, frame_s: Fraction | None) -> Int64s:
    jump_back = max(1, int(_JUMP_BACK_S / time_base))
    known = [p for p in pts if p is not None]
    if len(known) == len(pts) == len(set(known)):
        disorder = np.maximum.accumulate(known) - np.array(known)
        if int(disorder.max()) <= jump_back:
            return np.array(sorted(known), np.int64)
    step = _typical_step(pts, time_base, frame_s)
    times: list[int] = []
    shift = 0
    for given in pts:
        following = times[-1] + step if times else (known[0] if known else 0)
        if given is None:
            times.append(following)
            continue
        if times and given + shift < times[-1] - jump_back:
            shift = following - given
        moved = given + shift
        times.append(moved if not times or moved > times[-1] else following)
    return np.array(times, np.int64)


def _typical_step(pts: list[int | None], time_base: Fraction, frame_s: Fraction | None) -> int:
    """Ticks from frame to frame: the median of forward steps, less where timestamps repeat."""
    steps = [b - a for a, b in pairwise(pts) if a is not None and b is not None and b > a]
    if not steps:
        return max(1, int((frame_s or _FALLBACK_FRAME_S) / time_base))
    known = [p for p in pts if p is not None]
    return max(1, int(float(np.median(steps)) * len(set(known)) / len(known)))


def _last_duration(pts: Int64s, given: int, time_base: Fraction, frame_s: Fraction | None) -> int:
    """Ticks for which the last frame is shown: by its packet, the median step, or the container's rate."""
    if 0 < given <= _LONGEST_FRAME_S / time_base:
        return given
    if len(pts) > 1:
        return max(1, int(np.median(np.diff(pts))))
    return max(1, int((frame_s or _FALLBACK_FRAME_S) / time_base))
