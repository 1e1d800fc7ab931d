"""One pass over a file's packets, decoding nothing: timestamps, key flags, where sound begins and ends.

Knows packets and their flags; `demux.frame_index` makes frame numbers of them.
"""

from __future__ import annotations

from array import array
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from heapq import heappop, heappush
from typing import TYPE_CHECKING

import av
import av.error
import numpy as np
import numpy.typing as npt
from av.stream import Discard

from actors.segmentation.demux.container import demux, ignore_other_streams
from actors.segmentation.demux.packet_headers import is_hidden, is_placeholder, may_begin_at
from actors.segmentation.demux.references import ReferenceFlags
from actors.segmentation.errors import Cancelled, MediaError, MediaErrorCode
from actors.segmentation.limits import Limits

if TYPE_CHECKING:
    from av.audio.stream import AudioStream
    from av.container import InputContainer
    from av.packet import Packet
    from av.video.stream import VideoStream

NO_PTS = np.iinfo(np.int64).min
"""In an array of int64: the container gives no timestamp (FFmpeg's AV_NOPTS_VALUE)."""

_STAMP_MAX = 1 << 60
"""Timestamps beyond are damage (36 years in nanoseconds), and sums of a few of them would overflow int64."""

_SHOWN, _BEGIN, _KEY, _BLANK = 1, 2, 4, 8
"""Bits of a packet's byte of flags: a film of a day has millions of packets."""
_BLANK_BYTES = 16
"""A packet whose first bytes are zero is blank: no codec's begins so, but one of uncompressed black."""
_DISORDER_PACKETS = 512
"""Packets that are held to be put in the order of their positions, which demuxers with parsers do not keep: a
video packet of a transport stream comes out behind some of sound. No measurement; seconds of a film."""
STOP_CHECK_PACKETS = 1024
"""Packets between two calls of `should_stop`. No measurement; milliseconds of reading."""


@dataclass(frozen=True, slots=True, repr=False)
class Reading:
    """How the file was read: what tells whether something is missing in it.

    key: bool[n], the container says that the video packet is a key frame; blank: bool[n], its first bytes are
    zero. skipped: int64[n + 1], bytes between the packets that were read before this video packet and it,
    which belong to none that was read; the last entry: up to the file's end. position: int64[n], offset of
    the video packet in the file, -1 where unknown. incomplete: types ("video",
    "audio") of the streams of whose last packet only a part is there. stopped: reading ended with an error.
    audio_packets, audio_ticks: number of packets of sound, and the sum of their durations in the stream's
    time base. placeholders: video packets that hold no picture.
    """

    key: npt.NDArray[np.bool_] = field(default_factory=lambda: np.zeros(0, np.bool_))
    blank: npt.NDArray[np.bool_] = field(default_factory=lambda: np.zeros(0, np.bool_))
    skipped: npt.NDArray[np.int64] = field(default_factory=lambda: np.zeros(1, np.int64))
    position: npt.NDArray[np.int64] = field(default_factory=lambda: np.zeros(0, np.int64))
    incomplete: frozenset[str] = frozenset()
    stopped: bool = False
    audio_packets: int = 0
    audio_ticks: int = 0
    placeholders: int = 0

    @property
    def ends_blank(self) -> bool:
        """Whether the last video packet is blank."""
        return bool(self.blank[-1:].any())

    def __repr__(self) -> str:
        return f"Reading(incomplete={sorted(self.incomplete)}, stopped={self.stopped})"


class _Coverage:
    """Which bytes of the file belong to packets. skipped: for each video packet, the bytes before it that
    belong to none, counted from the video packet before."""

    def __init__(self) -> None:
        self.skipped = array("q")
        self._waiting: list[tuple[int, int, int, int]] = []
        self._end: int | None = None
        self._passed = 0
        self._placeless_bytes = 0

    def add(self, packet: Packet[VideoStream | AudioStream], *, video: bool) -> None:
        """The next packet. Of several in one unit of the container, only the first has a position."""
        number = len(self.skipped) if video else -1
        if video:
            self.skipped.append(0)
        if packet.pos is None or packet.pos < 0:
            self._placeless_bytes += packet.size
            return
        heappush(self._waiting, (packet.pos, packet.size, number, self._placeless_bytes))
        self._placeless_bytes = 0
        if len(self._waiting) > _DISORDER_PACKETS:
            self._take()

    def finish(self, file_bytes: int) -> None:
        """Append the bytes after the last packet."""
        while self._waiting:
            self._take()
        self.skipped.append(max(0, self._passed + file_bytes - (self._end or file_bytes)))

    def _take(self) -> None:
        position, size, number, placeless_bytes = heappop(self._waiting)
        if self._end is not None:
            self._passed += max(0, position - self._end) - placeless_bytes
        self._end = max(self._end or 0, position + size)
        if number >= 0:
            self.skipped[number] = max(0, self._passed)
            self._passed = min(0, self._passed)


@dataclass(frozen=True, slots=True, repr=False)
class PacketScan:
    """Video packets in decoding order as parallel arrays, and the extent of the sound.

    pts, dts, duration: int64[n] in the video stream's time base; NO_PTS, or 0 for a duration, where unknown.
    shown: bool[n], neither dropped by an edit list nor a hidden reference. begin: bool[n], decoding may begin
    here. size: int64[n], bytes. unreferenced: bool[n], no other picture refers to this one. audio_start,
    audio_end: in the audio stream's time base; None without sound. damaged: a packet is incomplete, or
    reading ended with an error. encrypted: the container says that packets are. reading: how it was read.
    """

    pts: npt.NDArray[np.int64]
    dts: npt.NDArray[np.int64]
    duration: npt.NDArray[np.int64]
    shown: npt.NDArray[np.bool_]
    begin: npt.NDArray[np.bool_]
    size: npt.NDArray[np.int64]
    unreferenced: npt.NDArray[np.bool_]
    audio_start: int | None
    audio_end: int | None
    damaged: bool
    encrypted: bool
    reading: Reading = field(default_factory=Reading)

    def __repr__(self) -> str:
        return f"PacketScan(packets={len(self.pts)}, shown={int(self.shown.sum())}, damaged={self.damaged})"


