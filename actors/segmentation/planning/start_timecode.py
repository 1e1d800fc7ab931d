"""Finds the timecode of the first frame: of a timecode track, a tag, or the picture's own headers.

In this order: the timecode track of MP4 and QuickTime (`tmcd`), the tag `timecode` of the stream or the file
(MXF, Matroska, AVI, DV, GXF), the header of an MPEG-1 or MPEG-2 group of pictures (ISO/IEC 13818-2, 6.3.8).
Timecodes in SEI messages of H.264 and H.265 are not read, nor those in files that a recorder writes beside
the video. A timecode is taken to go on without a break. Knows an open container and the frame index.
"""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING, cast

import av.error
import structlog

from actors.segmentation.demux.container import demux, ignore_other_streams, opened
from actors.segmentation.demux.frame_index import FrameIndex
from actors.segmentation.demux.packet_scan import sane_stamp
from actors.segmentation.limits import Limits
from actors.segmentation.timecode import Timecode, base_of

if TYPE_CHECKING:
    from collections.abc import Mapping

    from av.container import InputContainer
    from av.stream import Stream
    from av.video.stream import VideoStream

log = structlog.get_logger(__name__)

_TAG = "timecode"
_TRACK_FORMAT = "mov"
"""FFmpeg's name of the demuxer whose data streams with a timecode tag are timecode tracks."""
_TRACK_RATES = (24, 25, 30, 48, 50, 60, 100, 120)
"""Frames that a timecode track may count a second, besides those of the picture (ST 12-1 and multiples)."""
_GOP_CODECS = ("mpeg1video", "mpeg2video")
_GOP, _PICTURE = b"\0\0\1\xb8", b"\0\0\1\0"
"""Start codes of a group of pictures and of a picture (ISO/IEC 13818-2, table 6-1)."""
_GOP_PACKETS = 60
"""Packets read in search of the first group of pictures. No measurement; groups have 12 to 15 pictures."""


@dataclass(frozen=True, slots=True)
class TimecodeTag:
    """What the container says. text: as written there. track: index of the timecode track it comes from."""

    text: str
    track: int | None


def timecode_tag(container: InputContainer, video: VideoStream) -> TimecodeTag | None:
    """The tag of the stream, else that of the file, else that of a timecode track; None without any."""
    tracks = {
        stream.index: text
        for stream in container.streams
        if stream.type == "data" and (text := _tagged(stream.metadata)) is not None
    }
    text = _tagged(video.metadata) or _tagged(container.metadata) or next(iter(tracks.values()), None)
    if text is None:
        return None
    track = None
    if _TRACK_FORMAT in container.format.name.split(","):
        track = next((index for index, other in tracks.items() if other == text), None)
    return TimecodeTag(text, track)


def start_timecode(
    path: Path,
    video: int,
    codec: str,
    tag: TimecodeTag | None,
    index: FrameIndex,
    rate: Fraction,
    first_pts: int | None,
    limits: Limits,
) -> Timecode | None:
    """The timecode of frame 0; None where the file tells none that can be.

    video, codec, rate: the chosen stream, its codec (FFmpeg's name) and frames/s. first_pts: of the frame
    whose timecode a tag is: the first by the packets, which may not decode. None where unknown.
    """
    try:
        if tag is not None and tag.track is not None:
            return _of_track(path, tag.text, tag.track, index, rate, limits)
        if tag is not None:
            start = Timecode.parse(tag.text, rate)
            if first_pts is None or not index.trusted:
                return start
            return start.after_s((int(index.pts[0]) - first_pts) * index.time_base)
        if codec in _GOP_CODECS:
            return _of_group(path, video, index, rate, limits)
    except ValueError as error:
        # a text that is no timecode, or one with more frames than a second has: as if there were none
        log.info("timecode_ignored", file=path.name, reason=str(error))
    return None


def _tagged(metadata: Mapping[str, str]) -> str | None:
    """Value of the tag, whatever case it is written in (Matroska: capitals)."""
    return next((value for name, value in metadata.items() if name.lower() == _TAG and value), None)


