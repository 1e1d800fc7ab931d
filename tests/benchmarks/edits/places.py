"""Uncut pictures to edit with: stretches of labelled films between their transitions, and stills.

Knows files and labels; does not know what is made of the pictures.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import av
import numpy as np
import numpy.typing as npt
from PIL import Image

Rgb = npt.NDArray[np.uint8]

STILLS = (".jpg", ".jpeg", ".png")
CLIP_WIDTH_PX = 640
STILL_WIDTH_PX = 1100
"""Twice the films' width: enough to frame a detail, little enough to be quick."""
MARGIN_FRAMES = 2
"""Left out on either side of a labelled zone: labels of real films are that exact."""
EDGE_MARGIN_FRAMES = 6
MIN_FRAMES = 16
MAX_FRAMES = 700
"""Of one stretch: 480 MB at most in memory."""
MIN_DEVIATION = 9.0
"""Flatter stretches (black, a lone small title) are no picture to cut to."""
BAR_LUMA = 24


@dataclass(frozen=True, repr=False)
class Place:
    """frames: (n, height, width, 3); a still has one. fps: of the source."""

    name: str
    frames: Rgb
    fps: float

    @property
    def source(self) -> str:
        """The file that it was taken from."""
        return self.name.split(":")[0]

    @property
    def still(self) -> bool:
        return len(self.frames) == 1


def as_rgb(values: npt.ArrayLike) -> Rgb:
    """Limited to 0..255, without fractions."""
    out: Rgb = np.clip(values, 0, 255).astype(np.uint8)
    return out


def places_below(folder: Path) -> list[Place]:
    """Every stretch and still below a folder, in a fixed order. A film without labels is left out."""
    places: list[Place] = []
    for path in sorted(folder.rglob("*")):
        labels = path.with_name(path.name + ".labels.json")
        if path.suffix.lower() in STILLS:
            places.append(_still(path))
        elif labels.exists():
            places += _stretches(path, json.loads(labels.read_text()))
    return places


def _still(path: Path) -> Place:
    with Image.open(path) as image:
        flat = image.convert("RGB")
    width = min(flat.width, STILL_WIDTH_PX)
    flat = flat.resize((width, max(2, round(flat.height * width / flat.width))), Image.Resampling.LANCZOS)
    return Place(path.name, np.asarray(flat)[None].copy(), 25.0)


def clean_runs(labels: Mapping[str, Any]) -> Iterator[tuple[int, int]]:
    """First and last frame (inclusive) of what lies between the labelled zones, margins taken off."""
    total = int(labels["frames"])
    clean = np.ones(total + 1, np.bool_)
    clean[total] = False
    zones = [(cut - 1, cut, 1) for cut in labels["cuts"]]
    zones += [(a, b, MARGIN_FRAMES) for a, b, *_ in (*labels["gradual"], *labels.get("optional", []))]
    zones += [(a, b, EDGE_MARGIN_FRAMES) for a, b, *_ in labels.get("edges", [])]
    for first, last, margin in zones:
        clean[max(0, first - margin) : last + margin + 1] = False
    edges = np.flatnonzero(np.diff(np.concatenate([[False], clean]).astype(np.int8))).reshape(-1, 2)
    for first, end in edges.tolist():
        if end - first >= MIN_FRAMES:
            yield first, end - 1


def _stretches(path: Path, labels: Mapping[str, Any]) -> Iterator[Place]:
    runs = list(clean_runs(labels))
    pictures: list[list[Rgb]] = [[] for _ in runs]
    with av.open(str(path)) as container:
        best = container.streams.best("video")
        assert best is not None
        stream = container.streams[labels["stream"]] if "stream" in labels else best
        fps = float(stream.average_rate or 25)
        for number, frame in enumerate(container.decode(stream)):
            assert isinstance(frame, av.VideoFrame)
            for run, kept in zip(runs, pictures, strict=True):
                if run[0] <= number <= run[1] and len(kept) < MAX_FRAMES:
                    width = min(CLIP_WIDTH_PX, frame.width) // 2 * 2
                    height = round(frame.height * width / frame.width) // 2 * 2
                    kept.append(as_rgb(frame.reformat(width, height, format="rgb24").to_ndarray()))
    for (first, _), kept in zip(runs, pictures, strict=True):
        if len(kept) < MIN_FRAMES:
            continue
        frames = _without_bars(np.stack(kept))
        if frames[::8].mean(axis=3).std(axis=(1, 2)).mean() >= MIN_DEVIATION:
            yield Place(f"{path.name}:{first}", frames, fps)


def _without_bars(frames: Rgb) -> Rgb:
    """Cropped to what ever lights up, if that is most of the picture."""
    light = frames[::5].max(axis=(0, 3)) > BAR_LUMA
    rows, columns = np.flatnonzero(light.mean(axis=1) > 0.1), np.flatnonzero(light.mean(axis=0) > 0.1)
    if len(rows) < light.shape[0] // 2 or len(columns) < light.shape[1] // 2:
        return frames
    return np.ascontiguousarray(frames[:, rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1])
