"""Probes an open file: which streams to analyse, rotation, pixel aspect, frame rate, sample rate.

Knows an open container and the first decoded frames; knows no plan and no chunk.
"""

from __future__ import annotations

import math
import struct
from dataclasses import dataclass
from fractions import Fraction
from typing import TYPE_CHECKING, cast

import av
import av.error
import numpy as np
from av.stream import Disposition

from actors.segmentation.decode.picture_decoder import check_size
from actors.segmentation.demux.container import demux, ignore_other_streams
from actors.segmentation.demux.frame_index import FrameIndex
from actors.segmentation.demux.media import StreamChoice, StreamInfo
from actors.segmentation.errors import MediaError, MediaErrorCode
from actors.segmentation.limits import Limits
from actors.segmentation.timebase import MAX_RATE_DENOMINATOR, FrameClock

if TYPE_CHECKING:
    from av.audio.stream import AudioStream
    from av.buffer import Buffer
    from av.container import InputContainer
    from av.stream import Stream
    from av.video.frame import VideoFrame
    from av.video.stream import VideoStream

_NOT_A_FILM = Disposition.attached_pic | Disposition.timed_thumbnails
"""Flags of video streams that hold cover images or thumbnails."""
_MAX_ASPECT = 16
"""Pixels that are more times as wide as high, or as high as wide, are a broken header. No measurement; real
ones are below 3."""
_AUDIO_PROBE_PACKETS = 100
"""Packets decoded in search of the first sound; about 2 s of AAC. No measurement."""
_RATE_TOLERANCE = 0.001
"""Relative difference up to which a measured frame rate is the one that the container states. No measurement;
24 and 24000/1001 differ by a little less, so that of two stated rates the first one wins."""
_BEAT_TOLERANCE = 0.02
"""Share of the usual step by which a frame may come early or late; at least one tick of the time base, which
is what rounding makes of a regular beat (Matroska: 1 ms). No measurement."""
_STEADY_SHARE = 0.005
"""Share of frames that may come off the beat in a constant rate: a dropped frame in a long film, an edit. No
measurement."""


@dataclass(frozen=True, slots=True)
class Orientation:
    """How the coded picture is shown: turned clockwise by `rotation` degrees, then mirrored left to right."""

    rotation: int = 0
    mirrored: bool = False


def describe_streams(container: InputContainer) -> tuple[StreamInfo, ...]:
    """All streams of the container, in its order."""
    return tuple(
        StreamInfo(
            index=stream.index,
            kind=stream.type,
            codec=_codec_name(stream),
            language=stream.language,
            default=bool(stream.disposition & Disposition.default),
            attached_picture=bool(stream.disposition & _NOT_A_FILM),
        )
        for stream in container.streams
    )


def choose_video(container: InputContainer, choice: StreamChoice | None, limits: Limits) -> VideoStream:
    """The video stream to analyse: the chosen one, or FFmpeg's best that has a decoder.

    MediaError no_video, no_stream, unknown_codec, limit_exceeded, truncated.
    """
    films = [s for s in container.streams.video if not s.disposition & _NOT_A_FILM]
    wanted = choice.video_stream if choice is not None else None
    if wanted is not None:
        films = [s for s in films if s.index == wanted]
        if not films:
            raise MediaError(
                MediaErrorCode.NO_STREAM,
                f"Stream {wanted} is no video stream of this file. Choose one of "
                f"{[s.index for s in container.streams.video]} or leave the choice open.",
            )
    if len(container.streams) == 0:
        raise MediaError(
            MediaErrorCode.TRUNCATED,
            "The file holds no streams; its index is missing or cut off. Export or upload it again.",
        )
    if not films:
        raise MediaError(
            MediaErrorCode.NO_VIDEO,
            "The file has no moving picture (a cover image does not count). Upload a video.",
        )
    best = container.streams.best("video")
    film = best if best in films else max(films, key=_picture_area)
    if not _has_decoder(film):
        film = next((s for s in films if _has_decoder(s)), film)
    if not _has_decoder(film):
        raise MediaError(
            MediaErrorCode.UNKNOWN_CODEC,
            "The picture is coded in a way that is not known here. Convert the video to H.264, H.265, VP9 or "
            "AV1 and upload it again.",
        )
    check_size(film.codec_context.width, film.codec_context.height, limits)
    return film


