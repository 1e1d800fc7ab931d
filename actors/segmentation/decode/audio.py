"""The sound: PCM of any time range, the same samples whatever was decoded before.

Finds the packets of each cell, reading on where the next cell follows and seeking where it does not. Knows
the file and its sound track; cells are decoded by `decode.audio_cells`. A broken sound track never fails a
video: what is missing is silence, and `warnings` says so.
"""

from __future__ import annotations

import math
from collections import OrderedDict, deque
from collections.abc import Iterator
from contextlib import contextmanager
from fractions import Fraction
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, cast

import av.error
import numpy as np
import structlog

from actors.segmentation.decode.audio_cells import (
    POSTROLL_S,
    PREROLL_S,
    CellDecoder,
    Samples,
    cell_bounds,
    cells_of,
    decoder_from_headers,
)
from actors.segmentation.demux.container import demux, ignore_other_streams, open_container, opened
from actors.segmentation.demux.media import AudioInfo
from actors.segmentation.demux.packet_scan import sane_stamp
from actors.segmentation.limits import Limits
from actors.segmentation.timebase import timestamp

if TYPE_CHECKING:
    from av.audio.codeccontext import AudioCodecContext
    from av.audio.stream import AudioStream
    from av.container import InputContainer
    from av.packet import Packet

    SoundPacket = Packet[AudioStream]

log = structlog.get_logger(__name__)

_SEEK_MARGINS_S = (Fraction(1, 2), Fraction(5), Fraction(60))
_READ_ON_S = 30
"""A target this near ahead is reached by reading; further away by seeking."""
_KEPT_CELLS = 2
"""What a block shares with its neighbours is decoded once."""
_MAX_CHANNELS = 8
"""Of more channels (fields of sound, stems) nobody knows the places: their mean is taken as one."""
_MAX_WARNINGS = 20
_MOST_PACKETS, _MOST_BYTES = 100_000, 256 << 20
"""Of a cell. TrueHD has 1200 packets a second; eight channels of 192 kHz take 170 MB."""
_MOST_RESTARTS = 30
"""Where no seek leads to a cell, the file is read from its start; not for every cell of a day."""


class _Packets:
    """The sound packets of a file as a window that moves, forward mostly."""

    def __init__(self, path: Path, stream: int, limits: Limits) -> None:
        self._path, self._index, self._limits = path, stream, limits
        self._container = self._open()
        self._source = self._demux()
        self._recent: deque[tuple[int, SoundPacket]] = deque()
        self._from_start = True
        self._ended = False
        self._restarts = 0

    @property
    def stream(self) -> AudioStream:
        return cast("AudioStream", self._container.streams[self._index])

    @property
    def tick(self) -> Fraction:
        return Fraction(self.stream.time_base or Fraction(1, 90_000))

    @property
    def places(self) -> tuple[str, ...]:
        return tuple(channel.name for channel in self.stream.codec_context.layout.channels)

    def between(self, first: int, end: int) -> list[SoundPacket]:
        """Packets from the last one at or before `first` to those before `end` (stream time base)."""
        if not self._recent and not self._ended:
            self._pull(first)
        if not self._reaches(first):
            self._go_to(first)
        held_bytes = sum(packet.size for _, packet in self._recent)
        while not self._ended and (not self._recent or self._recent[-1][0] < end):
            if len(self._recent) >= _MOST_PACKETS or held_bytes > _MOST_BYTES:
                log.info("sound_said_over_and_over", file=self._path.name)
                break
            held_bytes += self._pull(first)
        self._forget(first)
        return [packet for stamp, packet in self._recent if stamp < end]

    @contextmanager
    def new_decoder(self) -> Iterator[AudioCodecContext]:
        """A decoder without a past; for codecs that headers do not describe, that of a newly opened file."""
        context = decoder_from_headers(self.stream)
        if context is not None:
            yield context
            return
        with opened(self._path, self._limits) as container:
            yield cast("AudioStream", container.streams[self._index]).codec_context

    def close(self) -> None:
        self._container.close()

    def _open(self) -> InputContainer:
        container = open_container(self._path, self._limits)
        ignore_other_streams(container, [self._index])
        return container

    def _demux(self) -> Iterator[SoundPacket]:
        try:
            yield from demux(self._container, [self.stream])
        except av.error.FFmpegError as error:
            log.info("sound_reading_ended_early", file=self._path.name, reason=type(error).__name__)

    def _reaches(self, first: int) -> bool:
        """Whether the window begins early enough and its end is not far before."""
        if not self._recent:
            return self._from_start
        oldest, newest = self._recent[0][0], self._recent[-1][0]
        near = (first - newest) * self.tick <= _READ_ON_S
        return (oldest <= first or self._from_start) and (near or self._ended)

    def _pull(self, first: int) -> int:
        """Read one packet with sound, whose bytes are told. Those without a timestamp belong to the moment
        before."""
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
        """Let go of what lies before `first`; how many bytes that were."""
        forgotten = 0
        while len(self._recent) > 1 and self._recent[1][0] <= first:
            forgotten += self._recent.popleft()[1].size
            self._from_start = False
        return forgotten

    def _go_to(self, first: int) -> None:
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
        if self._restarts > _MOST_RESTARTS:
            self._source, self._ended = iter(()), True
            return
        self._container.close()
        self._container = self._open()
        self._source = self._demux()
        self._from_start, self._ended = True, False