def sane_stamp(value: int | None) -> int | None:
    """A timestamp; None when there is none or it is damage."""
    return value if value is not None and abs(value) <= _STAMP_MAX else None


def scan_packets(
    container: InputContainer,
    video: VideoStream,
    audio: AudioStream | None,
    limits: Limits,
    should_stop: Callable[[], bool] | None = None,
) -> PacketScan:
    """Read every packet of the two streams. MediaError limit_exceeded for too many frames; Cancelled."""
    ignore_other_streams(container, [video.index] + ([audio.index] if audio is not None else []))
    codec = video.codec_context.codec.canonical_name
    begins = may_begin_at(codec, video.codec_context.extradata, video.codec_context.codec.intra_only)
    inspect_hidden = codec in ("vp8", "vp9")
    references = ReferenceFlags(codec, video.codec_context.extradata)
    pts, dts, duration, position, size = (array("q") for _ in range(5))
    flags = bytearray()
    audio_start: int | None = None
    audio_end: int | None = None
    damaged = encrypted = stopped = False
    count = audio_packets = audio_ticks = placeholders = 0
    coverage, incomplete = _Coverage(), set[str]()
    streams: list[VideoStream | AudioStream] = [video] if audio is None else [video, audio]
    try:
        for packet in _packets(container, streams):
            count += 1
            if should_stop is not None and count % STOP_CHECK_PACKETS == 0 and should_stop():
                raise Cancelled
            if packet.size == 0:
                continue
            coverage.add(packet, video=packet.stream_index == video.index)
            (incomplete.add if packet.is_corrupt else incomplete.discard)(packet.stream.type)
            if packet.stream_index != video.index:
                audio_packets, audio_ticks = audio_packets + 1, audio_ticks + (packet.duration or 0)
                start = sane_stamp(packet.pts)
                if start is not None and not packet.is_discard:
                    end = start + (sane_stamp(packet.duration) or 0)
                    audio_start = start if audio_start is None else min(audio_start, start)
                    audio_end = end if audio_end is None else max(audio_end, end)
                continue
            references.add(memoryview(packet))
            size.append(packet.size)
            hidden = packet.is_discard or (inspect_hidden and is_hidden(codec, memoryview(packet)))
            begin = packet.is_keyframe and begins(bytes(packet))
            placeholders += is_placeholder(codec, packet.size)
            blank = not any(memoryview(packet)[:_BLANK_BYTES])
            flags.append(
                (0 if hidden else _SHOWN)
                | (_BEGIN if begin else 0)
                | (_KEY if packet.is_keyframe else 0)
                | (_BLANK if blank else 0)
            )
            damaged = damaged or packet.is_corrupt
            encrypted = encrypted or (len(flags) == 1 and packet.has_sidedata("encryption_info"))
            stamp, decoding_stamp = sane_stamp(packet.pts), sane_stamp(packet.dts)
            pts.append(NO_PTS if stamp is None else stamp)
            dts.append(NO_PTS if decoding_stamp is None else decoding_stamp)
            duration.append(sane_stamp(packet.duration) or 0)
            position.append(-1 if packet.pos is None else packet.pos)
            if len(pts) > limits.frames:
                raise MediaError(
                    MediaErrorCode.LIMIT_EXCEEDED,
                    f"The video has more than {limits.frames} frames. Cut it into parts and upload those.",
                )
    except av.error.FFmpegError:
        # What was read up to here is a video; the rest of the file cannot be read.
        damaged = stopped = True
    coverage.finish(container.size)
    flag_array = np.frombuffer(bytes(flags), np.uint8)
    return PacketScan(
        pts=np.array(pts, np.int64),
        dts=np.array(dts, np.int64),
        duration=np.array(duration, np.int64),
        shown=(flag_array & _SHOWN) > 0,
        begin=(flag_array & _BEGIN) > 0,
        size=np.array(size, np.int64),
        unreferenced=references.unreferenced(),
        audio_start=audio_start,
        audio_end=audio_end,
        damaged=damaged,
        encrypted=encrypted or "enc_key_id" in video.metadata,
        reading=Reading(
            key=(flag_array & _KEY) > 0,
            blank=(flag_array & _BLANK) > 0,
            skipped=np.array(coverage.skipped, np.int64),
            position=np.array(position, np.int64),
            incomplete=frozenset(incomplete),
            stopped=stopped,
            audio_packets=audio_packets,
            audio_ticks=audio_ticks,
            placeholders=placeholders,
        ),
    )


def _packets(
    container: InputContainer, streams: Sequence[VideoStream | AudioStream]
) -> Iterator[Packet[VideoStream | AudioStream]]:
    """Packets of all streams together, then what is left of each alone.

    FFmpeg's demuxer of MP4 and QuickTime ends at the first sample that is not in the file, although samples
    of another stream may be, where they do not lie side by side.
    """
    yield from demux(container, streams)
    if container.format.name.startswith("mov"):
        for stream in streams:
            ignore_other_streams(container, [stream.index])
            stream.discard = Discard.default
            yield from demux(container, [stream])
