"""Makes the videos that tests need: known cuts, times and sound, and the ways in which files are odd.

Every frame carries its number as a row of light and dark blocks, so a test can tell which frame it got.
Needs PyAV only; knows nothing of the code under test.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import numpy as np
import numpy.typing as npt
from av.stream import Disposition

NUMBER_BITS = 12
Rgb = npt.NDArray[np.uint8]


@dataclass(frozen=True)
class Picture:
    """A video stream. `shots`: frames of each shot, hard cuts between them.

    `time_of`: seconds of frame k, for variable rates and start offsets; default k / fps. `number`: draw frame
    numbers. `keep`: which encoded packets get into the file (by decoding order). `tags`: of the stream; of
    `timecode` ffmpeg's muxers make what their container has for it.
    """

    shots: Sequence[int] = (25,)
    size: tuple[int, int] = (192, 112)
    fps: Fraction = Fraction(25)
    codec: str = "libx264"
    options: Mapping[str, str] = field(default_factory=lambda: {"preset": "ultrafast"})
    pix_fmt: str = "yuv420p"
    tick: Fraction = Fraction(1, 90_000)
    time_of: Callable[[int], Fraction] | None = None
    rotation_ccw: int = 0
    mirrored: bool = False
    pixel_aspect: Fraction | None = None
    number: bool = True
    gop: int | None = None
    keep: Callable[[int], bool] = lambda _position: True
    picture: Callable[[int, int, tuple[int, int]], Rgb] | None = None
    disposition: Disposition | None = None
    tags: Mapping[str, str] = field(default_factory=dict)

    @property
    def frames(self) -> int:
        return sum(self.shots)

    @property
    def cuts(self) -> list[int]:
        """First frames of all shots but the first."""
        return [int(n) for n in np.cumsum(self.shots)[:-1]]

    def seconds(self, frame: int) -> Fraction:
        return self.time_of(frame) if self.time_of is not None else Fraction(frame) / self.fps


@dataclass(frozen=True)
class Sound:
    """An audio stream. `parts`: (kind, seconds), kind = silence | noise | a tone's frequency in Hz. `gain`: a
    factor of every sample; `offset`: added to it. `title`: a tag."""

    parts: Sequence[tuple[str | float, float]] = ((440.0, 1.0),)
    rate_hz: int = 48_000
    channels: int = 1
    codec: str = "aac"
    start_s: Fraction = Fraction(0)
    options: Mapping[str, str] = field(default_factory=dict)
    bit_rate: int = 96_000
    gain: float = 1.0
    offset: float = 0.0
    disposition: Disposition | None = None
    title: str | None = None

    @property
    def seconds(self) -> float:
        return sum(length for _, length in self.parts)

    def samples(self) -> npt.NDArray[np.float32]:
        """float32[samples], one channel."""
        noise = np.random.default_rng(7)
        out, at = [], 0
        for kind, length in self.parts:
            count = round(length * self.rate_hz)
            if kind == "silence":
                out.append(np.zeros(count))
            elif kind == "noise":
                out.append(noise.normal(0, 0.1, count))
            else:
                out.append(0.3 * np.sin(2 * np.pi * float(kind) * (at + np.arange(count)) / self.rate_hz))
            at += count
        return (self.gain * np.concatenate(out) + self.offset).astype(np.float32)


def draw(shot: int, frame: int, size: tuple[int, int]) -> Rgb:
    """uint8[H, W, 3]: a texture of its own for each shot, drifting slowly, with a moving bright square."""
    width, height = size
    colours = np.random.default_rng(shot).integers(40, 216, (8, 12, 3))
    rows = np.arange(height) * 8 // height
    columns = (np.arange(width) + frame // 2) * 12 // width % 12
    image = colours[rows][:, columns].astype(np.uint8)
    x, y = (7 * frame) % max(1, width - 12), height // 2
    image[y : y + 12, x : x + 12] = 230
    return image


def number_frame(image: Rgb, frame: int) -> Rgb:
    """The image with its frame number across the top eighth."""
    image = image.copy()
    height, width = image.shape[:2]
    for bit in range(NUMBER_BITS):
        light = frame >> bit & 1
        image[: height // 8, bit * width // NUMBER_BITS : (bit + 1) * width // NUMBER_BITS] = 235 * light
    return image


def read_number(image: Rgb) -> int:
    """The frame number that `number_frame` wrote, from a decoded (also a scaled) picture."""
    height, width = image.shape[:2]
    band = image[height // 32 : height // 8 - height // 32 or 1].mean(axis=(0, 2))
    middles = [(2 * bit + 1) * width // (2 * NUMBER_BITS) for bit in range(NUMBER_BITS)]
    return sum(int(band[x] > 118) << bit for bit, x in enumerate(middles))


def make_media(
    path: Path,
    *streams: Picture | Sound,
    form: str | None = None,
    options: Mapping[str, str] | None = None,
    tags: Mapping[str, str] | None = None,
) -> Path:
    """Write a file with the streams in this order. `form`: ffmpeg's muxer, default from the suffix."""
    with av.open(str(path), "w", format=form, options=dict(options or {})) as container:
        container.metadata.update(tags or {})
        packets: list[tuple[Fraction, int, av.Packet]] = []
        for spec in streams:
            encode = _encode_picture if isinstance(spec, Picture) else _encode_sound
            for packet in encode(container, spec):  # type: ignore[operator]
                stamp = packet.dts if packet.dts is not None else packet.pts
                packets.append((stamp * packet.time_base, len(packets), packet))
        for _, _, packet in sorted(packets, key=lambda entry: entry[:2]):
            container.mux(packet)
    return path


