"""Probes an open file: which streams to analyse, rotation, pixel aspect, sample rate.

Knows an open container and the first decoded frames; knows no plan and no chunk.
"""

from __future__ import annotations

import math
import struct
from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import TYPE_CHECKING, TypeVar, cast

import av
import av.error
from av.stream import Disposition

from actors.segmentation.decode.channels import take_channel_names
from actors.segmentation.decode.picture_decoder import check_size
from actors.segmentation.demux.container import demux, ignore_other_streams
from actors.segmentation.demux.media import StreamChoice, StreamInfo
from actors.segmentation.errors import MediaError, MediaErrorCode
from actors.segmentation.limits import Limits

if TYPE_CHECKING:
    from av.audio.stream import AudioStream
    from av.buffer import Buffer
    from av.container import InputContainer
    from av.stream import Stream
    from av.video.frame import VideoFrame
    from av.video.stream import VideoStream

StreamT = TypeVar("StreamT", bound="Stream")

_NOT_A_FILM = Disposition.attached_pic | Disposition.timed_thumbnails
"""Flags of video streams that hold cover images or thumbnails."""
_MAX_ASPECT = 16
"""Pixels that are more times as wide as high, or as high as wide, are a broken header. No measurement; real
ones are below 3."""
_AUDIO_PROBE_PACKETS = 100
"""Packets decoded in search of the first sound; about 2 s of AAC. No measurement."""


@dataclass(frozen=True, slots=True)
class Orientation:
    """How the coded picture is shown: turned clockwise by `rotation` degrees, then mirrored left to right."""

    rotation: int = 0
    mirrored: bool = False


def describe_streams(container: InputContainer) -> tuple[StreamInfo, ...]:
    """All streams of the container, in its order; what audio streams are for is not told here."""
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


def wanted_stream(streams: Sequence[StreamT], wanted: int, kind: str) -> StreamT:
    """The stream of that index. MediaError no_stream, which names those there are, where it is none of them.

    kind: video or audio, for the message.
    """
    for stream in streams:
        if stream.index == wanted:
            return stream
    indices = [stream.index for stream in streams]
    choose = f"Choose one of {indices} or leave" if indices else "It has none; leave"
    raise MediaError(
        MediaErrorCode.NO_STREAM,
        f"Stream {wanted} is no {kind} stream of this file. {choose} the choice open.",
    )


def choose_video(container: InputContainer, choice: StreamChoice | None, limits: Limits) -> VideoStream:
    """The video stream to analyse: the chosen one, or FFmpeg's best that has a decoder.

    MediaError no_video, no_stream, unknown_codec, limit_exceeded, truncated.
    """
    films = [s for s in container.streams.video if not s.disposition & _NOT_A_FILM]
    wanted = choice.video_stream if choice is not None else None
    if wanted is not None:
        films = [wanted_stream(films, wanted, "video")]
    if len(container.streams) == 0:
        raise MediaError(
            MediaErrorCode.TRUNCATED,
            "The file holds no streams; its index is missing or cut off. Export or upload it again.",
        )
    if not films:
        raise MediaError(
            MediaErrorCode.NO_VIDEO,
            "The file has no moving picture (a cover image does not count), and no sound of a known kind. "
            "Upload a video.",
        )
    best = container.streams.best("video")
    film = best if best in films else max(films, key=_picture_area)
    if not has_decoder(film):
        film = next((s for s in films if has_decoder(s)), film)
    if not has_decoder(film):
        raise MediaError(
            MediaErrorCode.UNKNOWN_CODEC,
            "The picture is coded in a way that is not known here. Convert the video to H.264, H.265, VP9 or "
            "AV1 and upload it again.",
        )
    check_size(film.codec_context.width, film.codec_context.height, limits)
    return film


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


def audio_format(container: InputContainer, stream: AudioStream, limits: Limits) -> tuple[int, int] | None:
    """(sample rate in Hz, channels) of the first frame that decodes; None where none does.

    Not those of the headers: with implicit SBR (HE-AAC) these state half of the sample rate. MediaError
    limit_exceeded for a higher rate than is allowed.
    """
    ignore_other_streams(container, [stream.index])
    take_channel_names(stream)
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
                    _check_sample_rate(frame.sample_rate, limits)
                    return frame.sample_rate, frame.layout.nb_channels
            if count >= _AUDIO_PROBE_PACKETS:
                break
    except av.error.FFmpegError:
        return None  # unreadable: the same as a track without sound
    return None


def _check_sample_rate(rate_hz: int, limits: Limits) -> None:
    if rate_hz > limits.sample_rate_hz:
        raise MediaError(
            MediaErrorCode.LIMIT_EXCEEDED,
            f"The sound has {rate_hz} samples a second; at most {limits.sample_rate_hz} are allowed. Convert "
            "the sound to fewer and upload it again.",
        )


def codec_name(stream: VideoStream | AudioStream) -> str:
    """FFmpeg's name of the codec (h264, aac), not of the decoder (libdav1d)."""
    return str(stream.codec_context.codec.canonical_name)


def has_decoder(stream: VideoStream | AudioStream) -> bool:
    """Whether FFmpeg has a decoder. If not, `codec_context` is None in PyAV 18, against its type hints."""
    return cast("object", stream.codec_context) is not None


def _codec_name(stream: Stream) -> str | None:
    if isinstance(stream, av.VideoStream | av.AudioStream) and has_decoder(stream):
        return codec_name(stream)
    return None


def _picture_area(stream: VideoStream) -> int:
    return stream.codec_context.width * stream.codec_context.height if has_decoder(stream) else 0
