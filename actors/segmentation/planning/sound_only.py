"""The description and the index of a file without a picture: its sound, divided into slots of a tenth of a
second.

Slots stand in place of frames, so that chunks, tracks and segments of a podcast are made as those of a film.
Knows `demux`, `planning.probe` and `planning.audio_choice`; decodes no more itself than the first sound.
"""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING, cast

import numpy as np

from actors.segmentation.demux.completeness import Ending, ending_of
from actors.segmentation.demux.container import opened
from actors.segmentation.demux.frame_index import FrameIndex
from actors.segmentation.demux.media import AudioInfo, MediaInfo, StreamChoice
from actors.segmentation.demux.sound_scan import SoundScan, scan_sound
from actors.segmentation.errors import MediaError, MediaErrorCode
from actors.segmentation.limits import Limits
from actors.segmentation.media_warning import MediaWarning, truncated, unreadable_beyond
from actors.segmentation.planning import probe
from actors.segmentation.planning.audio_choice import choose_audio, described
from actors.segmentation.planning.incomplete import SAME_S
from actors.segmentation.timebase import UNKNOWN_TIME_BASE, seconds

if TYPE_CHECKING:
    from av.audio.stream import AudioStream
    from av.container import InputContainer

SLOTS_PER_SECOND = 10
"""As many as the sound is measured (`tracks.STEPS_PER_SECOND`): finer boundaries would say nothing."""
TIME_BASE = Fraction(1, 1000)
"""Of the slots' timestamps: the sound may begin at any time."""
_SLOT_TICKS = int(1 / (SLOTS_PER_SECOND * TIME_BASE))
_COUNTING = ("flac", "aiff", "wv")
"""FFmpeg's names of demuxers of files whose headers count the samples."""
_IN_PORTIONS = ("wav", "caf")
"""The same of files whose headers need not tell how long they are; where they do, `ending_of` knows."""


def examine_sound(
    path: Path, analysis: StreamChoice | None, limits: Limits, should_stop: Callable[[], bool] | None = None
) -> tuple[MediaInfo, FrameIndex] | None:
    """Description and slots of a file that has no picture; None where it has no sound that is known, either.

    MediaError when the sound cannot be analysed, OSError when it cannot be read, Cancelled on request.
    """
    with opened(path, limits) as container:
        choice = choose_audio(path, container, analysis, None, limits, should_stop)
        stream = choice.stream
        if stream is None:
            return None
        scan = scan_sound(container, stream, should_stop)
        tick = Fraction(stream.time_base or UNKNOWN_TIME_BASE)
        announced_s = _announced_s(container, stream, scan)
        streams, codec = described(container, choice), probe.codec_name(stream)
        name, index = container.format.name, stream.index
    if scan.encrypted:
        raise MediaError(
            MediaErrorCode.ENCRYPTED,
            "The sound is encrypted (copy protection) and cannot be decoded. Upload an unprotected copy.",
        )
    rate, channels = _format(path, index, limits)
    if scan.start is None or scan.end is None:
        raise MediaError(
            MediaErrorCode.NO_FRAMES,
            "The file does not say when its sound is played. Convert it to AAC or FLAC and upload it again.",
        )
    duration_s = seconds(scan.end - scan.start, tick)
    slots = slots_of(seconds(scan.start, tick), duration_s, limits)
    sound = AudioInfo(
        stream=index,
        codec=codec,
        sample_rate_hz=rate,
        channels=channels,
        start_s=seconds(scan.start, tick),
        duration_s=duration_s,
    )
    media = MediaInfo(
        duration_s=slots.clock.duration_s,
        width=0,
        height=0,
        fps=float(SLOTS_PER_SECOND),
        frames=len(slots),
        variable_frame_rate=False,
        rotation=0,
        video_codec=None,
        audio_codec=codec,
        start_s=slots.clock.start_s,
        fps_fraction=Fraction(SLOTS_PER_SECOND),
        pixel_aspect=Fraction(1),
        mirrored=False,
        container=name,
        bytes=path.stat().st_size,
        time_base=TIME_BASE,
        video_stream=-1,
        audio=sound,
        streams=streams,
        notes=choice.notes,
        warnings=_warnings(path, name, scan, sound, announced_s),
    )
    return media, slots


def slots_of(start_s: float, duration_s: float, limits: Limits) -> FrameIndex:
    """Slots that cover a range of seconds; the last one may be shorter. MediaError limit_exceeded."""
    if duration_s > limits.duration_s:
        raise MediaError(
            MediaErrorCode.LIMIT_EXCEEDED,
            f"The sound lasts {duration_s:.0f} s; at most {limits.duration_s:.0f} s are allowed. Cut it into "
            "parts and upload those.",
        )
    ticks = max(1, round(duration_s / float(TIME_BASE)))
    count = -(-ticks // _SLOT_TICKS)
    if count > limits.frames:
        raise MediaError(
            MediaErrorCode.LIMIT_EXCEEDED,
            f"The sound is divided into {count} slots; at most {limits.frames} are allowed. Cut it into "
            "parts and upload those.",
        )
    start = round(start_s / float(TIME_BASE))
    return FrameIndex(
        pts=start + _SLOT_TICKS * np.arange(count, dtype=np.int64),
        key=np.zeros(count, np.bool_),
        end_pts=start + ticks,
        time_base=TIME_BASE,
        trusted=True,
    )


def _format(path: Path, stream: int, limits: Limits) -> tuple[int, int]:
    """Sample rate in Hz and channels of what is decoded."""
    with opened(path, limits) as container:
        decoded = probe.audio_format(container, cast("AudioStream", container.streams[stream]), limits)
    if decoded is None:
        raise MediaError(
            MediaErrorCode.DECODE_FAILED,
            "The file has no picture, and its sound cannot be decoded: it is damaged or of a variant not "
            "known here. Convert it to AAC or FLAC and upload it again.",
        )
    return decoded


def _announced_s(container: InputContainer, stream: AudioStream, scan: SoundScan) -> float | None:
    """When the sound should end by the container's headers; None where that may only have been guessed."""
    name = container.format.name
    if name.startswith("matroska") and container.duration:
        return container.duration / 1e6
    fewer = name.startswith("mov") and scan.packets < stream.frames
    if (fewer or name in _COUNTING) and stream.duration is not None and stream.time_base is not None:
        return float(stream.duration * stream.time_base)
    return None


def _warnings(
    path: Path, container: str, scan: SoundScan, sound: AudioInfo, announced_s: float | None
) -> tuple[MediaWarning, ...]:
    ending = ending_of(path, container)
    if ending is Ending.BROKEN:
        return (unreadable_beyond(sound.duration_s),)
    # PCM is read in portions, of which the last one is a part of one in a whole file, too
    incomplete = scan.incomplete and container not in _IN_PORTIONS
    cut_off = ending is Ending.CUT_OFF or incomplete or scan.stopped
    if announced_s is not None:
        read_s = sound.duration_s + (max(0.0, sound.start_s) if container.startswith("matroska") else 0.0)
        if read_s + SAME_S >= announced_s:
            return ()
        cut_off = cut_off or ending is Ending.ZEROS or not container.startswith("matroska")
    return (truncated("sound", sound.duration_s, announced_s),) if cut_off else ()
