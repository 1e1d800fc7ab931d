"""One pass over a file's packets, decoding nothing: timestamps, key flags, where sound begins and ends.

Knows packets and their flags; `demux.frame_index` makes frame numbers of them.
"""

from __future__ import annotations

from array import array
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

import av
import av.error
import numpy as np
import numpy.typing as npt

from actors.segmentation.demux.container import demux, ignore_other_streams
from actors.segmentation.demux.packet_headers import is_hidden, may_begin_at
from actors.segmentation.errors import Cancelled, MediaError, MediaErrorCode
from actors.segmentation.limits import Limits

if TYPE_CHECKING:
    from av.audio.stream import AudioStream
    from av.container import InputContainer
    from av.video.stream import VideoStream

NO_PTS = np.iinfo(np.int64).min
"""In an array of int64: the container gives no timestamp (FFmpeg's AV_NOPTS_VALUE)."""

_STAMP_MAX = 1 << 60
"""Timestamps beyond are damage (36 years in nanoseconds), and sums of a few of them would overflow int64."""

_SHOWN, _BEGIN = 1, 2
"""Bits of a packet's byte of flags: a film of a day has millions of packets."""
_STOP_CHECK_PACKETS = 1024
"""Packets between two calls of `should_stop`. No measurement; milliseconds of reading."""


@dataclass(frozen=True, slots=True, repr=False)
class PacketScan:
    """Video packets in decoding order as parallel arrays, and the extent of the sound.

    pts, dts, duration: int64[n] in the video stream's time base; NO_PTS, or 0 for a duration, where unknown.
    shown: bool[n], neither dropped by an edit list nor a hidden reference. begin: bool[n], decoding may begin
    here. audio_start, audio_end: in the audio stream's time base; None without sound. damaged: a packet is
    incomplete, or reading ended with an error. encrypted: the container says that packets are.
    """

    pts: npt.NDArray[np.int64]
    dts: npt.NDArray[np.int64]
    duration: npt.NDArray[np.int64]
    shown: npt.NDArray[np.bool_]
    begin: npt.NDArray[np.bool_]
    audio_start: int | None
    audio_end: int | None
    damaged: bool
    encrypted: bool

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
    pts, dts, duration, flags = array("q"), array("q"), array("q"), bytearray()
    audio_start: int | None = None
    audio_end: int | None = None
    damaged = encrypted = False
    count = 0
    streams: list[VideoStream | AudioStream] = [video] if audio is None else [video, audio]
    try:
        for packet in demux(container, streams):
            count += 1
            if should_stop is not None and count % _STOP_CHECK_PACKETS == 0 and should_stop():
                raise Cancelled
            if packet.size == 0:
                continue
            if packet.stream_index != video.index:
                start = sane_stamp(packet.pts)
                if start is not None and not packet.is_discard:
                    end = start + (sane_stamp(packet.duration) or 0)
                    audio_start = start if audio_start is None else min(audio_start, start)
                    audio_end = end if audio_end is None else max(audio_end, end)
                continue
            hidden = packet.is_discard or (inspect_hidden and is_hidden(codec, memoryview(packet)))
            begin = packet.is_keyframe and begins(bytes(packet))
            flags.append((0 if hidden else _SHOWN) | (_BEGIN if begin else 0))
            damaged = damaged or packet.is_corrupt
            encrypted = encrypted or (len(flags) == 1 and packet.has_sidedata("encryption_info"))
            stamp, decoding_stamp = sane_stamp(packet.pts), sane_stamp(packet.dts)
            pts.append(NO_PTS if stamp is None else stamp)
            dts.append(NO_PTS if decoding_stamp is None else decoding_stamp)
            duration.append(sane_stamp(packet.duration) or 0)
            if len(pts) > limits.frames:
                raise MediaError(
                    MediaErrorCode.LIMIT_EXCEEDED,
                    f"The video has more than {limits.frames} frames. Cut it into parts and upload those.",
                )
    except av.error.FFmpegError:
        # What was read up to here is a video; the rest of the file cannot be read.
        damaged = True
    flag_array = np.frombuffer(bytes(flags), np.uint8)
    return PacketScan(
        pts=np.array(pts, np.int64),
        dts=np.array(dts, np.int64),
        duration=np.array(duration, np.int64),
        shown=(flag_array & _SHOWN) > 0,
        begin=(flag_array & _BEGIN) > 0,
        audio_start=audio_start,
        audio_end=audio_end,
        damaged=damaged,
        encrypted=encrypted or "enc_key_id" in video.metadata,
    )
