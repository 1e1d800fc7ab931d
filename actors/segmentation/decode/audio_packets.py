"""The sound packets of a file as a window that moves over it, forward mostly.

Reads on where the next packets are near and seeks where they are not; a seek is verified by the packet that
follows it. Knows packets and their timestamps; decodes nothing.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING, cast

import av.error
import structlog

from actors.segmentation.decode.audio_cells import decoder_from_headers
from actors.segmentation.decode.channels import take_channel_names
from actors.segmentation.demux.container import demux, ignore_other_streams, open_container, opened
from actors.segmentation.demux.packet_scan import sane_stamp
from actors.segmentation.limits import Limits
from actors.segmentation.timebase import UNKNOWN_TIME_BASE

if TYPE_CHECKING:
    from av.audio.codeccontext import AudioCodecContext
    from av.audio.stream import AudioStream
    from av.container import InputContainer
    from av.packet import Packet

    SoundPacket = Packet[AudioStream]

log = structlog.get_logger(__name__)

_SEEK_MARGINS_S = (Fraction(1, 2), Fraction(5), Fraction(60))
"""Seconds before the wanted packet to which the demuxer is sent, one after the other until a packet at or
before the wanted one comes: with a sparse index, a demuxer may land behind its target. No measurement."""
_READ_ON_S = 30
"""Seconds: wanted packets that are nearer ahead than this are reached by reading, others by seeking. No
measurement; about one audio block, so that blocks in succession are read without a seek."""
MAX_PACKETS = 100_000
"""Packets held at once, for one cell, against files that repeat one timestamp endlessly. The longest cell,
with preroll 27 s, needs 32,400 packets of TrueHD (1,200 a second)."""
MAX_BYTES = 256 << 20
"""Bytes that they may have: the longest cell needs 170 MB of eight channels of PCM at 192 kHz."""
MAX_RESTARTS = 30
"""Where no seek leads to a cell, the file is read from its start; only so often, since a file of a day has
thousands of cells. No measurement; afterwards, such cells are silent."""


class PacketWindow:
    """Packets of one audio stream between two times; those before the first are dropped. Not thread-safe.

    `path` is opened at once: MediaError or OSError when it cannot be. channel_names: see
    `decode.channels.take_channel_names`.
    """

    def __init__(self, path: Path, stream: int, limits: Limits) -> None:
        self._path, self._index, self._limits = path, stream, limits
        self._container, self.channel_names = self._open()
        self._source = self._demux()
        self._recent: deque[tuple[int, SoundPacket]] = deque()
        self._from_start = True
        self._ended = False
        self._restarts = 0

    @property
    def stream(self) -> AudioStream:
        """The stream, in the file as it is opened now."""
        return cast("AudioStream", self._container.streams[self._index])

    @property
    def tick(self) -> Fraction:
        """The stream's time base: seconds for each unit of a timestamp."""
        return Fraction(self.stream.time_base or UNKNOWN_TIME_BASE)

    def between(self, first: int, end: int) -> list[SoundPacket]:
        """Packets from the last one at or before `first` to those before `end` (timestamps)."""
        if not self._recent and not self._ended:
            self._pull(first)
        if not self._reaches(first):
            self._go_to(first)
        held_bytes = sum(packet.size for _, packet in self._recent)
        while not self._ended and (not self._recent or self._recent[-1][0] < end):
            if len(self._recent) >= MAX_PACKETS or held_bytes > MAX_BYTES:
                log.info("sound_said_over_and_over", file=self._path.name)
                break
            held_bytes += self._pull(first)
        self._forget(first)
        return [packet for stamp, packet in self._recent if stamp < end]

    @contextmanager
    def new_decoder(self) -> Iterator[AudioCodecContext]:
        """A decoder that has decoded nothing yet.

        Made from the stream's headers where they suffice; otherwise that of the file, opened once more.
        """
        context = decoder_from_headers(self.stream)
        if context is not None:
            yield context
            return
        with opened(self._path, self._limits) as container:
            stream = cast("AudioStream", container.streams[self._index])
            take_channel_names(stream)
            yield stream.codec_context

    def close(self) -> None:
        """Close the file; idempotent."""
        self._container.close()

    def _open(self) -> tuple[InputContainer, tuple[str, ...]]:
        container = open_container(self._path, self._limits)
        ignore_other_streams(container, [self._index])
        return container, take_channel_names(cast("AudioStream", container.streams[self._index]))

    def _demux(self) -> Iterator[SoundPacket]:
        try:
            yield from demux(self._container, [self.stream])
        except av.error.FFmpegError as error:
            log.info("sound_reading_ended_early", file=self._path.name, reason=type(error).__name__)

    def _reaches(self, first: int) -> bool:
        """Whether `first` is in the window, or ahead and near enough to be read to."""
        if not self._recent:
            return self._from_start
        oldest, newest = self._recent[0][0], self._recent[-1][0]
        near = (first - newest) * self.tick <= _READ_ON_S
        return (oldest <= first or self._from_start) and (near or self._ended)

    def _pull(self, first: int) -> int:
        """Read one packet; by how many bytes the window has grown, 0 at the end of the file.

        A packet without a timestamp gets that of the packet before it; where there is none, it is dropped.
        """
        for packet in self._source:
            if packet.size == 0:
                continue
            stamp = sane_stamp(packet.pts)
            if stamp is None:
                if not self._recent and not self._from_start:
                    continue
                stamp = self._recent[-1][0] if self._recent else (self.stream.start_time or 0)
            self._recent.append((stamp, packet))
            return packet.size - self._forget(first)
        self._ended = True
        return 0

    def _forget(self, first: int) -> int:
        """Drop the packets before the last one at or before `first`; how many bytes they had."""
        forgotten = 0
        while len(self._recent) > 1 and self._recent[1][0] <= first:
            forgotten += self._recent.popleft()[1].size
            self._from_start = False
        return forgotten

    def _go_to(self, first: int) -> None:
        """Move the window to `first` by seeking, or by reading the file from its start."""
        for margin in _SEEK_MARGINS_S:
            self._recent.clear()
            self._from_start = self._ended = False
            try:
                self._container.seek(first - int(margin / self.tick), stream=self.stream, backward=True)
            except av.error.FFmpegError:
                break
            self._source = self._demux()
            self._pull(first)
            if self._recent and self._recent[0][0] <= first:
                return
        self._recent.clear()
        self._restarts += 1
        if self._restarts > MAX_RESTARTS:
            self._source, self._ended = iter(()), True
            return
        self._container.close()
        self._container, _ = self._open()
        self._source = self._demux()
        self._from_start, self._ended = True, False