def choose_audio(
    container: InputContainer, choice: StreamChoice | None, video: VideoStream
) -> tuple[AudioStream | None, tuple[str, ...]]:
    """The audio stream to analyse, None where there is none, and notes for people on what is ignored.

    The chosen one, or FFmpeg's best for this video stream that has a decoder. MediaError no_stream.
    """
    tracks = list(container.streams.audio)
    wanted = choice.audio_stream if choice is not None else None
    if wanted is not None:
        tracks = [s for s in tracks if s.index == wanted]
        if not tracks:
            raise MediaError(
                MediaErrorCode.NO_STREAM,
                f"Stream {wanted} is no audio stream of this file. Choose one of "
                f"{[s.index for s in container.streams.audio]} or leave the choice open.",
            )
    best = container.streams.best("audio", related=video)
    tracks.sort(key=lambda s: s is not best)
    known = [s for s in tracks if _has_decoder(s)]
    if tracks and not known:
        return None, ("The sound is coded in a way that is not known here; it is ignored.",)
    return (known[0] if known else None), ()


def orientation_of(frame: VideoFrame) -> Orientation:
    """By the frame's display matrix (ISO/IEC 14496-12, 8.5.3; FFmpeg's side data), to the next 90 degrees."""
    matrix = cast("Buffer | None", frame.side_data.get("DISPLAYMATRIX"))
    if matrix is None:
        return Orientation()
    a, b, _, c, d, *_ = struct.unpack("=9i", bytes(matrix))
    mirrored = a * d - b * c < 0
    if mirrored:
        a = -a
    if a == b == 0:
        return Orientation()
    quarter_turns = round(math.degrees(math.atan2(b, a)) / 90)
    return Orientation(rotation=quarter_turns * 90 % 360, mirrored=mirrored)


def pixel_aspect(stream: VideoStream) -> Fraction:
    """Width : height of one coded pixel; 1 where the file does not say or says nonsense."""
    aspect = stream.sample_aspect_ratio
    if not aspect or not Fraction(1, _MAX_ASPECT) <= aspect <= _MAX_ASPECT:
        return Fraction(1)
    return Fraction(aspect)


def audio_format(container: InputContainer, stream: AudioStream) -> tuple[int, int] | None:
    """(sample rate in Hz, channels) of the first frame that decodes; None where none does.

    Not those of the headers: with implicit SBR (HE-AAC) these state half of the sample rate.
    """
    ignore_other_streams(container, [stream.index])
    context = stream.codec_context
    context.thread_count = 1
    try:
        for count, packet in enumerate(demux(container, [stream])):
            try:
                frames = context.decode(packet)
            except (av.error.FFmpegError, ValueError):
                frames = []  # the first packets may depend on others that were cut away
            for frame in frames:
                if frame.sample_rate > 0 and frame.layout.nb_channels > 0 and frame.samples > 0:
                    return frame.sample_rate, frame.layout.nb_channels
            if count >= _AUDIO_PROBE_PACKETS:
                break
    except av.error.FFmpegError:
        return None  # unreadable: the same as a track without sound
    return None


def variable_frame_rate(index: FrameIndex) -> bool:
    """Whether frames come at other than regular times, beyond what rounding to the time base explains."""
    steps = np.diff(index.pts)
    if len(steps) < 2:
        return False
    beat = float(np.median(steps))
    off = np.abs(steps - beat) > max(1.0, _BEAT_TOLERANCE * beat)
    return float(np.mean(off)) > _STEADY_SHARE


def frame_rate(index: FrameIndex, named: list[Fraction | None], variable: bool) -> Fraction:
    """Average frames per second. Where the rate is constant, the container's own fraction if it agrees.

    `named`: the rates that the container states, best first.
    """
    clock: FrameClock = index.clock
    measured = Fraction(len(index)) / ((index.end_pts - int(index.pts[0])) * index.time_base)
    if not variable:
        if len(index) > 1:
            span = (int(index.pts[-1]) - int(index.pts[0])) * index.time_base
            measured = Fraction(len(index) - 1) / span
        for rate in named:
            # the shorter the video, the less exactly its rate can be measured
            if rate and abs(float(rate / measured) - 1) < max(_RATE_TOLERANCE, 1 / (100 * len(clock))):
                return Fraction(rate)
    return measured.limit_denominator(MAX_RATE_DENOMINATOR)


def codec_name(stream: VideoStream | AudioStream) -> str:
    """FFmpeg's name of the codec (h264, aac), not of the decoder (libdav1d)."""
    return str(stream.codec_context.codec.canonical_name)


def _codec_name(stream: Stream) -> str | None:
    if isinstance(stream, av.VideoStream | av.AudioStream) and _has_decoder(stream):
        return codec_name(stream)
    return None


def _has_decoder(stream: VideoStream | AudioStream) -> bool:
    """Whether FFmpeg has a decoder. If not, `codec_context` is None in PyAV 18, against its type hints."""
    return cast("object", stream.codec_context) is not None


def _picture_area(stream: VideoStream) -> int:
    return stream.codec_context.width * stream.codec_context.height if _has_decoder(stream) else 0
