"""Sound of a frame-exact clip: encodes the samples between two times as AAC (ISO/IEC 14496-3).

Samples come from the segmentation library's `AudioReader`, which gives the same samples wherever decoding
begins, and zeros where there is no sound. AAC's priming (samples the encoder adds before the first one) is
written into the container, and players skip it. Knows no picture.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING

import av
import numpy as np

from actors.segmentation.decode.audio import AudioReader
from actors.segmentation.limits import Limits
from actors.segmentation.planning.plan import Plan

if TYPE_CHECKING:
    from av.audio.resampler import AudioResampler
    from av.audio.stream import AudioStream
    from av.container import OutputContainer
    from av.packet import Packet

    SoundPacket = Packet[AudioStream]

_AAC_RATES_HZ = (
    96_000, 88_200, 64_000, 48_000, 44_100, 32_000, 24_000, 22_050, 16_000, 12_000, 11_025, 8000,
)  # fmt: skip
"""Sample rates of AAC (ISO/IEC 14496-3, 1.6.3.4, without 7350). Sound of another rate is resampled to the
next higher one of these, or to the highest."""
_BITS_PER_S_PER_CHANNEL = 96_000
"""AAC bit rate. No measurement; above the 64,000 that are usual (128 kbit/s stereo), so that a clip that is
edited and encoded once more does not suffer."""
_BLOCK_S = Fraction(1)
"""Seconds of sound decoded and encoded at a time, which bounds the memory. No measurement."""
_LAYOUTS = {1: "mono", 2: "stereo", 3: "3.0", 4: "4.0", 5: "5.0", 6: "5.1", 8: "7.1"}
"""Channels to the layout (FFmpeg's name) that FFmpeg's AAC encoder takes; it has none of seven channels."""
MOST_CHANNELS = max(_LAYOUTS)
"""Channels that AAC's usual layouts have at most."""
_STEREO = "stereo"
"""FFmpeg's name of the layout that players on every device have loudspeakers for."""


class SoundEncoder:
    """Encodes the samples from `begin_s` to `end_s` of the source's clock; in the clip they begin at 0.

    most_channels: of the clip; of a source with more, all are mixed to stereo.
    """

    def __init__(
        self, reader: AudioReader, begin_s: Fraction, end_s: Fraction, *, most_channels: int = MOST_CHANNELS
    ) -> None:
        self._reader = reader
        self._at_s, self._end_s = begin_s, end_s
        rate = reader.sample_rate_hz
        self._rate = min((good for good in _AAC_RATES_HZ if good >= rate), default=_AAC_RATES_HZ[0])
        kept = reader.channels <= most_channels
        self._layout = _LAYOUTS.get(reader.channels, _STEREO) if kept else _STEREO
        self._given = 0
        self._resampler: AudioResampler | None = None
        self._stream: AudioStream | None = None

    @classmethod
    @contextmanager
    def opened(
        cls,
        path: Path,
        plan: Plan,
        limits: Limits,
        begin_s: Fraction,
        end_s: Fraction,
        *,
        wanted: bool,
        most_channels: int = MOST_CHANNELS,
    ) -> Iterator[SoundEncoder | None]:
        """The encoder and the reader behind it; None where the video has no sound or none is wanted."""
        reader = AudioReader.open(path, plan.media.audio, limits) if wanted else None
        if reader is None:
            yield None
            return
        with reader:
            yield cls(reader, begin_s, end_s, most_channels=most_channels)

    def join(self, out: OutputContainer) -> None:
        """Add the stream to a file to which no packet has been written yet."""
        stream = out.add_stream("aac", rate=self._rate)
        context = stream.codec_context
        context.layout = self._layout
        context.bit_rate = _BITS_PER_S_PER_CHANNEL * context.layout.nb_channels
        context.thread_count = 1
        context.time_base = Fraction(1, self._rate)
        self._resampler = av.AudioResampler(format=context.format, layout=self._layout, rate=self._rate)
        self._stream = stream

    def until(self, time_s: Fraction) -> Iterator[SoundPacket]:
        """Encode up to a time of the source's clock; the packets that are ready by now."""
        while self._at_s < min(time_s, self._end_s):
            stop_s = min(self._at_s + _BLOCK_S, self._end_s)
            samples = self._reader.pcm(self._at_s, stop_s)
            self._at_s = stop_s
            yield from self._encoded(samples)

    def finish(self) -> Iterator[SoundPacket]:
        """Encode the rest and flush: the last packets."""
        yield from self.until(self._end_s)
        assert self._stream is not None
        assert self._resampler is not None
        for ready in self._resampler.resample(None):
            yield from self._stream.encode(ready)
        yield from self._stream.encode(None)

    def _encoded(self, samples: np.ndarray[tuple[int, ...], np.dtype[np.float32]]) -> Iterator[SoundPacket]:
        assert self._stream is not None
        assert self._resampler is not None
        count = samples.shape[1]
        if count == 0:
            return
        # interleaved, since PyAV 18 cannot fill eight planes
        frame = av.AudioFrame.from_ndarray(
            np.ascontiguousarray(samples.T).reshape(1, -1), format="flt", layout=self._source_layout()
        )
        frame.sample_rate = self._reader.sample_rate_hz
        frame.time_base = Fraction(1, self._reader.sample_rate_hz)
        frame.pts = self._given
        self._given += count
        for ready in self._resampler.resample(frame):
            yield from self._stream.encode(ready)

    def _source_layout(self) -> str:
        """FFmpeg's layout of the reader's channels; the usual one of so many where the file says none."""
        if self._reader.channel_names:
            return "+".join(self._reader.channel_names)
        return _LAYOUTS.get(self._reader.channels, f"{self._reader.channels} channels")
