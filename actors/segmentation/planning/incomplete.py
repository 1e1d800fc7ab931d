"""What is missing of a file that can be analysed: its end, and pictures inside it.

A file says in several places how much there should be: sample tables, lengths of streams, sizes of the
container's parts, timestamps that advance evenly. Each is believed only where something else agrees, so that
an odd header makes no warning. Knows what the packets said, the frame index, and where the file has padding;
decodes nothing.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from actors.segmentation.demux.completeness import Ending
from actors.segmentation.demux.frame_index import FrameIndex
from actors.segmentation.demux.packet_scan import PacketScan
from actors.segmentation.demux.padding import padding_bytes
from actors.segmentation.media_warning import (
    Loss,
    MediaWarning,
    truncated,
    unreadable_beyond,
    with_loss,
)

if TYPE_CHECKING:
    from av.audio.stream import AudioStream
    from av.container import InputContainer
    from av.video.stream import VideoStream

SAME_S = 0.25
"""Seconds by which what is read may be shorter than announced and still be all of it: priming of the sound, a
last frame without a duration. No measurement; more than a packet of any codec."""
_GAP_STEPS = 1.5
"""A frame that is shown for more of the usual steps is followed by a gap."""
_BACKGROUND = 1 / 3
"""Share of the bytes beside the gaps that belong to no packet read. Where it is larger (streams that are not
read, padding), bytes that were passed over in a gap say nothing. Muxing takes 1 to 15 %, of a transport
stream with small packets up to 30 %."""
_GAP_SHARE = 0.5
"""A gap is a loss where at least this share of the bytes was passed over that its pictures usually have. As
much as the background gives at most, so that a pause beside an unread stream is no loss."""
_UNIT_PACKETS = 16
"""Video packets that a unit of the container may hold of which only the first has a position. No measurement;
a unit of an MPEG program stream has 2 kB."""
_USUAL_QUANTILE = 0.9
"""Bytes passed over before a packet up to this quantile are those of the container itself."""
_MISCOUNTED_FRAMES = 2
"""Headers of AVI announce up to so many frames more than there are, as the muxers of FFmpeg and Android
do."""
_UNREAD_SHARE, _UNREAD_BYTES = 0.1, 64 << 10
"""Where reading ended with an error, so much of the file must be left, and so many bytes, to say that it goes
on. No measurement; indexes at the end are smaller."""


@dataclass(frozen=True, slots=True)
class Promised:
    """What the container announces, None or 0 where it does not: number of video packets and of packets of
    sound; seconds of the picture, of the sound, of the longest stream."""

    frames: int = 0
    audio_packets: int = 0
    picture_s: float | None = None
    sound_s: float | None = None
    whole_s: float | None = None

    @classmethod
    def by(cls, container: InputContainer, video: VideoStream, audio: AudioStream | None) -> Promised:
        """By the headers of an open file."""
        return cls(
            frames=video.frames,
            audio_packets=audio.frames if audio is not None else 0,
            picture_s=_length_s(video),
            sound_s=_length_s(audio) if audio is not None else None,
            whole_s=container.duration / 1e6 if container.duration else None,
        )


def _length_s(stream: VideoStream | AudioStream) -> float | None:
    if stream.duration is None or stream.time_base is None or stream.duration <= 0:
        return None
    return float(stream.duration * stream.time_base)


@dataclass(frozen=True, slots=True)
class Received:
    """What was read of the file at `path`. container: FFmpeg's name of the demuxer. ending: how it ends.
    audio_s: seconds of sound, the sum of its packets; audio_end_s: when the last one ends, on the clock of
    the picture."""

    path: Path
    container: str
    bytes: int
    ending: Ending
    scan: PacketScan
    audio_s: float
    audio_end_s: float | None


@dataclass(frozen=True, slots=True)
class Checked:
    """The index as the decoder confirms it. undecoded: pictures that do not decode and are not in it; tail:
    how many at its end are not, either."""

    index: FrameIndex
    undecoded: Loss
    tail: int


def warnings_of(promised: Promised, received: Received, checked: Checked) -> tuple[MediaWarning, ...]:
    """What is to be told of the file before it is analysed."""
    end = _missing_end(promised, received, checked)
    inside = checked.undecoded + _lost_in_gaps(received, checked.index) + _lost_by_count(promised, received)
    return with_loss([end] if end is not None else [], inside)


def lost_at_head(whole: FrameIndex, index: FrameIndex, scan: PacketScan, errors: int) -> Loss:
    """Pictures at the beginning of `whole` that are not in `index`, because they do not decode.

    Those before the first key frame are not counted: a recording may begin anywhere (a blank one may be one).
    `errors`: packets that did not decode or are blank; beyond these, the decoder has left pictures out on
    purpose.
    """
    keys = scan.pts[scan.shown & (scan.reading.key | scan.reading.blank)]
    if len(keys) == 0:
        return Loss()
    first = int(np.searchsorted(whole.pts, index.pts[0]))
    lost = min(first - int(np.searchsorted(whole.pts, keys.min())), errors)
    if lost <= 0:
        return Loss()
    return Loss(lost, float(int(whole.pts[first] - whole.pts[first - lost]) * whole.time_base))


def lost_by_decoding(index: FrameIndex, scan: PacketScan, errors: int) -> Loss:
    """Pictures that are not in an index made by decoding, because their packets gave an error."""
    lost = max(0, min(errors, int(scan.shown.sum()) - len(index)))
    return Loss(lost, lost * index.clock.duration_s / len(index))


def _missing_end(promised: Promised, received: Received, checked: Checked) -> MediaWarning | None:
    reading, picture_s = received.scan.reading, checked.index.clock.duration_s
    if received.container.startswith("mov") and promised.frames > 0:
        missing = _missing_samples(promised, received, checked)
        if missing is not None:
            return missing
    if received.ending is Ending.BROKEN or (reading.stopped and _goes_on(received)):
        return unreadable_beyond(picture_s)
    cut_off = received.ending is Ending.CUT_OFF or bool(reading.incomplete) or reading.stopped
    if received.container.startswith("matroska") and promised.whole_s is not None:
        read_s = max(checked.index.clock.end_s, received.audio_end_s or 0.0)
        if read_s + SAME_S >= promised.whole_s:
            return None  # what is cut off is the index at the file's end
        cut_off = cut_off or received.ending is Ending.ZEROS
        return truncated("picture", picture_s, promised.whole_s) if cut_off else None
    return truncated("picture", picture_s, None) if cut_off else None


def _missing_samples(promised: Promised, received: Received, checked: Checked) -> MediaWarning | None:
    """Of an MP4 or QuickTime file, whose tables announce every sample.

    Samples behind the end of an edit list (a film that was trimmed in QuickTime) are announced and not read;
    nothing is missing where the picture is as long as the list says. Pictures at the end that do not decode
    count as missing: where a download was given its size first, they are zeros.
    """
    missing = promised.frames - len(received.scan.pts)
    picture_s = checked.index.clock.duration_s
    trimmed = promised.picture_s is not None and picture_s >= promised.picture_s - _last_s(checked.index) / 2
    if (missing > 0 and not trimmed) or (checked.tail and received.scan.reading.ends_blank):
        return truncated(
            "picture", picture_s, promised.picture_s, missing_frames=max(0, missing) + checked.tail
        )
    sound_s = promised.sound_s
    fewer = received.scan.reading.audio_packets < promised.audio_packets
    if fewer and sound_s is not None and received.audio_s + SAME_S < sound_s:
        return truncated("sound", received.audio_s, sound_s, missing_frames=0)
    return None


def _last_s(index: FrameIndex) -> float:
    """Seconds for which the last frame is shown."""
    return index.clock.end_s - index.clock.seconds_of(len(index) - 1)


def _goes_on(received: Received) -> bool:
    unread = int(received.scan.reading.skipped[-1])
    return unread > max(_UNREAD_SHARE * received.bytes, _UNREAD_BYTES)


def _lost_in_gaps(received: Received, index: FrameIndex) -> Loss:
    """Pictures missing where the timestamps have a gap and bytes lie in it that are no packet's.

    A pause in the recording has a gap, too, but no bytes, or a broadcast's padding. MP4 and QuickTime
    name each sample, so a gap there is meant.
    """
    scan, steps = received.scan, np.diff(index.pts)
    if not index.trusted or len(steps) < 2 or received.container.startswith("mov"):
        return Loss()
    usual = float(np.median(steps))
    gaps = np.flatnonzero(steps > _GAP_STEPS * usual)
    if len(gaps) == 0:
        return Loss()
    # A frame's place in decoding order differs from its number by the reordering, and the packet whose
    # position is known may follow later.
    numbers = np.searchsorted(np.sort(scan.pts[scan.shown]), index.pts[gaps + 1])
    reach = index.reorder_depth + _UNIT_PACKETS
    passed = _passed_over(scan)[scan.shown]
    within = np.array([passed[max(0, at - reach) : at + reach].sum() for at in numbers.tolist()], np.int64)
    skipped = int(scan.reading.skipped[:-1].sum())
    read_bytes = received.bytes - skipped - int(scan.reading.skipped[-1])
    beside = skipped - int(within.sum())
    if beside > _BACKGROUND * (read_bytes + beside):
        return Loss()
    lost = np.maximum(1, np.round(steps[gaps] / usual).astype(np.int64) - 1)
    least = _GAP_SHARE * read_bytes / len(index) * lost
    if received.container == "mpegts":
        for gap in np.flatnonzero(within >= least).tolist():
            within[gap] -= _padding_around(received, int(numbers[gap]), index.reorder_depth)
    real = within >= least
    ticks = int(steps[gaps][real].sum() - usual * int(real.sum()))
    return Loss(int(lost[real].sum()), float(ticks * index.time_base))


def _padding_around(received: Received, at: int, reorder_depth: int) -> int:
    """Bytes of padding between the packets before and after a gap. `at`: number of the picture behind it,
    whose packet may have the position of the one before (MPEG-2)."""
    positions = received.scan.reading.position[received.scan.shown]
    around = positions[max(0, at - 1 - reorder_depth) : at + 2 + reorder_depth]
    known = around[around >= 0]
    return padding_bytes(received.path, int(known.min()), int(known.max())) if len(known) else 0


def _passed_over(scan: PacketScan) -> npt.NDArray[np.int64]:
    """int64[n]: bytes before each video packet that no packet has, beyond what the container itself takes."""
    skipped = scan.reading.skipped[:-1]
    return np.maximum(0, skipped - int(np.quantile(skipped, _USUAL_QUANTILE)))


def _lost_by_count(promised: Promised, received: Received) -> Loss:
    """Pictures missing inside an AVI, whose frames have no timestamps: fewer than its header announces, and
    bytes that are no packet's."""
    read = len(received.scan.pts)
    missing = promised.frames - read
    if received.container != "avi" or received.ending is Ending.CUT_OFF or missing <= _MISCOUNTED_FRAMES:
        return Loss()
    passed = int(_passed_over(received.scan).sum())
    if received.ending is Ending.ZEROS:
        passed += int(received.scan.reading.skipped[-1])
    usual_bytes = (received.bytes - int(received.scan.reading.skipped.sum())) / read
    if passed < _GAP_SHARE * usual_bytes * missing or promised.picture_s is None:
        return Loss()
    return Loss(missing, missing * promised.picture_s / promised.frames)
