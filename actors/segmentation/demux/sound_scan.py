"""One pass over the packets of one audio stream: where the sound begins and ends, and how reading ended.

Knows packets and their timestamps; decodes nothing and knows no video.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

import av.error

from actors.segmentation.demux.container import demux, ignore_other_streams
from actors.segmentation.demux.packet_scan import STOP_CHECK_PACKETS, sane_stamp
from actors.segmentation.errors import Cancelled

if TYPE_CHECKING:
    from av.audio.stream import AudioStream
    from av.container import InputContainer


@dataclass(frozen=True, slots=True)
class SoundScan:
    """The packets of one audio stream. start, end: extent in its time base, None without a timestamp.
    packets: their number. incomplete: of the last packet only a part is there. stopped: reading ended with an
    error. encrypted: the container says that packets are."""

    start: int | None
    end: int | None
    packets: int
    incomplete: bool
    stopped: bool
    encrypted: bool


def scan_sound(
    container: InputContainer, audio: AudioStream, should_stop: Callable[[], bool] | None = None
) -> SoundScan:
    """Read every packet of an audio stream alone. Cancelled."""
    ignore_other_streams(container, [audio.index])
    start: int | None = None
    end: int | None = None
    count = 0
    incomplete = stopped = encrypted = False
    try:
        for packet in demux(container, [audio]):
            if packet.size == 0:
                continue
            count += 1
            if should_stop is not None and count % STOP_CHECK_PACKETS == 0 and should_stop():
                raise Cancelled
            incomplete = packet.is_corrupt
            encrypted = encrypted or (count == 1 and packet.has_sidedata("encryption_info"))
            stamp = sane_stamp(packet.pts)
            if stamp is not None and not packet.is_discard:
                beyond = stamp + (sane_stamp(packet.duration) or 0)
                start = stamp if start is None else min(start, stamp)
                end = beyond if end is None else max(end, beyond)
    except av.error.FFmpegError:
        stopped = True
    return SoundScan(start, end, count, incomplete, stopped, encrypted)