def _of_track(
    path: Path, text: str, track: int, index: FrameIndex, rate: Fraction, limits: Limits
) -> Timecode:
    """The number in the track's first packet, and the time between that and the first frame."""
    with opened(path, limits) as container:
        stream = container.streams[track]
        ignore_other_streams(container, [track])
        begin_s, number = _first_number(container, stream)
    start = Timecode.parse(text, rate) if number is None else _counted(text, number, rate)
    first_s = int(index.pts[0]) * index.time_base
    return start.after_s(first_s - begin_s) if begin_s is not None and index.trusted else start


def _first_number(container: InputContainer, stream: Stream) -> tuple[Fraction | None, int | None]:
    """When the track begins, in seconds, and the frame number there; None where unknown."""
    try:
        packet = next((packet for packet in demux(container, [stream]) if packet.size >= 4), None)
    except av.error.FFmpegError:
        return None, None
    if packet is None:
        return None, None
    pts = sane_stamp(packet.pts)
    begin_s = None if pts is None else pts * Fraction(packet.time_base)
    return begin_s, int.from_bytes(bytes(packet)[:4], "big")


def _counted(text: str, number: int, rate: Fraction) -> Timecode:
    """The timecode whose text and number fit: the track may count at another rate than the picture."""
    slowed = rate == Fraction(1000 * base_of(rate), 1001)  # 23.976, 29.97, 59.94
    others = (Fraction(1000 * base, 1001) if slowed else Fraction(base) for base in _TRACK_RATES)
    for counted in (rate, *others):
        try:
            found = Timecode.parse(text, counted)
        except ValueError:
            continue  # more frames than this rate has
        if found.frame == number:
            return found
    return Timecode.parse(text, rate)


def _of_group(path: Path, video: int, index: FrameIndex, rate: Fraction, limits: Limits) -> Timecode | None:
    """The timecode of the first group of pictures that has a header.

    It is that of the picture shown first in the group, which need not be the first in the file. Encoders that
    know no timecode write 0.
    """
    with opened(path, limits) as container:
        stream = cast("VideoStream", container.streams[video])
        counted = Fraction(stream.codec_context.framerate or rate)
        ignore_other_streams(container, [video])
        try:
            for count, packet in enumerate(demux(container, [stream])):
                data = bytes(packet)
                at = data.find(_GOP)
                if at >= 0 and len(data) >= at + 8:
                    start = _group_timecode(data[at + 4 : at + 8], counted)
                    return _first_of_group(start, data[at + 8 :], packet.pts, index)
                if count >= _GOP_PACKETS:
                    return None
        except av.error.FFmpegError:
            return None
    return None


def _group_timecode(header: bytes, rate: Fraction) -> Timecode | None:
    """drop_frame_flag, hours (5 bits), minutes (6), a marker, seconds (6), pictures (6)."""
    bits = int.from_bytes(header, "big") >> 7
    if bits & ~(1 << 12) == 0:
        return None
    mark = ";" if bits >> 24 & 1 else ":"
    hours, minutes, seconds, pictures = bits >> 19 & 31, bits >> 13 & 63, bits >> 6 & 63, bits & 63
    return Timecode.parse(f"{hours:02d}:{minutes:02d}:{seconds:02d}{mark}{pictures:02d}", rate)


def _first_of_group(
    start: Timecode | None, data: bytes, pts: int | None, index: FrameIndex
) -> Timecode | None:
    """The timecode of frame 0, from that of the group. data: the packet behind the group's header."""
    stamp, at = sane_stamp(pts), data.find(_PICTURE)
    if start is None or stamp is None or at < 0 or len(data) < at + 6 or not index.trusted:
        return start
    temporal_reference = data[at + 4] << 2 | data[at + 5] >> 6
    late_s = (int(index.pts[0]) - stamp) * index.time_base
    return start.after(temporal_reference).after_s(late_s)