class AudioReader:
    """Decodes ranges of a file's analysed audio stream. Not thread-safe.

    Sample n of the sound lies at n / sample_rate_hz seconds on the container's clock, for every integer n;
    where the stream has nothing (before it starts, after it ends, gaps, broken packets) it is 0. `places`:
    where each channel's loudspeaker stands, by ffmpeg's names ("FL", "LFE" ...); empty where unknown.
    """

    def __init__(self, packets: _Packets, sound: AudioInfo) -> None:
        self.sample_rate_hz = sound.sample_rate_hz
        self.channels = sound.channels if 0 < sound.channels <= _MAX_CHANNELS else 1
        self.places = packets.places if len(packets.places) == self.channels else ()
        self.warnings: list[str] = []
        self._packets = packets
        self._sound = sound
        self._cells: OrderedDict[int, Samples] = OrderedDict()

    @classmethod
    def open(
        cls, path: Path | str, sound: AudioInfo | None, limits: Limits | None = None
    ) -> AudioReader | None:
        """A reader, None without `sound`. MediaError when the file cannot be opened."""
        if sound is None:
            return None
        return cls(_Packets(Path(path), sound.stream, limits or Limits()), sound)

    def pcm(self, start_s: Fraction | int, end_s: Fraction | int) -> Samples:
        """float32[channels, n], full scale 1: samples ceil(start_s * rate) .. ceil(end_s * rate) - 1.

        Ranges that meet therefore neither overlap nor leave a sample out. ValueError when end_s < start_s.
        """
        if end_s < start_s:
            raise ValueError(f"the range ends before it starts: {start_s} .. {end_s}")
        rate = self.sample_rate_hz
        first, end = math.ceil(Fraction(start_s) * rate), math.ceil(Fraction(end_s) * rate)
        out = np.zeros((self.channels, end - first), np.float32)
        for cell in cells_of(Fraction(first, rate), Fraction(end, rate)):
            offset, beyond = (edge * rate for edge in cell_bounds(cell))
            begin, stop = max(first, offset), min(end, beyond)
            out[:, begin - first : stop - first] = self._cell(cell)[:, begin - offset : stop - offset]
        return out

    def _cell(self, cell: int) -> Samples:
        if cell in self._cells:
            self._cells.move_to_end(cell)
            return self._cells[cell]
        samples = self._decode(cell)
        self._cells[cell] = samples
        if len(self._cells) > _KEPT_CELLS:
            self._cells.popitem(last=False)
        return samples

    def _decode(self, cell: int) -> Samples:
        starts, ends = cell_bounds(cell)
        sound = self._sound
        if ends < sound.start_s - 1 or starts > sound.start_s + sound.duration_s + 1:
            return np.zeros((self.channels, (ends - starts) * self.sample_rate_hz), np.float32)
        tick = self._packets.tick
        first, end = timestamp(starts - PREROLL_S, tick), timestamp(ends + POSTROLL_S, tick)
        packets = self._packets.between(first, end)
        with self._packets.new_decoder() as context:
            decoder = CellDecoder(context, tick, self.sample_rate_hz, self.channels)
            samples = decoder.decode(packets, cell)
        for problem in decoder.problems:
            if problem not in self.warnings and len(self.warnings) < _MAX_WARNINGS:
                self.warnings.append(problem)
        return samples

    def close(self) -> None:
        """Close the file; idempotent."""
        self._packets.close()
        self._cells.clear()

    def __enter__(self) -> AudioReader:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, tb: TracebackType | None
    ) -> None:
        self.close()
