"""Frame-exact clip: decodes exactly the wanted frames and encodes them as H.264, the sound as AAC.

Frames come from `FrameSource`, which gives the same frames wherever decoding begins. They keep their time
base and timestamps (a variable frame rate stays variable), colour description, pixel aspect, rotation and
timecode.
Sound is cut by samples: from the first frame's time to the last frame's end. Knows frames and encoders;
packets are written by the muxer of `clips.muxing`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING, cast

from av.video.frame import PictureType
from av.video.reformatter import Interpolation

from actors.clips.errors import ClipError
from actors.clips.muxing import muxer, show_turned, tell_timecode
from actors.clips.pieces import CutOptions, CutReport, Piece
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

H264_ENCODER = "libx264"
"""FFmpeg's name of x264, which PyAV's wheels contain and every player decodes the output of."""
_KEPT_PIXEL_FORMATS = ("yuv420p", "yuv422p", "yuv444p", "yuv420p10le", "yuv422p10le", "yuv444p10le")
"""FFmpeg's pixel formats that x264 encodes as they are: no conversion, so nothing but crf costs quality."""
FULL_RANGE_FORMATS = {"yuvj420p": "yuv420p", "yuvj422p": "yuv422p", "yuvj444p": "yuv444p"}
"""FFmpeg's deprecated names of formats with full-range levels (0 to 255), and their present names: today the
format says nothing of levels, `color_range` does."""
_FALLBACK_PIXEL_FORMAT = "yuv420p"
"""All other pixel formats are converted to this one, which every player decodes."""
FULL_RANGE = 2
"""AVCOL_RANGE_JPEG of libavutil: levels from 0 to 255, not 16 to 235."""
SOUND_AHEAD_S = Fraction(1, 2)
"""Seconds by which sound is encoded before the picture, so that packets of both lie close together in the
file. No measurement; FFmpeg's muxer interleaves what it is given, and holds the rest in memory."""


def encode_piece(
    path: Path,
    plan: Plan,
    piece: Piece,
    options: CutOptions,
    target: Path,
    *,
    threads: int,
    limits: Limits,
    on_frames: Callable[[int], None],
    should_stop: Callable[[], bool],
) -> CutReport:
    """See `actors.clips.cut`. ClipError nothing_decodes."""
    clock = plan.index.clock
    begin_s, end_s = clock.exact_seconds_of(piece.start_frame), clock.exact_seconds_of(piece.end_frame)
    stream = plan.media.video_stream
    source = FrameSource(path, stream, plan.index, limits, faithful=True, should_stop=should_stop)
    frames = without_holes(source.frames(piece.start_frame, piece.end_frame, threads), piece)
    with (
        SoundEncoder.opened(path, plan, limits, begin_s, end_s, wanted=options.sound) as sound,
        muxer(target, options.container) as out,
    ):
        encoder: _PictureEncoder | None = None
        done = repeated = 0
        for number, frame, is_repeated in frames:
            if should_stop():
                raise Cancelled
            if encoder is None:
                encoder = _PictureEncoder(out, plan, piece, options, frame, threads)
                if sound is not None:
                    sound.join(out)
            for packet in encoder.encode(number, frame):
                out.mux(packet)
            if sound is not None:
                for heard in sound.until(clock.exact_seconds_of(number) + SOUND_AHEAD_S):
                    out.mux(heard)
            done += 1
            repeated += is_repeated
            on_frames(done)
        if encoder is None:
            raise ClipError("nothing_decodes", "No frame of this piece of the video can be decoded.")
        for packet in encoder.finish():
            out.mux(packet)
        if sound is not None:
            for heard in sound.finish():
                out.mux(heard)
    return CutReport.of(
        clock,
        piece.start_frame,
        piece.end_frame,
        frames=done,
        repeated=repeated,
        sound=sound is not None,
        width=encoder.width,
        height=encoder.height,
    )


def without_holes(
    frames: Iterator[tuple[int, VideoFrame]], piece: Piece
) -> Iterator[tuple[int, VideoFrame, bool]]:
    """(number, frame, is_repeated) for each number of the piece: a frame that does not decode is replaced by
    the one before it, at the beginning by the first that decodes."""
    following = piece.start_frame
    last: VideoFrame | None = None
    for number, frame in frames:
        while following < number:
            yield following, last or frame, True
            following += 1
        yield number, frame, False
        following, last = number + 1, frame
    while last is not None and following < piece.end_frame:
        yield following, last, True
        following += 1


