"""Generates a short film of three scenes, from pictures and sounds of an installed package (Gradio).

It has cuts between moving crops, one dissolve, one fade through black, and sound that changes with the
scenes. Draws and encodes; does not know how the film will be segmented.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from importlib.resources import files
from pathlib import Path
from typing import Any

import av
import numpy as np
from numpy.typing import NDArray
from PIL import Image

FPS = 25
WIDTH_PX, HEIGHT_PX = 640, 360
RATE_HZ = 44_100
MEDIA = files("gradio") / "media_assets"

Picture = NDArray[np.uint8]


@dataclass(frozen=True)
class Take:
    """One shot: a camera that moves over a still. A crop is (centre x, centre y, width), each 0..1."""

    still: str
    frames: int
    start: tuple[float, float, float]
    end: tuple[float, float, float]
    joined_by: str = "cut"


TAKES = (
    Take("tower.jpg", 90, (0.50, 0.50, 0.95), (0.50, 0.42, 0.80)),
    Take("tower.jpg", 60, (0.45, 0.30, 0.40), (0.55, 0.30, 0.40)),
    Take("tower.jpg", 75, (0.50, 0.70, 0.60), (0.50, 0.55, 0.60)),
    Take("cheetah.jpg", 75, (0.45, 0.50, 0.90), (0.55, 0.50, 0.75), joined_by="dissolve"),
    Take("lion.jpg", 60, (0.50, 0.45, 0.90), (0.50, 0.50, 0.70)),
    Take("cheetah.jpg", 60, (0.55, 0.45, 0.55), (0.50, 0.45, 0.50)),
    Take("lion.jpg", 60, (0.50, 0.40, 0.55), (0.52, 0.42, 0.60)),
    Take("groot.jpeg", 90, (0.50, 0.45, 0.90), (0.50, 0.40, 0.70), joined_by="fade"),
    Take("groot.jpeg", 75, (0.40, 0.30, 0.40), (0.50, 0.35, 0.45)),
    Take("groot.jpeg", 75, (0.55, 0.60, 0.60), (0.50, 0.50, 0.80)),
)
JOIN_FRAMES = {"cut": 0, "dissolve": 20, "fade": 24}
"""Length of each kind of transition, in frames."""

SOUNDS = (("sax.wav", 0, 3), ("cate_blanch.mp3", 3, 7), ("cantina.wav", 7, 10))
"""Sound file, first take, end take (exclusive)."""


def make(path: Path) -> None:
    """Write the film (H.264 and AAC in MP4, about half a minute) to `path`."""
    with av.open(str(path), "w", options={"movflags": "faststart"}) as container:
        video = container.add_stream("libx264", rate=FPS, options={"preset": "veryfast", "crf": "20"})
        video.width, video.height, video.pix_fmt = WIDTH_PX, HEIGHT_PX, "yuv420p"
        video.time_base = Fraction(1, FPS)
        audio = container.add_stream("aac", rate=RATE_HZ, layout="mono")
        for number, picture in enumerate(_pictures()):
            frame = av.VideoFrame.from_ndarray(picture, format="rgb24")
            frame.pts, frame.time_base = number, Fraction(1, FPS)
            container.mux(video.encode(frame))
        container.mux(video.encode(None))
        sound = _sound()
        for start in range(0, len(sound), 1024):
            block = av.AudioFrame.from_ndarray(
                sound[None, start : start + 1024], format="fltp", layout="mono"
            )
            block.sample_rate, block.pts, block.time_base = RATE_HZ, start, Fraction(1, RATE_HZ)
            container.mux(audio.encode(block))
        container.mux(audio.encode(None))


def labels() -> dict[str, Any]:
    """Ground truth: {fps, frames, cuts: [first frame], gradual: [[first, last, kind]], scenes, zones}."""
    cuts: list[int] = []
    gradual: list[list[int | str]] = []
    first = 0
    for number, take in enumerate(TAKES):
        join = JOIN_FRAMES[take.joined_by]
        if join:
            gradual.append([first, first + join - 1, take.joined_by])
        elif number:
            cuts.append(first)
        first += take.frames
    scenes = [int(zone[1]) + 1 for zone in gradual]
    zones = [zone[:2] for zone in gradual]
    return {
        "fps": f"{FPS}/1",
        "frames": first,
        "cuts": cuts,
        "gradual": gradual,
        "scenes": scenes,
        "scene_zones": zones,
    }


def _pictures() -> Iterator[Picture]:
    """Every frame as (HEIGHT_PX, WIDTH_PX, 3) uint8 RGB, with the transitions."""
    last: Picture | None = None
    for take in TAKES:
        join = JOIN_FRAMES[take.joined_by]
        for number, picture in enumerate(_travel(take)):
            if last is not None and number < join:
                yield _mixed(take.joined_by, last, picture, (number + 1) / (join + 1))
            else:
                yield picture
        last = picture


def _mixed(kind: str, old: Picture, new: Picture, share: float) -> Picture:
    if kind == "fade":
        old, new = (old, np.zeros_like(old)) if share < 0.5 else (np.zeros_like(new), new)
        share = 2 * share if share < 0.5 else 2 * share - 1
    return np.asarray(old * (1 - share) + new * share, dtype=np.uint8)


def _travel(take: Take) -> Iterator[Picture]:
    with (MEDIA / "images" / take.still).open("rb") as file:
        still = Image.open(file).convert("RGB")
    fits = min(1.0, still.height * WIDTH_PX / (HEIGHT_PX * still.width))
    for number in range(take.frames):
        at = number / max(1, take.frames - 1)
        x, y, width = (a + (b - a) * at for a, b in zip(take.start, take.end, strict=True))
        w = width * fits * still.width
        h = w * HEIGHT_PX / WIDTH_PX
        left = min(max(0.0, x * still.width - w / 2), still.width - w)
        top = min(max(0.0, y * still.height - h / 2), still.height - h)
        size = (WIDTH_PX, HEIGHT_PX)
        yield np.asarray(still.resize(size, Image.Resampling.BICUBIC, (left, top, left + w, top + h)))


def _sound() -> NDArray[np.float32]:
    """The whole track, (samples,) float32: each sound repeated during its takes, its last 0.5 s silent."""
    parts = []
    for name, first, last in SOUNDS:
        want = sum(take.frames for take in TAKES[first:last]) * RATE_HZ // FPS
        heard = _read(name)
        bed = np.tile(heard, want // len(heard) + 1)[:want]
        bed[-RATE_HZ // 2 :] = 0
        parts.append(bed)
    return np.concatenate(parts)


def _read(name: str) -> NDArray[np.float32]:
    resampler = av.AudioResampler(format="flt", layout="mono", rate=RATE_HZ)
    with (MEDIA / "audio" / name).open("rb") as file, av.open(file, "r") as container:
        decoded = [*container.decode(audio=0), None]
        blocks = [out.to_ndarray().ravel() for frame in decoded for out in resampler.resample(frame)]
    return np.concatenate(blocks).astype(np.float32)
