"""Examines a file: probes its streams, scans its packets once, checks the index against the decoder.

Decides which error a person reads when a file cannot be analysed. Knows `demux`, `planning.probe` and
`planning.index_check`; does not know chunks.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING, cast

import structlog

from actors.segmentation.demux.completeness import Ending, ending_of
from actors.segmentation.demux.container import opened
from actors.segmentation.demux.frame_index import FrameIndex, index_from_packets
from actors.segmentation.demux.media import AudioInfo, MediaInfo, StreamChoice, StreamInfo
from actors.segmentation.demux.packet_scan import NO_PTS, PacketScan, scan_packets
from actors.segmentation.errors import MediaError, MediaErrorCode
from actors.segmentation.limits import Limits
from actors.segmentation.planning import probe
from actors.segmentation.planning.audio_choice import choose_audio, described
from actors.segmentation.planning.frame_rate import frame_rate, variable_frame_rate
from actors.segmentation.planning.incomplete import (
    Checked,
    Promised,
    Received,
    lost_at_head,
    lost_by_decoding,
    warnings_of,
)
from actors.segmentation.planning.index_check import (
    DecodedHead,
    agree,
    decode_head,
    index_by_decoding,
    without_lost_tail,
)
from actors.segmentation.planning.sound_only import examine_sound
from actors.segmentation.planning.start_timecode import TimecodeTag, start_timecode, timecode_tag
from actors.segmentation.timebase import UNKNOWN_TIME_BASE, seconds

if TYPE_CHECKING:
    from av.audio.stream import AudioStream
    from av.video.frame import VideoFrame

log = structlog.get_logger(__name__)

_UNDECODABLE_SOUND = "The sound cannot be decoded; it is ignored."
"""A note for people (`MediaInfo.notes`): it is no error, because the picture alone can be segmented."""


@dataclass(frozen=True, slots=True)
class _Findings:
    """What container and packets say, before anything is decoded.

    video, audio: indices of the chosen streams. named_rates: frame rates that the container states. aspect:
    width : height of a coded pixel. timecode: as the container tells it. promised: what the container
    announces. ending: how its bytes end. audio_codec: "" and audio_time_base: 1 without sound.
    """

    container: str
    bytes: int
    streams: tuple[StreamInfo, ...]
    video: int
    video_codec: str
    time_base: Fraction
    named_rates: list[Fraction | None]
    aspect: Fraction
    timecode: TimecodeTag | None
    promised: Promised
    ending: Ending
    scan: PacketScan
    audio: int | None
    audio_codec: str
    audio_time_base: Fraction
    notes: tuple[str, ...]

    @property
    def last_is_incomplete(self) -> bool:
        """Whether only a part of the last picture is there. A transport stream does not say how long it
        is."""
        in_doubt = self.container == "mpegts" and self.ending is Ending.CUT_OFF
        return in_doubt or "video" in self.scan.reading.incomplete

    @property
    def first_pts(self) -> int | None:
        """PTS of the first frame by the packets; None where unknown."""
        known = self.scan.pts[self.scan.shown & (self.scan.pts != NO_PTS)]
        return int(known.min()) if len(known) else None

    @property
    def frame_s(self) -> Fraction | None:
        """A frame's duration in seconds by the container's rate; None where it states none."""
        return next((1 / rate for rate in self.named_rates if rate), None)


def examine(
    path: Path,
    analysis: StreamChoice | None,
    limits: Limits,
    should_stop: Callable[[], bool] | None = None,
) -> tuple[MediaInfo, FrameIndex]:
    """The file's description and its frame index; of a file without a picture, slots in place of frames.

    MediaError when it cannot be analysed, OSError when it cannot be read, Cancelled on request.
    """
    try:
        found = _find(path, analysis, limits, should_stop)
    except MediaError as error:
        if error.code is not MediaErrorCode.NO_VIDEO:
            raise
        heard = examine_sound(path, analysis, limits, should_stop)
        if heard is None:
            raise
        return heard
    _require_packets(found)
    head = decode_head(path, found.video, limits, should_stop)
    if head.first is None:
        raise _nothing_decodes(found)
    _require_affordable(head.first.width * head.first.height, int(found.scan.shown.sum()), limits)
    checked = _checked_index(path, found, head, limits, should_stop)
    index = checked.index
    duration_s = index.clock.duration_s
    if duration_s > limits.duration_s:
        raise MediaError(
            MediaErrorCode.LIMIT_EXCEEDED,
            f"The video lasts {duration_s:.0f} s; at most {limits.duration_s:.0f} s are allowed. Cut it into "
            "parts and upload those.",
        )
    sound, notes = _sound(path, found, limits)
    warnings = warnings_of(found.promised, _received(path, found), checked)
    media = _media(path, found, head.first, index, sound, found.notes + notes, limits)
    return replace(media, warnings=warnings, placeholders=found.scan.reading.placeholders), index


def _find(
    path: Path, analysis: StreamChoice | None, limits: Limits, should_stop: Callable[[], bool] | None
) -> _Findings:
    with opened(path, limits) as container:
        video = probe.choose_video(container, analysis, limits)
        choice = choose_audio(path, container, analysis, video, limits, should_stop)
        audio = choice.stream
        return _Findings(
            scan=scan_packets(container, video, audio, limits, should_stop),
            container=container.format.name,
            bytes=path.stat().st_size,
            streams=described(container, choice),
            video=video.index,
            video_codec=probe.codec_name(video),
            time_base=Fraction(video.time_base or UNKNOWN_TIME_BASE),
            named_rates=[video.average_rate, video.base_rate],
            aspect=probe.pixel_aspect(video),
            timecode=timecode_tag(container, video),
            promised=Promised.by(container, video, audio),
            ending=ending_of(path, container.format.name),
            audio=audio.index if audio is not None else None,
            audio_codec=probe.codec_name(audio) if audio is not None else "",
            audio_time_base=Fraction((audio.time_base if audio is not None else None) or 1),
            notes=choice.notes,
        )


def _require_packets(found: _Findings) -> None:
    if found.scan.encrypted:
        raise MediaError(
            MediaErrorCode.ENCRYPTED,
            "The video is encrypted (copy protection) and cannot be decoded. Upload an unprotected copy.",
        )
    if bool(found.scan.shown.any()):
        return
    if found.scan.damaged or found.promised.frames > 0:
        raise _truncated()
    raise MediaError(
        MediaErrorCode.NO_FRAMES,
        "The file has a video stream without frames: only its beginning is there. Upload the whole video.",
    )


def _require_affordable(frame_pixels: int, frames: int, limits: Limits) -> None:
    if frame_pixels * frames > limits.decoded_pixels:
        raise MediaError(
            MediaErrorCode.LIMIT_EXCEEDED,
            f"The video has {frames} frames of {frame_pixels} pixels; at most {limits.decoded_pixels} pixels "
            "are allowed in all. Upload a smaller version or parts of it.",
        )


def _nothing_decodes(found: _Findings) -> MediaError:
    if found.scan.damaged:
        return _truncated()
    return MediaError(
        MediaErrorCode.DECODE_FAILED,
        f"None of the frames can be decoded ({found.video_codec}): the file is damaged or of a variant "
        "not known here. Convert it to H.264 in MP4 and upload it again.",
    )


def _truncated() -> MediaError:
    return MediaError(
        MediaErrorCode.TRUNCATED,
        "The file is cut off before its first whole frame. Export or upload it again.",
    )


def _checked_index(
    path: Path, found: _Findings, head: DecodedHead, limits: Limits, should_stop: Callable[[], bool] | None
) -> Checked:
    scan = found.scan
    promised = index_from_packets(scan, found.time_base, found.frame_s)
    blank = int(scan.reading.blank.sum())
    index = agree(promised, head, blank) if promised is not None else None
    if promised is None or index is None:
        log.info("indexing_by_decoding", file=path.name)
        index, errors = index_by_decoding(
            path, found.video, found.time_base, found.frame_s, limits, should_stop
        )
        return Checked(index, lost_by_decoding(index, scan, errors + blank), 0)
    undecoded = lost_at_head(promised, index, scan, head.errors + blank)
    whole = index
    if found.last_is_incomplete and len(index) > 1 and scan.pts[-1] == index.pts[-1]:
        index = index.without(0, 1)  # what can be decoded of it is no picture of the film
    if scan.damaged or scan.reading.ends_blank:
        index = without_lost_tail(path, found.video, index, limits, should_stop)
    return Checked(index, undecoded, len(whole) - len(index))


def _received(path: Path, found: _Findings) -> Received:
    scan, tick = found.scan, found.audio_time_base
    return Received(
        path=path,
        container=found.container,
        bytes=found.bytes,
        ending=found.ending,
        scan=scan,
        audio_s=seconds(scan.reading.audio_ticks, tick),
        audio_end_s=None if scan.audio_end is None else seconds(scan.audio_end, tick),
    )


def _sound(path: Path, found: _Findings, limits: Limits) -> tuple[AudioInfo | None, tuple[str, ...]]:
    scan = found.scan
    if found.audio is None or scan.audio_start is None or scan.audio_end is None:
        return None, ()
    with opened(path, limits) as container:
        stream = cast("AudioStream", container.streams[found.audio])
        decoded = probe.audio_format(container, stream, limits)
    if decoded is None:
        return None, (_UNDECODABLE_SOUND,)
    rate, channels = decoded
    tick = found.audio_time_base
    # bounded, since a single broken timestamp may lie days away
    duration_s = min(seconds(scan.audio_end - scan.audio_start, tick), limits.duration_s)
    return AudioInfo(
        stream=found.audio,
        codec=found.audio_codec,
        sample_rate_hz=rate,
        channels=channels,
        start_s=seconds(scan.audio_start, tick),
        duration_s=duration_s,
    ), ()


def _media(
    path: Path,
    found: _Findings,
    first: VideoFrame,
    index: FrameIndex,
    sound: AudioInfo | None,
    notes: tuple[str, ...],
    limits: Limits,
) -> MediaInfo:
    turned = probe.orientation_of(first)
    sideways = turned.rotation in (90, 270)
    rate = frame_rate(index, found.named_rates)
    timecode = start_timecode(
        path, found.video, found.video_codec, found.timecode, index, rate, found.first_pts, limits
    )
    clock = index.clock
    return MediaInfo(
        duration_s=clock.duration_s,
        width=first.height if sideways else first.width,
        height=first.width if sideways else first.height,
        fps=float(rate),
        frames=len(index),
        variable_frame_rate=variable_frame_rate(index),
        rotation=turned.rotation,
        video_codec=found.video_codec,
        audio_codec=sound.codec if sound is not None else None,
        start_s=clock.start_s,
        fps_fraction=rate,
        pixel_aspect=1 / found.aspect if sideways else found.aspect,
        mirrored=turned.mirrored,
        container=found.container,
        bytes=found.bytes,
        time_base=index.time_base,
        video_stream=found.video,
        audio=sound,
        streams=found.streams,
        notes=notes,
        timecode=timecode,
    )
