"""Proxy of a video: the whole film in a form that every browser plays, made in pieces that are then joined.

`encode_piece` encodes the pictures of some frames as H.264 without sound; pieces can be made in any order, on
any machine. `join_pieces` copies the pictures of all pieces into one MP4 file and encodes the sound beside
them. Frames keep their distances (a variable rate stays variable), rotation and pixel aspect; the file's
clock begins with the first frame. Knows frames and encoders; not where pieces are stored.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING, cast

import av
from av.video.frame import PictureType
from av.video.reformatter import Interpolation

from actors.clips.errors import ClipError
from actors.clips.exact import FULL_RANGE, FULL_RANGE_FORMATS, H264_ENCODER, SOUND_AHEAD_S, without_holes
from actors.clips.muxing import muxer, show_turned
from actors.clips.pieces import PRESETS, Piece
from actors.clips.sound import SoundEncoder
from actors.clips.timed_stream import TimedStream
from actors.segmentation.decode.frame_source import FrameSource
from actors.segmentation.errors import Cancelled
from actors.segmentation.limits import Limits
from actors.segmentation.planning.plan import Plan
from actors.segmentation.timebase import MAX_RATE_DENOMINATOR

if TYPE_CHECKING:
    from av.container import OutputContainer
    from av.packet import Packet
    from av.video.frame import VideoFrame
    from av.video.stream import VideoStream

    VideoPacket = Packet[VideoStream]

KEY_FRAME_EVERY_S = 1
"""Seconds from key frame to key frame: a player that seeks decodes at most so much."""
CHANNELS = 2
"""Stereo, which every device plays."""
_CONTAINER = "mp4"
"""MP4 with its index in front: with H.264 and AAC the one form that all browsers play."""
_PIXEL_FORMAT = "yuv420p"
"""The only one that browsers decode in hardware."""


@dataclass(frozen=True, slots=True)
class ProxyOptions:
    """How a proxy is encoded. ValueError for values out of range.

    longest_px: pixels of the longer side at most; a smaller picture keeps its size. crf, preset: of x264.
    """

    longest_px: int = 1280
    crf: int = 26
    preset: str = "veryfast"

    def __post_init__(self) -> None:
        if self.longest_px < 2 or not 0 < self.crf <= 51 or self.preset not in PRESETS:
            raise ValueError(f"no such encoding: {self}")


def encode_piece(
    path: Path,
    plan: Plan,
    piece: Piece,
    options: ProxyOptions,
    target: Path,
    *,
    threads: int,
    limits: Limits,
    on_frames: Callable[[int], None],
    should_stop: Callable[[], bool],
) -> None:
    """Encodes the pictures of `piece`, which begin at 0 in the file `target`; see `actors.clips.cut` for the
    other arguments.

    Raises ClipError no_picture, nothing_decodes and encoding_failed, MediaError, OSError and Cancelled.
    """
    if not plan.media.has_picture:
        raise ClipError("no_picture", "The file has sound only; a proxy is made of files with a picture.")
    source = FrameSource(
        path, plan.media.video_stream, plan.index, limits, faithful=True, should_stop=should_stop
    )
    frames = without_holes(source.frames(piece.start_frame, piece.end_frame, threads), piece)
    with _failures(target), muxer(target, _CONTAINER) as out:
        encoder: _PictureEncoder | None = None
        for done, (number, frame, _) in enumerate(frames, start=1):
            if should_stop():
                raise Cancelled
            if encoder is None:
                encoder = _PictureEncoder(out, plan, piece, options, frame, threads)
            for packet in encoder.encode(number, frame):
                out.mux(packet)
            on_frames(done)
        if encoder is None:
            raise ClipError("nothing_decodes", "No frame of this piece of the video can be decoded.")
        for packet in encoder.finish():
            out.mux(packet)


def join_pieces(
    path: Path,
    plan: Plan,
    pieces: Iterable[tuple[Path, int]],
    target: Path,
    *,
    limits: Limits,
    on_frames: Callable[[int], None],
    should_stop: Callable[[], bool],
) -> None:
    """Joins pieces, (file, first frame) in their order, with the sound of the video at `path` into `target`.

    A file is needed only until the next one is taken. Of a video without a picture there are no pieces, and
    the proxy is its sound. Raises ClipError pieces_differ and encoding_failed,
    MediaError, OSError and Cancelled.
    """
    clock = plan.index.clock
    begin_s, end_s = clock.exact_seconds_of(0), clock.exact_seconds_of(plan.frames)
    sounding = SoundEncoder.opened(path, plan, limits, begin_s, end_s, wanted=True, most_channels=CHANNELS)
    with sounding as sound, _failures(target), muxer(target, _CONTAINER) as out:
        film: VideoStream | None = None
        done = 0
        for file, first_frame in pieces:
            offset_s = clock.exact_seconds_of(first_frame) - begin_s
            with av.open(str(file)) as container:
                coded = container.streams.video[0]
                if film is None:
                    film = out.add_stream_from_template(coded, opaque=True)
                    headers = coded.codec_context.extradata
                    show_turned(film, plan.media.rotation, plan.media.mirrored)
                    if sound is not None:
                        sound.join(out)
                elif coded.codec_context.extradata != headers:
                    raise ClipError(
                        "pieces_differ",
                        "The parts of the proxy do not fit together; actors of different versions made them. "
                        "Ask for it again.",
                    )
                for packet in container.demux(coded):
                    if packet.size == 0:
                        continue
                    if should_stop():
                        raise Cancelled
                    shown_s = _move(packet, offset_s)
                    packet.stream = film
                    out.mux(packet)
                    if sound is not None:
                        for heard in sound.until(begin_s + shown_s + SOUND_AHEAD_S):
                            out.mux(heard)
                    done += 1
                    on_frames(done)
        if sound is not None:
            if film is None:
                sound.join(out)
            for heard in sound.finish():
                out.mux(heard)


def _move(packet: VideoPacket, offset_s: Fraction) -> Fraction:
    """Shifts a packet of a piece, whose times begin at 0; returns its time in the whole, in seconds."""
    tick_s = Fraction(packet.time_base)
    shift = round(offset_s / tick_s)
    assert packet.pts is not None
    assert packet.dts is not None
    packet.pts += shift
    packet.dts += shift
    return packet.pts * tick_s


@contextmanager
def _failures(target: Path) -> Iterator[None]:
    """Turns FFmpeg's errors into this package's. After an exception there is no file at `target`."""
    done = False
    try:
        yield
        done = True
    except av.error.FFmpegError as error:
        # PyAV's classes for errno values (ENOSPC ...) are OSError as well: the disk, not the encoder, failed
        if isinstance(error, OSError) and error.errno:
            raise OSError(error.errno, f"{error.strerror} ({target.name})") from error
        raise ClipError("encoding_failed", f"The proxy cannot be written: {error}.") from error
    finally:
        if not done:
            target.unlink(missing_ok=True)


class _PictureEncoder:
    """Encodes the frames of one piece in the source's time base. `first` (frame) tells the colours.

    All pieces of a film get the same size, which the plan tells, so that they can be joined. There are no
    B-frames: packets then come in the order in which they are shown, also across a seam.
    """

    def __init__(
        self,
        out: OutputContainer,
        plan: Plan,
        piece: Piece,
        options: ProxyOptions,
        first: VideoFrame,
        threads: int,
    ) -> None:
        media, index = plan.media, plan.index
        self._clock = index.clock
        self._start = index.clock.pts_of(piece.start_frame)
        self._last_interval: int | None = None
        self.width, self.height = coded_size(plan, options.longest_px)
        name = first.format.name
        self._full_range = name in FULL_RANGE_FORMATS or first.color_range == FULL_RANGE
        rate = media.fps_fraction.limit_denominator(MAX_RATE_DENOMINATOR)
        longest_gop = math.ceil(rate * KEY_FRAME_EVERY_S)
        stream = cast(
            "VideoStream",
            out.add_stream(
                H264_ENCODER,
                rate=rate,
                options={
                    "crf": str(options.crf),
                    "preset": options.preset,
                    "bf": "0",
                    "g": str(longest_gop),
                    "sc_threshold": "0",
                    "forced-idr": "1",
                },
            ),
        )
        stream.width, stream.height, stream.pix_fmt = self.width, self.height, _PIXEL_FORMAT
        stream.time_base = index.time_base
        context = stream.codec_context
        context.time_base = index.time_base
        context.thread_count = threads
        sideways = media.rotation in (90, 270)
        context.sample_aspect_ratio = 1 / media.pixel_aspect if sideways else media.pixel_aspect
        if self._full_range:
            context.color_range = FULL_RANGE
        if not first.format.is_rgb:
            context.colorspace = first.colorspace
            context.color_primaries = first.color_primaries
            context.color_trc = first.color_trc
        self._stream = stream
        self._timed = TimedStream(stream)

    def encode(self, number: int, frame: VideoFrame) -> Iterator[VideoPacket]:
        """Encode frame `number` of the source; the packets that are ready by now."""
        level = {"src_color_range": FULL_RANGE, "dst_color_range": FULL_RANGE} if self._full_range else {}
        ready = frame.reformat(
            width=self.width,
            height=self.height,
            format=_PIXEL_FORMAT,
            interpolation=Interpolation.BICUBIC,
            **level,
        )
        pts = self._clock.pts_of(number)
        ready.pts = pts - self._start
        ready.time_base = self._stream.codec_context.time_base
        interval = math.floor((pts - self._clock.pts_of(0)) * self._clock.time_base / KEY_FRAME_EVERY_S)
        is_key = interval != self._last_interval
        self._last_interval = interval
        # libx264 takes the frame's type as a request
        ready.pict_type = PictureType.I if is_key else PictureType.NONE
        yield from self._timed.encode(ready, self._clock.pts_of(number + 1) - pts)

    def finish(self) -> Iterator[VideoPacket]:
        """Flush the encoder: the last packets."""
        yield from self._timed.finish()


def coded_size(plan: Plan, longest_px: int) -> tuple[int, int]:
    """Width and height of the proxy as coded, before it is turned: even, as 4:2:0 chroma needs, at least 2,
    and the longer one at most `longest_px`."""
    media = plan.media
    width, height = media.width, media.height
    if media.rotation in (90, 270):
        width, height = height, width
    shrink = min(Fraction(1), Fraction(longest_px, max(width, height)))
    even_width, even_height = (max(2, round(side * shrink) // 2 * 2) for side in (width, height))
    return even_width, even_height
