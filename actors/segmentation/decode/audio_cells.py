"""Decodes sound in cells: ranges of PCM, each decoded by itself from packets that only the cell determines.

Some decoders of FFmpeg keep state that a seek does not reset: those of AAC and AC-3 fill bands with noise
from a generator that runs on, Opus converges over time. A cell is therefore decoded by a new decoder, from a
little before its first sample (preroll), so that its samples are the same whatever was decoded before. Knows
packets and frames; which packets belong to a cell is decided in `decode.audio`.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from fractions import Fraction
from itertools import chain
from math import ceil, floor
from typing import TYPE_CHECKING, cast

import av
import av.error
import numpy as np
import numpy.typing as npt
from av.codec.context import CodecContext, Flags2

from actors.segmentation.demux.packet_scan import sane_stamp

if TYPE_CHECKING:
    from av.audio.codeccontext import AudioCodecContext
    from av.audio.frame import AudioFrame
    from av.audio.stream import AudioStream
    from av.packet import Packet

BLOCK_S = 30
"""Seconds of sound that are analysed together (`sound.blocks`). No measurement; long enough that the context
decoded twice is a small part, short enough that a chunk of a minute owns one or two."""
CONTEXT_S = 2
"""Seconds before and after a block that its analysis sees: FireRed AED reaches 1.6 s (`networks.events`)."""
PREROLL_S = Fraction(1, 2)
"""Seconds decoded before a cell and dropped: covers overlapping transforms (a frame), MP3's bit reservoir (up
to 0.25 s) and the 80 ms that Opus needs (RFC 7845, 4.6)."""
POSTROLL_S = Fraction(1, 4)
"""Seconds of packets read after a cell, for decoders that give a frame only when the next packet comes. No
measurement; several packets of every codec."""
JITTER_S = 0.02
"""Seconds: a timestamp this close to the end of the samples before it is rounded, not a gap. FLV and Matroska
round to 1 ms, MPEG's muxers less; 20 ms is about one AAC frame. No measurement."""

_MAX_LENGTHS = 8
"""For one cell, at most this many times its length (and two packets more) is decoded: a small file may
repeat the packets of one moment endlessly and take all memory. No measurement."""

_SELF_DESCRIBING = frozenset(
    {"aac", "aac_latm", "ac3", "eac3", "mp1", "mp2", "mp3", "opus", "vorbis", "flac", "alac", "dts", "truehd"}
)
"""Codecs (FFmpeg's names) whose decoder can be made from the stream's headers alone. For others the file is
opened again, which costs more but gives the decoder all that the demuxer knows."""
_FORMATS = {
    "u8": ("u1", 128.0, 1 / 128),
    "s16": ("i2", 0.0, 1 / 32_768),
    "s32": ("i4", 0.0, 1 / 2_147_483_648),
    "flt": ("f4", 0.0, 1.0),
    "dbl": ("f8", 0.0, 1.0),
}
"""FFmpeg's sample formats: numpy's dtype, the value of silence, and the factor that makes full scale 1."""

Samples = npt.NDArray[np.float32]


def cells_of(start_s: Fraction, end_s: Fraction) -> range:
    """Numbers of the cells that overlap a range of seconds."""
    first, last = floor(start_s / BLOCK_S) * 2 - 1, ceil(end_s / BLOCK_S) * 2 + 1
    while cell_bounds(first)[1] <= start_s:
        first += 1
    while cell_bounds(last - 1)[0] >= end_s:
        last -= 1
    return range(first, max(first, last))


def cell_bounds(cell: int) -> tuple[int, int]:
    """Start and end of a cell in seconds.

    Even cells (4 s) are what two neighbouring blocks with their context have in common, odd ones (26 s) what
    only one block needs: a block with its context is three whole cells, of which each neighbour needs one.
    """
    edge = cell // 2 * BLOCK_S
    if cell % 2 == 0:
        return edge - CONTEXT_S, edge + CONTEXT_S
    return edge + CONTEXT_S, edge + BLOCK_S - CONTEXT_S


@dataclass(slots=True)
class _Contiguous:
    """Frames that follow each other without a gap. starts: where the first sample lies by each timestamp."""

    starts: list[float] = field(default_factory=list)
    frames: list[Samples] = field(default_factory=list)
    length: int = 0

    def add(self, position: float | None, samples: Samples) -> None:
        if position is not None:
            self.starts.append(position - self.length)
        self.frames.append(samples)
        self.length += samples.shape[1]

    def follows(self, position: float | None, jitter: float) -> bool:
        return position is None or abs(position - (self.starts[0] + self.length)) <= jitter


def assemble(
    frames: Iterable[tuple[float | None, Samples]], out: Samples, first_sample: int, sample_rate_hz: int
) -> None:
    """Write frames into `out` (float32[channels, n], zeros), whose first column is sample `first_sample`.

    `frames`, in order: (position of the first sample by its timestamp, None = directly after the frame
    before; float32[channels, m]). Differences between timestamps up to JITTER_S are averaged away (median);
    larger ones are gaps, which stay 0, or overlaps, where the earlier frame wins.
    """
    jitter = JITTER_S * sample_rate_hz
    stretches: list[_Contiguous] = []
    for position, samples in frames:
        if not stretches or not stretches[-1].follows(position, jitter):
            if position is None:
                continue
            stretches.append(_Contiguous())
        stretches[-1].add(position, samples)
    filled = 0
    for stretch in stretches:
        start = round(float(np.median(stretch.starts))) - first_sample
        begin, end = max(start, filled), min(start + stretch.length, out.shape[1])
        if begin < end:
            out[:, begin:end] = np.concatenate(stretch.frames, axis=1)[:, begin - start : end - start]
            filled = end


