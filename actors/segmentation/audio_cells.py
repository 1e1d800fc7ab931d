"""Sound in cells: 10 s of mono PCM, each decoded by itself from packets that the cell alone determines.

Some decoders carry state that a seek does not reset (AAC and AC-3 draw noise from a generator that runs on,
Opus converges over time). A cell therefore begins with a new decoder a little before its first sample, so
its samples are the same whatever was decoded before, on any machine. Knows packets and frames; where packets
come from is `audio_decode`.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from fractions import Fraction
from typing import TYPE_CHECKING, cast

import av
import av.error
import numpy as np
import numpy.typing as npt
from av.codec.context import CodecContext, Flags2

from actors.segmentation.packet_scan import sane_stamp

if TYPE_CHECKING:
    from av.audio.codeccontext import AudioCodecContext
    from av.audio.frame import AudioFrame
    from av.audio.stream import AudioStream
    from av.packet import Packet

CELL_S = 10
PREROLL_S = Fraction(1, 2)
"""Decoded before a cell and thrown away: covers overlapping transforms, MP3's bit reservoir (up to 0.25 s)
and the 80 ms that Opus needs (RFC 7845 4.6)."""
POSTROLL_S = Fraction(1, 4)
"""Read behind a cell, for decoders that give a frame only with the next packet."""
JITTER_S = 0.02
"""Timestamps this close to where the samples before end are rounded, not gaps (FLV and Matroska count ms)."""

_SELF_DESCRIBING = frozenset(
    {"aac", "aac_latm", "ac3", "eac3", "mp1", "mp2", "mp3", "opus", "vorbis", "flac", "alac", "dts", "truehd"}
)
"""Codecs whose decoder needs nothing but the stream's headers, so that a new one is made from those."""
_SCALES = {"u8": 128.0, "s16": 32768.0, "s32": 2147483648.0, "flt": 1.0, "dbl": 1.0}

Samples = npt.NDArray[np.float32]


@dataclass(slots=True)
class _Piece:
    """Samples that follow each other without a gap, and what each frame's timestamp says of their start."""

    starts: list[float] = field(default_factory=list)
    frames: list[Samples] = field(default_factory=list)
    length: int = 0

    def add(self, position: float | None, samples: Samples) -> None:
        if position is not None:
            self.starts.append(position - self.length)
        self.frames.append(samples)
        self.length += len(samples)

    def follows(self, position: float | None, jitter: float) -> bool:
        return position is None or abs(position - (self.starts[0] + self.length)) <= jitter


def assemble(
    frames: Iterable[tuple[float | None, Samples]], first_sample: int, count: int, sample_rate_hz: int
) -> Samples:
    """float32[count]: the samples from `first_sample` on, zeros where there are none.

    `frames`: (position of the first sample by its timestamp, None = directly after the frame before; samples)
    in order. Small disagreements between timestamps are averaged away; larger ones are gaps (zeros) or
    overlaps (what came first stays).
    """
    jitter = JITTER_S * sample_rate_hz
    pieces: list[_Piece] = []
    for position, samples in frames:
        if not pieces or not pieces[-1].follows(position, jitter):
            if position is None:
                continue
            pieces.append(_Piece())
        pieces[-1].add(position, samples)
    out = np.zeros(count, np.float32)
    filled = 0
    for piece in pieces:
        start = round(float(np.median(piece.starts))) - first_sample
        samples = np.concatenate(piece.frames)
        begin, end = max(start, filled), min(start + len(samples), count)
        if begin < end:
            out[begin:end] = samples[begin - start : end - start]
            filled = end
    return out


def to_mono(frame: AudioFrame) -> Samples:
    """float32[samples]: the mean of the channels, full scale 1. ValueError for unsupported formats."""
    kind = frame.format.packed.name
    if kind not in _SCALES:
        raise ValueError(f"samples of format {kind} are not supported")
    data = frame.to_ndarray()
    if not frame.format.is_planar:
        data = data.reshape(-1, frame.layout.nb_channels).T
    mono = data.astype(np.float64).mean(axis=0)
    if kind == "u8":
        mono -= 128.0
    mono /= _SCALES[kind]
    return cast("Samples", np.nan_to_num(mono, nan=0.0, posinf=0.0, neginf=0.0).astype(np.float32))


def decoder_from_headers(stream: AudioStream) -> AudioCodecContext | None:
    """A new decoder for the stream, None when its codec needs more than the headers or keeps no state."""
    own = stream.codec_context
    if own.codec.canonical_name not in _SELF_DESCRIBING:
        return None
    context = cast("AudioCodecContext", CodecContext.create(own.codec, "r"))
    context.extradata = own.extradata
    context.sample_rate = own.sample_rate
    context.layout = own.layout.name
    return context


class CellDecoder:
    """Turns a cell's packets into its samples. `problems` collects what did not decode, in words.

    `context` is a decoder that has not decoded anything yet.
    """

    def __init__(self, context: AudioCodecContext, tick: Fraction, sample_rate_hz: int) -> None:
        context.thread_count = 1
        # Encoder delay stays in, at the times its packets say, instead of being cut from some frames.
        context.flags2 |= Flags2.skip_manual
        self._context = context
        self._rate = sample_rate_hz
        self._tick = tick
        self.problems: list[str] = []

    def decode(self, packets: Iterable[Packet[AudioStream]], cell: int) -> Samples:
        """float32[CELL_S * rate]: the samples of seconds [10 cell, 10 cell + 10)."""
        frames: list[tuple[float | None, Samples]] = []
        for packet in (*packets, None):
            try:
                decoded = self._context.decode(packet)
            except (av.error.FFmpegError, ValueError):
                self._note(packet.pts if packet is not None else None, "cannot be decoded")
                continue
            if packet is None or not packet.is_discard:
                frames.extend(entry for frame in decoded if (entry := self._placed(frame)) is not None)
        count = CELL_S * self._rate
        return assemble(frames, cell * count, count, self._rate)

    def _placed(self, frame: AudioFrame) -> tuple[float | None, Samples] | None:
        try:
            samples = to_mono(frame)
        except ValueError as error:
            self._note(frame.pts, str(error))
            return None
        stamp = sane_stamp(frame.pts)
        position = None if stamp is None else float(stamp * self._tick * self._rate)
        if frame.sample_rate != self._rate and frame.sample_rate > 0:
            self._note(frame.pts, f"changes to {frame.sample_rate} samples a second")
            count = len(samples) * self._rate // frame.sample_rate
            at = np.arange(count) * (frame.sample_rate / self._rate)
            samples = np.interp(at, np.arange(len(samples)), samples).astype(np.float32)
        return position, samples

    def _note(self, pts: int | None, what: str) -> None:
        stamp = sane_stamp(pts)
        when = "somewhere" if stamp is None else f"at {float(stamp * self._tick):.2f} s"
        self.problems.append(f"The sound {when} {what}.")
