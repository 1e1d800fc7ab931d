"""Writes pictures as a compressed film. Knows codecs; not what the pictures show."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import numpy as np
import numpy.typing as npt
from av.container import OutputContainer
from PIL import Image

from tests.benchmarks.edits.places import Rgb

Tiny = npt.NDArray[np.float32]


@dataclass(frozen=True)
class Coding:
    """How a film is compressed."""

    suffix: str
    codec: str
    options: dict[str, str]
    gop: int
    bit_rate: int | None = None


def encode(
    path: Path, pictures: Iterable[Rgb], size: tuple[int, int], rate: Fraction, coding: Coding
) -> Tiny:
    """Write a film; returns its pictures as float32 (n, rows, columns, 3), a tenth as wide."""
    tiny: list[Rgb] = []
    form = {"mp4": "mp4", "mpg": "mpeg", "webm": "webm"}[coding.suffix]
    with av.open(str(path), "w", format=form) as container:
        stream = video_stream(container, size, rate, coding)
        for k, picture in enumerate(pictures):
            tiny.append(np.asarray(Image.fromarray(picture).reduce(10)))
            container.mux(stream.encode(as_frame(picture, k, rate)))
        container.mux(stream.encode(None))
    return np.stack(tiny).astype(np.float32)


def video_stream(container: OutputContainer, size: tuple[int, int], rate: Fraction, coding: Coding) -> Any:
    """A stream of 4:2:0 pictures of this size and rate, encoded by one thread."""
    stream: Any = container.add_stream(coding.codec, rate=rate, options=coding.options)
    stream.width, stream.height = size
    stream.pix_fmt = "yuv420p"
    stream.codec_context.thread_count = 1
    stream.codec_context.gop_size = coding.gop
    if coding.bit_rate is not None:
        stream.codec_context.bit_rate = coding.bit_rate
    return stream


def as_frame(picture: Rgb, number: int, rate: Fraction) -> av.VideoFrame:
    """The picture of this number, as such a stream takes it."""
    frame = av.VideoFrame.from_ndarray(np.ascontiguousarray(picture), format="rgb24")
    frame.pts = number
    frame.time_base = 1 / rate
    return frame.reformat(format="yuv420p")
