"""Configures one stream's decoder and drives it: a packet that does not decode is counted, not raised.

Knows packets, frames and the limits of their size; does not know frame numbers.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import av
import av.error

from actors.segmentation.errors import MediaError, MediaErrorCode
from actors.segmentation.limits import Limits

if TYPE_CHECKING:
    from av.packet import Packet
    from av.video.frame import VideoFrame
    from av.video.stream import VideoStream


class PictureDecoder:
    """Decodes packets in the order given. Frames come out in presentation order, some packets later.

    threads: of FFmpeg. reorder_depth: of the frame index, see there. faithful: decode every frame to the last
    bit; otherwise frames that no other refers to are not deblocked. errors: packets that did not decode; with
    more than one thread also those whose damage one thread would conceal, and an error is counted up to that
    many packets late. How FFmpeg conceals damage depends on the number of threads; undamaged frames do not.
    """

    def __init__(
        self,
        stream: VideoStream,
        limits: Limits,
        *,
        threads: int = 1,
        reorder_depth: int = 0,
        faithful: bool = False,
    ) -> None:
        context = stream.codec_context
        context.thread_count = threads
        context.thread_type = "AUTO"
        # Measuring needs no deblocking of frames that no other refers to: a tenth less work, no drift, and
        # thousandths of a level in a picture scaled to 27 rows.
        filtering = {} if faithful else {"skip_loop_filter": "noref"}
        # With several threads the mark of a damaged frame may be set after the frame has been given out; an
        # error is always told. One thread conceals what it can, and marks in time.
        strict = {"err_detect": "explode"} if threads > 1 else {}
        context.options = {"max_pixels": str(limits.decoder_pixels), **filtering, **strict}
        if context.codec.canonical_name == "h264":
            # Where the stream does not say how far frames are reordered, FFmpeg's H.264 decoder finds out as
            # it goes and drops frames until it has.
            context.reorder_depth = max(context.reorder_depth, reorder_depth)
        self._context = context
        self._limits = limits
        self.errors = 0

    def decode(self, packet: Packet[VideoStream]) -> list[VideoFrame]:
        """The frames that are ready after this packet; an empty packet flushes.

        MediaError limit_exceeded when a frame is larger than allowed, whatever the header said.
        """
        try:
            frames = self._context.decode(packet)
        except EOFError:
            return []  # PyAV raises it when a decoder is flushed a second time
        except (av.error.FFmpegError, ValueError):
            self.errors += 1
            return []
        for frame in frames:
            check_size(frame.width, frame.height, self._limits)
        return frames


def check_size(width: int, height: int, limits: Limits) -> None:
    """MediaError limit_exceeded when a picture is larger than allowed; portrait counts like landscape."""
    long_side, short_side = max(width, height), min(width, height)
    if long_side > max(limits.width_px, limits.height_px) or short_side > min(
        limits.width_px, limits.height_px
    ):
        raise MediaError(
            MediaErrorCode.LIMIT_EXCEEDED,
            f"The picture has {width} x {height} pixels; at most {limits.width_px} x {limits.height_px} are "
            "allowed. Upload a smaller version.",
        )