def samples_of(frame: AudioFrame) -> Samples:
    """float32[channels, n], full scale 1; may share the frame's memory. ValueError for other formats.

    Reads the planes itself: PyAV's `to_ndarray` gives packed formats in another shape than planar ones.
    """
    name, count = frame.format.name, frame.samples
    kind = name.removesuffix("p")
    if kind not in _FORMATS:
        raise ValueError(f"samples of format {kind} are not supported")
    dtype, zero, unit = _FORMATS[kind]
    channels = frame.layout.nb_channels
    # of eight planes PyAV 18 gives a ninth, which is no memory of the frame
    planes = [memoryview(plane) for plane in frame.planes[:channels]]
    if kind == name:
        data = np.frombuffer(planes[0], dtype, count * channels).reshape(count, channels).T
    elif channels == 1:
        data = np.frombuffer(planes[0], dtype, count)[None]
    else:
        data = np.stack([np.frombuffer(plane, dtype, count) for plane in planes])
    samples: Samples = data if kind == "flt" else ((data.astype(np.float64) - zero) * unit).astype(np.float32)
    return samples


def with_channels(samples: Samples, channels: int) -> Samples:
    """float32[channels, n] with another number of channels, for streams that change theirs on the way.

    Mono goes to the two front channels, as in players; more channels than wanted become their mean, there.
    """
    have, count = samples.shape
    if have == channels:
        return samples
    out = np.zeros((channels, count), np.float32)
    if 1 < have < channels:
        out[:have] = samples
    else:
        out[: min(channels, 2)] = samples.mean(axis=0)
    return out


def decoder_from_headers(stream: AudioStream) -> AudioCodecContext | None:
    """A new decoder made of the stream's headers; None when its codec is not in _SELF_DESCRIBING.

    `stream`: one whose channel names were taken (`decode.channels`).
    """
    own = stream.codec_context
    if own.codec.canonical_name not in _SELF_DESCRIBING:
        return None
    context = cast("AudioCodecContext", CodecContext.create(own.codec, "r"))
    context.extradata = own.extradata
    context.sample_rate = own.sample_rate
    if own.layout.nb_channels > 0:  # else the first packets come late, and FFmpeg has read none of them
        context.layout = own.layout.name
    return context


class CellDecoder:
    """Decodes the packets of one cell. `problems`: a sentence for everything that could not be decoded.

    `context`: a decoder that has decoded nothing yet; `tick`: time base of the packets, in seconds.
    """

    def __init__(
        self, context: AudioCodecContext, tick: Fraction, sample_rate_hz: int, channels: int
    ) -> None:
        context.thread_count = 1
        # Without skip_manual FFmpeg cuts priming (the encoder's delay) out of the frames whose packets carry
        # skip data; from a seek point on it could not, and the same samples would lie elsewhere. With it,
        # priming stays in at the times its packets say.
        context.flags2 |= Flags2.skip_manual
        self._context = context
        self._rate, self._channels = sample_rate_hz, channels
        self._tick = tick
        self._ticks = (tick * sample_rate_hz).as_integer_ratio()
        self.problems: list[str] = []

    def decode(self, packets: Iterable[Packet[AudioStream]], cell: int) -> Samples:
        """float32[channels, n]: the samples of the cell."""
        frames: list[tuple[float | None, Samples]] = []
        first, stop = (edge * self._rate for edge in cell_bounds(cell))
        most = _MAX_LENGTHS * (stop - first)
        total = largest = 0
        for packet in chain(packets, [None]):
            try:
                decoded = self._context.decode(packet)
            except (av.error.FFmpegError, ValueError):
                self._note(packet.pts if packet is not None else None, "cannot be decoded")
                continue
            if packet is None or not packet.is_discard:
                placed = [entry for frame in decoded if (entry := self._placed(frame, most)) is not None]
                frames += placed
                count = sum(samples.shape[1] for _, samples in placed)
                total, largest = total + count, max(largest, count)
                if total > most + 2 * largest:
                    self._note(packet.pts if packet is not None else None, "is said over and over")
                    break
        out = np.zeros((self._channels, stop - first), np.float32)
        assemble(frames, out, first, self._rate)
        return out

    def _placed(self, frame: AudioFrame, most: int) -> tuple[float | None, Samples] | None:
        """A frame's samples in the cell's rate and channels, and their position; None for a frame that cannot
        be used: of an unknown format, or of more than `most` samples."""
        try:
            samples = with_channels(samples_of(frame), self._channels)
        except ValueError as error:
            self._note(frame.pts, str(error))
            return None
        stamp = sane_stamp(frame.pts)
        position = None if stamp is None else stamp * self._ticks[0] / self._ticks[1]
        rate = frame.sample_rate
        if rate != self._rate and rate > 0:
            self._note(frame.pts, f"changes to {rate} samples a second")
            count = samples.shape[1]
            if count * self._rate // rate > most:
                return None
            at = np.arange(count * self._rate // rate) * (rate / self._rate)
            samples = np.stack([np.interp(at, np.arange(count), row) for row in samples]).astype(np.float32)
        return position, samples

    def _note(self, pts: int | None, what: str) -> None:
        stamp = sane_stamp(pts)
        when = "somewhere" if stamp is None else f"at {float(stamp * self._tick):.2f} s"
        self.problems.append(f"The sound {when} {what}.")
