"""Holds the index against the decoder: decodes the beginning, the end where it is suspect, or everything.

Packets only promise frames. Field-coded pictures, hidden references, lost beginnings and cut-off endings show
when frames are counted. Knows the index and the decoder, not the plan.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING, cast

import numpy as np

from actors.segmentation.decode.frame_runs import FrameSource, packets_from_start
from actors.segmentation.decode.picture_decoder import PictureDecoder
from actors.segmentation.demux.container import ignore_other_streams, opened
from actors.segmentation.demux.frame_index import FrameIndex, index_from_frames
from actors.segmentation.demux.packet_scan import sane_stamp
from actors.segmentation.errors import Cancelled, MediaError, MediaErrorCode
from actors.segmentation.limits import Limits

if TYPE_CHECKING:
    from av.video.frame import VideoFrame
    from av.video.stream import VideoStream

HEAD_FRAMES = 48
"""Enough to see every pattern of reordering, field pairs and hidden frames, and decoded in a blink."""
_GIVE_UP_PACKETS = 1200
"""Packets without a single frame after which nothing is expected any more (several groups of pictures)."""


@dataclass(frozen=True, slots=True)
class Head:
    """The first frames: their timestamps in the decoder's order, and the first of them. complete: no more."""

    pts: list[int | None]
    first: VideoFrame | None
    complete: bool


def decode_head(path: Path, stream: int, limits: Limits) -> Head:
    """Decode the first HEAD_FRAMES frames with one thread."""
    pts: list[int | None] = []
    first: VideoFrame | None = None
    with opened(path, limits) as container:
        video = cast("VideoStream", container.streams[stream])
        ignore_other_streams(container, [stream])
        decoder = PictureDecoder(video, limits)
        for count, packet in enumerate(packets_from_start(container, video)):
            for frame in decoder.decode(packet):
                first = first or frame
                pts.append(sane_stamp(frame.pts))
            if len(pts) >= HEAD_FRAMES or (count >= _GIVE_UP_PACKETS and not pts):
                return Head(pts[:HEAD_FRAMES], first, complete=False)
    return Head(pts, first, complete=True)


def agree(index: FrameIndex, head: Head) -> FrameIndex | None:
    """The index, less leading frames that do not decode; None when the decoder gives other timestamps."""
    if not head.pts or None in head.pts:
        return None
    given = np.array(head.pts, np.int64)
    lost = int(np.searchsorted(index.pts, given[0]))
    promised = index.pts[lost:] if head.complete else index.pts[lost : lost + len(given)]
    if not np.array_equal(promised, given):
        return None
    return index.without(lost, 0)


def without_lost_tail(
    path: Path,
    stream: int,
    index: FrameIndex,
    limits: Limits,
    should_stop: Callable[[], bool] | None = None,
) -> FrameIndex:
    """The index, less frames at the end that do not decode (the file is cut off in the middle of one)."""
    points = index.seek_points()
    start = points[-1].frame if points else 0
    last = start - 1
    source = FrameSource(path, stream, index, limits, should_stop=should_stop)
    for number, _ in source.frames(start, len(index)):
        last = number
    return index.without(0, len(index) - 1 - last) if last >= 0 else index


def index_by_decoding(
    path: Path,
    stream: int,
    time_base: Fraction,
    frame_s: Fraction | None,
    limits: Limits,
    should_stop: Callable[[], bool] | None,
) -> FrameIndex:
    """Decode everything once and number what comes out. Cancelled; MediaError limit_exceeded."""
    pts: list[int | None] = []
    last_duration = 0
    corrupt = False
    with opened(path, limits) as container:
        video = cast("VideoStream", container.streams[stream])
        ignore_other_streams(container, [stream])
        decoder = PictureDecoder(video, limits)
        for packet in packets_from_start(container, video):
            if should_stop is not None and should_stop():
                raise Cancelled
            for frame in decoder.decode(packet):
                pts.append(sane_stamp(frame.pts))
                last_duration = sane_stamp(frame.duration) or 0
                corrupt = corrupt or frame.is_corrupt
            if len(pts) > limits.frames:
                raise MediaError(
                    MediaErrorCode.LIMIT_EXCEEDED,
                    f"The video has more than {limits.frames} frames. Cut it into parts and upload those.",
                )
    damaged = corrupt or decoder.errors > 0
    return index_from_frames(pts, last_duration, time_base, frame_s, damaged=damaged)