class _PictureEncoder:
    """Encodes one H.264 stream in the source's time base. `first` (frame) decides size and pixel format."""

    def __init__(
        self,
        out: OutputContainer,
        plan: Plan,
        piece: Piece,
        options: CutOptions,
        first: VideoFrame,
        threads: int,
    ) -> None:
        index = plan.index
        self._pts = index.clock.pts_of
        self._start = self._pts(piece.start_frame)
        self.width, self.height = _shown_size(first, plan.media.rotation, options.height_px)
        name = first.format.name
        unchanged = name if name in _KEPT_PIXEL_FORMATS else _FALLBACK_PIXEL_FORMAT
        self._format = FULL_RANGE_FORMATS.get(name, unchanged)
        self._full_range = name in FULL_RANGE_FORMATS or first.color_range == FULL_RANGE
        stream = cast(
            "VideoStream",
            out.add_stream(
                H264_ENCODER,
                rate=plan.media.fps_fraction.limit_denominator(MAX_RATE_DENOMINATOR),
                options={**_quality(options.crf), "preset": options.preset},
            ),
        )
        stream.width, stream.height, stream.pix_fmt = self.width, self.height, self._format
        stream.time_base = index.time_base
        context = stream.codec_context
        context.time_base = index.time_base
        context.thread_count = threads
        sideways = plan.media.rotation in (90, 270)
        aspect = 1 / plan.media.pixel_aspect if sideways else plan.media.pixel_aspect
        context.sample_aspect_ratio = aspect
        if self._full_range:
            context.color_range = FULL_RANGE
        elif self._format == name:
            context.color_range = first.color_range
        if self._format != _FALLBACK_PIXEL_FORMAT or name in (*_KEPT_PIXEL_FORMATS, *FULL_RANGE_FORMATS):
            context.colorspace = first.colorspace
            context.color_primaries = first.color_primaries
            context.color_trc = first.color_trc
        show_turned(stream, plan.media.rotation, plan.media.mirrored)
        tell_timecode(stream, plan.timecode_of(piece.start_frame))
        self._stream = stream
        self._timed = TimedStream(stream)

    def encode(self, number: int, frame: VideoFrame) -> Iterator[VideoPacket]:
        """Encode frame `number` of the source; the packets that are ready by now."""
        ready = self._fitted(frame)
        ready.pts = self._pts(number) - self._start
        ready.time_base = self._stream.codec_context.time_base
        # libx264 takes the decoded frame's type as a request: the source's I frames would become key frames
        ready.pict_type = PictureType.NONE
        yield from self._timed.encode(ready, self._pts(number + 1) - self._pts(number))

    def finish(self) -> Iterator[VideoPacket]:
        """Flush the encoder: the last packets."""
        yield from self._timed.finish()

    def _fitted(self, frame: VideoFrame) -> VideoFrame:
        """The frame in the encoder's size and pixel format, its levels unchanged."""
        name = frame.format.name
        if (frame.width, frame.height) == (self.width, self.height) and (
            name == self._format or FULL_RANGE_FORMATS.get(name) == self._format
        ):
            if name == self._format:
                return frame
            return frame.reformat(format=self._format, src_color_range=FULL_RANGE, dst_color_range=FULL_RANGE)
        level = {"src_color_range": FULL_RANGE, "dst_color_range": FULL_RANGE} if self._full_range else {}
        return frame.reformat(
            width=self.width,
            height=self.height,
            format=self._format,
            interpolation=Interpolation.BICUBIC,
            **level,
        )


def _quality(crf: int) -> dict[str, str]:
    """x264's options. crf 0 is lossless with 8 bits only; qp 0 is lossless at any bit depth."""
    return {"crf": str(crf)} if crf else {"qp": "0"}


def _shown_size(first: VideoFrame, rotation: int, height_px: int | None) -> tuple[int, int]:
    """Width and height as coded: even, as 4:2:0 chroma needs, and at most `height_px` rows as shown."""
    width, height = first.width, first.height
    rows = width if rotation in (90, 270) else height
    if height_px is not None and rows > height_px:
        width, height = (round(side * height_px / rows) for side in (width, height))
    return max(2, width - width % 2), max(2, height - height % 2)