def _encode_picture(container: Any, spec: Picture) -> Iterator[av.Packet]:
    stream = container.add_stream(spec.codec, rate=spec.fps, options=dict(spec.options))
    stream.width, stream.height = spec.size
    stream.pix_fmt = spec.pix_fmt
    context = stream.codec_context
    context.thread_count = 1
    if spec.gop is not None:
        context.gop_size = spec.gop
    tick = spec.tick if spec.time_of is not None else 1 / spec.fps
    context.time_base = tick
    if spec.pixel_aspect is not None:
        context.sample_aspect_ratio = spec.pixel_aspect
    if spec.rotation_ccw or spec.mirrored:
        stream.set_display_rotation(spec.rotation_ccw, hflip=spec.mirrored)
    if spec.disposition is not None:
        stream.disposition = spec.disposition
    stream.metadata.update(spec.tags)

    def frames() -> Iterator[av.VideoFrame | None]:
        k = 0
        for shot, length in enumerate(spec.shots):
            for _ in range(length):
                image = (spec.picture or draw)(shot, k, spec.size)
                frame = av.VideoFrame.from_ndarray(
                    number_frame(image, k) if spec.number else image, format="rgb24"
                ).reformat(format=spec.pix_fmt)
                frame.pts = round(spec.seconds(k) / tick)
                frame.time_base = tick
                yield frame
                k += 1
        yield None

    position = 0
    for frame in frames():
        for packet in stream.encode(frame):
            if spec.keep(position):
                yield packet
            position += 1


def _encode_sound(container: Any, spec: Sound) -> Iterator[av.Packet]:
    stream = container.add_stream(spec.codec, rate=spec.rate_hz, options=dict(spec.options))
    layout = {1: "mono", 2: "stereo", 6: "5.1", 8: "7.1"}[spec.channels]
    stream.codec_context.layout = layout
    stream.codec_context.bit_rate = spec.bit_rate
    stream.codec_context.thread_count = 1
    if spec.disposition is not None:
        stream.disposition = spec.disposition
    if spec.title is not None:
        stream.metadata["title"] = spec.title
    tick = Fraction(1, spec.rate_hz)
    samples = np.repeat(spec.samples()[None], spec.channels, axis=0)
    resampler = av.AudioResampler(format=stream.codec_context.format, layout=layout, rate=spec.rate_hz)
    step = 1024
    for at in range(0, samples.shape[1], step):
        block = np.ascontiguousarray(samples[:, at : at + step])
        # interleaved, since PyAV 18 cannot fill eight planes
        frame = av.AudioFrame.from_ndarray(block.T.reshape(1, -1), format="flt", layout=layout)
        frame.sample_rate = spec.rate_hz
        frame.time_base = tick
        frame.pts = at + round(spec.start_s * spec.rate_hz)
        for ready in resampler.resample(frame):
            yield from stream.encode(ready)
    yield from stream.encode(None)


