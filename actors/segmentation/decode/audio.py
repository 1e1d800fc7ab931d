"""Sound: PCM of any time range, the same samples whatever was decoded before.

A range is put together from cells (`decode.audio_cells`), each decoded by itself from the packets that
`decode.audio_packets` finds. A broken audio track never fails a video: what cannot be decoded is silence, and
`warnings` says so. Knows the file and its audio track; does not know what the samples are used for.
"""

from __future__ import annotations

import math
from collections import OrderedDict
from fractions import Fraction
from pathlib import Path
from types import TracebackType

import numpy as np

from actors.segmentation.decode.audio_cells import (
    POSTROLL_S,
    PREROLL_S,
    CellDecoder,
    Samples,
    cell_bounds,
    cells_of,
)
from actors.segmentation.decode.audio_packets import PacketWindow
from actors.segmentation.decode.channels import usual_order
from actors.segmentation.demux.media import AudioInfo
from actors.segmentation.limits import Limits
from actors.segmentation.timebase import timestamp

_KEPT_CELLS = 2
"""Decoded cells kept. A block needs three in order, and the next block begins with the last of them: with the
last two kept, each is decoded once. The longer kind takes 40 MB of eight channels at 48 kHz."""
_MAX_CHANNELS = 8
"""Of 7.1, the largest usual layout. More channels (ambisonics, stems) do not stand for loudspeakers, and are
mixed to one by their mean."""
_MAX_WARNINGS = 20
"""Sentences kept of one file: damage may give thousands. No measurement."""


class AudioReader:
    """Decodes ranges of a file's analysed audio stream. Not thread-safe.

    Sample n lies at n / sample_rate_hz seconds on the container's clock, for every integer n; where the
    stream has nothing (before it starts, after it ends, in gaps and broken packets) it is 0.

    sample_rate_hz, channels: of the samples given. channel_names: the loudspeaker of each channel by FFmpeg's
    names ("FL", "LFE" ...), in FFmpeg's own order, whatever that of the file is; empty where unknown.
    warnings: sentences on what could not be decoded so far.
    """

    def __init__(self, packets: PacketWindow, sound: AudioInfo) -> None:
        self.sample_rate_hz = sound.sample_rate_hz
        self.channels = sound.channels if 0 < sound.channels <= _MAX_CHANNELS else 1
        names = packets.channel_names if len(packets.channel_names) == self.channels else ()
        self._order = usual_order(names)
        self.channel_names = tuple(names[channel] for channel in self._order)
        self.warnings: list[str] = []
        self._packets = packets
        self._sound = sound
        self._cells: OrderedDict[int, Samples] = OrderedDict()

    @classmethod
    def open(
        cls, path: Path | str, sound: AudioInfo | None, limits: Limits | None = None
    ) -> AudioReader | None:
        """A reader; None without `sound`. MediaError or OSError when the file cannot be opened."""
        if sound is None:
            return None
        return cls(PacketWindow(Path(path), sound.stream, limits or Limits()), sound)

    def pcm(self, start_s: Fraction | int, end_s: Fraction | int) -> Samples:
        """float32[channels, n], full scale 1: samples ceil(start_s * rate) .. ceil(end_s * rate) - 1.

        Adjacent ranges therefore neither overlap nor leave a sample out. ValueError when end_s < start_s.
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
        """A cell's samples, from an LRU cache."""
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
        if self._order != sorted(self._order):
            samples = samples[self._order]
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
