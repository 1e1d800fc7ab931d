"""Measures how loud the audio streams of a file are, from some seconds at places all over it.

An estimate for choosing one: sound that is rare may be missed. What it costs is bounded, whatever the file
says. Knows packets and samples; does not know what a stream is for.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING, cast

import av.error
import numpy as np

from actors.segmentation.decode.audio_cells import Samples, samples_of
from actors.segmentation.decode.channels import take_channel_names
from actors.segmentation.demux.container import demux, ignore_other_streams, opened
from actors.segmentation.errors import Cancelled
from actors.segmentation.limits import Limits
from actors.segmentation.timebase import UNKNOWN_TIME_BASE, timestamp

if TYPE_CHECKING:
    from av.audio.stream import AudioStream
    from av.container import InputContainer
    from av.packet import Packet

NOTHING_DB = -200.0
"""Level (dBFS) of digital silence, of a stream without samples, and of one that does not decode."""
STEP_S = 0.1
"""Seconds whose level is measured: a word's vowel, a knock."""
START_S = 5.0
"""Seconds listened to at the start of the file, where no seek is needed. No measurement."""
PLACE_S = 1.0
"""Seconds listened to at every other place. No measurement."""
PLACES = 31
"""Other places, at equal distances: a sound that is there for a tenth of the time is missed at all of them in
4 files of 100."""
_MAX_PACKETS = 4000
"""Packets read at one place at most, of all streams together; TrueHD has 1200 a second. No measurement."""
_MICROSECOND = Fraction(1, 1_000_000)
"""FFmpeg's unit for the times of a container."""


def loudest_db(
    path: Path,
    streams: Sequence[int],
    limits: Limits,
    *,
    enough_db: float,
    should_stop: Callable[[], bool] | None = None,
) -> dict[int, float]:
    """Level (dBFS, mean taken off) of the loudest 100 ms heard, by index of stream.

    As soon as the first stream reaches `enough_db`, nothing more is read; of the others, only those that have
    reached it, too, are in the result. MediaError or OSError when the file cannot be opened; Cancelled.
    """
    levels = dict.fromkeys(streams, NOTHING_DB)
    with opened(path, limits) as container:
        ignore_other_streams(container, streams)
        tracks = [cast("AudioStream", container.streams[index]) for index in streams]
        for track in tracks:
            take_channel_names(track)
        for place_s in _places_s(container):
            if should_stop is not None and should_stop():
                raise Cancelled
            if place_s > 0 and not _go_to(container, tracks[0], place_s):
                continue
            heard = _heard(container, tracks, PLACE_S if place_s > 0 else START_S)
            for index, (rate_hz, parts) in heard.items():
                levels[index] = max(levels[index], _loudest(np.concatenate(parts, axis=1), rate_hz))
            if levels[streams[0]] >= enough_db:
                return {index: level for index, level in levels.items() if level >= enough_db}
    return levels


def _places_s(container: InputContainer) -> Iterator[float]:
    """Seconds from the start of the file: 0, then in halves, quarters, eighths of its length."""
    yield 0.0
    length_s = float((container.duration or 0) * _MICROSECOND)
    if "matroska" in container.format.name:
        length_s -= float((container.start_time or 0) * _MICROSECOND)  # there the end's time, not a length
    parts = 2
    while parts <= PLACES + 1:
        for part in range(1, parts, 2):
            if length_s * part / parts > START_S:
                yield length_s * part / parts
        parts *= 2


def _go_to(container: InputContainer, stream: AudioStream, place_s: float) -> bool:
    """Whether the demuxer could be sent there: by a stream of sound, since of the picture the file may have a
    single seek point."""
    tick = Fraction(stream.time_base or UNKNOWN_TIME_BASE)
    start_s = (container.start_time or 0) * _MICROSECOND
    try:
        container.seek(timestamp(Fraction(place_s) + start_s, tick), stream=stream, backward=True)
    except av.error.FFmpegError:
        return False  # an index that is damaged or missing: what the start gave has to do
    return True


def _heard(
    container: InputContainer, streams: list[AudioStream], seconds: float
) -> dict[int, tuple[int, list[Samples]]]:
    """Sample rate, and float32[channels, n] of every frame, of the next seconds of each stream."""
    heard: dict[int, tuple[int, list[Samples]]] = {}
    lengths_s = dict.fromkeys((stream.index for stream in streams), 0.0)
    try:
        for count, packet in enumerate(demux(container, streams)):
            for rate_hz, samples in _decoded(packet):
                _, parts = heard.setdefault(packet.stream_index, (rate_hz, []))
                if not parts or len(parts[0]) == len(samples):
                    parts.append(samples)
                lengths_s[packet.stream_index] += samples.shape[1] / rate_hz
            # twice: a stream that has nothing here must not make the others be read to their end
            if min(lengths_s.values()) >= seconds or max(lengths_s.values()) >= 2 * seconds:
                break
            if count >= _MAX_PACKETS:
                break
    except av.error.FFmpegError:
        pass  # the file cannot be read further; what was heard so far counts
    return heard


def _decoded(packet: Packet[AudioStream]) -> Iterator[tuple[int, Samples]]:
    if packet.size == 0:
        return
    try:
        for frame in packet.decode():
            if frame.sample_rate > 0 and frame.samples > 0:
                yield frame.sample_rate, samples_of(frame).copy()
    except (av.error.FFmpegError, ValueError):
        return  # damaged, or of a format that is not known: the same as nothing heard


def _loudest(samples: Samples, rate_hz: int) -> float:
    """Of the loudest channel. An offset of the input is no sound."""
    step = max(1, round(rate_hz * STEP_S))
    whole = samples.shape[1] // step * step
    steps = samples[:, :whole].reshape(len(samples), -1, step) if whole else samples[:, None]
    power = float(np.nan_to_num(steps.var(axis=2, dtype=np.float64)).max(initial=0.0))
    return max(10 * math.log10(power), NOTHING_DB) if power > 0 else NOTHING_DB