def cut_off(source: Path, target: Path, keep: float) -> Path:
    """The first part of a file (0..1 of its bytes)."""
    data = source.read_bytes()
    target.write_bytes(data[: int(len(data) * keep)])
    return target


def flip_bits(source: Path, target: Path, count: int, *, after: float = 0.0, seed: int = 1) -> Path:
    """The file with `count` flipped bits, all behind the given part (0..1) of it."""
    data = bytearray(source.read_bytes())
    chance = random.Random(seed)
    for _ in range(count):
        data[chance.randrange(int(len(data) * after), len(data))] ^= 1 << chance.randrange(8)
    target.write_bytes(bytes(data))
    return target


def blot(source: Path, target: Path, start: float, end: float, *, noise: bool = False) -> Path:
    """The file with the bytes of a part (0..1) of it replaced by zeros, or by noise."""
    data = bytearray(source.read_bytes())
    first, last = int(len(data) * start), int(len(data) * end)
    data[first:last] = random.Random(1).randbytes(last - first) if noise else bytes(last - first)
    target.write_bytes(bytes(data))
    return target


def spoil_packets(source: Path, target: Path, numbers: range, *, kind: str = "video") -> Path:
    """The file with the content of some packets (counted in decoding order) replaced by zeros."""
    data = bytearray(source.read_bytes())
    with av.open(str(source)) as container:
        packets = [packet for packet in container.demux(**{kind: 0}) if packet.size]
    for packet in packets[numbers.start : numbers.stop : numbers.step]:
        assert packet.pos is not None
        data[packet.pos : packet.pos + packet.size] = bytes(packet.size)
    target.write_bytes(bytes(data))
    return target


def rename_codec(source: Path, target: Path, old: bytes, new: bytes) -> Path:
    """The file with a codec's identifier replaced by another of the same length."""
    target.write_bytes(source.read_bytes().replace(old, new))
    return target


def joined(target: Path, *parts: Path) -> Path:
    """Files glued together byte by byte, as recorders do with transport streams."""
    target.write_bytes(b"".join(part.read_bytes() for part in parts))
    return target


def decode_plainly(path: Path, stream: int | None = None) -> list[tuple[int | None, bytes]]:
    """(pts, bytes of the picture) of every frame in the decoder's order, from the start, with one thread."""
    out = []
    with av.open(str(path)) as container:
        video = container.streams[stream] if stream is not None else container.streams.best("video")
        assert isinstance(video, av.VideoStream)
        video.codec_context.thread_count = 1
        for packet in container.demux(video):
            try:
                frames = packet.decode()
            except av.FFmpegError:
                continue
            out.extend((frame.pts, picture_bytes(frame)) for frame in frames)
    return out


def differing(found: Mapping[int, bytes | None], expected: Mapping[int, bytes | None]) -> list[int]:
    """Keys whose pictures are not the same, or that only one has: pytest would print all the bytes."""
    missing = object()
    return sorted(
        key for key in found.keys() | expected.keys() if found.get(key, missing) != expected.get(key, missing)
    )


def picture_bytes(frame: av.VideoFrame) -> bytes:
    """The visible samples of all planes."""
    parts = []
    for plane in frame.planes:
        rows = np.frombuffer(plane, np.uint8)[: plane.height * plane.line_size]
        parts.append(rows.reshape(plane.height, plane.line_size)[:, : plane.width].tobytes())
    return b"".join(parts)
