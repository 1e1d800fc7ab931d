"""Checks the frame index against the decoder: decodes the beginning, a suspect ending, or everything.

Packets only promise frames: with field-coded pictures, hidden references, a lost beginning or a cut-off
ending, the decoder gives others. Knows the index and the decoder; does not know the plan.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING, cast

import numpy as np

from actors.segmentation.decode.frame_source import FrameSource, packets_from_start
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
"""Frames decoded from the beginning. Three times the deepest reordering (16 frames), so that each pattern of
B-frames, field pairs and hidden references occurs; two seconds of film are decoded in a moment."""
_STOP_CHECK_PACKETS = 256
"""Packets without a frame between two calls of `should_stop`. No measurement; they take a moment."""


@dataclass(frozen=True, slots=True)
class DecodedHead:
    """The first frames as decoded. pts: in the decoder's order, None where unknown. first: the first frame,
    None when none decodes. complete: the video has no more. errors: packets that did not decode."""

    pts: list[int | None]
    first: VideoFrame | None
    complete: bool
    errors: int


def decode_head(
    path: Path, stream: int, limits: Limits, should_stop: Callable[[], bool] | None = None
) -> DecodedHead:
    """Decode the first HEAD_FRAMES frames with one thread, however far into the file they are. Cancelled."""
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
            if len(pts) >= HEAD_FRAMES:
                return DecodedHead(pts[:HEAD_FRAMES], first, complete=False, errors=decoder.errors)
            if should_stop is not None and count % _STOP_CHECK_PACKETS == 0 and should_stop():
                raise Cancelled
    return DecodedHead(pts, first, complete=True, errors=decoder.errors)


def agree(index: FrameIndex, head: DecodedHead, blank: int = 0) -> FrameIndex | None:
    """The index without leading frames that do not decode; None when the decoder gives other timestamps.

    As many frames may be left out as packets gave an error or are blank (`blank`): that is damage, and they
    stay in the index as holes.
    """
    if not head.pts or None in head.pts:
        return None
    given = np.array(head.pts, np.int64)
    lost = int(np.searchsorted(index.pts, given[0]))
    end = len(index) if head.complete else int(np.searchsorted(index.pts, given[-1], "right"))
    promised = index.pts[lost:end]
    holes = len(promised) - len(given)
    if not 0 <= holes <= head.errors + blank or not np.array_equal(promised[np.isin(promised, given)], given):
        return None
    return index.without(lost, 0)


def without_lost_tail(
    path: Path,
    stream: int,
    index: FrameIndex,
    limits: Limits,
    should_stop: Callable[[], bool] | None = None,
) -> FrameIndex:
    """The index without frames at the end that do not decode (where the file breaks off inside one).

    Backwards from seek points, until a frame decodes: each time twice as many as before, since the file is
    opened for each, and the second half of a film in which every frame is one may be missing. Cancelled.
    """
    source = FrameSource(path, stream, index, limits, should_stop=should_stop)
    starts = [point.frame for point in index.seek_points()] or [0]
    end, taken = len(index), 1
    while starts:
        start = starts[-taken] if taken <= len(starts) else starts[0]
        last = max((number for number, _ in source.frames(start, end)), default=-1)
        if last >= 0:
            return index.without(0, len(index) - 1 - last)
        starts, end, taken = starts[:-taken], start, 2 * taken
    return index


def index_by_decoding(
    path: Path,
    stream: int,
    time_base: Fraction,
    frame_s: Fraction | None,
    limits: Limits,
    should_stop: Callable[[], bool] | None,
) -> tuple[FrameIndex, int]:
    """Decode everything once and number the frames as they come; and how many packets did not decode.

    Cancelled; MediaError limit_exceeded.
    """
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
    index = index_from_frames(pts, last_duration, time_base, frame_s, damaged=damaged)
    return index, decoder.errors
