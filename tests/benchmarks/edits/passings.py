"""Films in which something gradual or sudden happens to a running shot that is no transition: graphics and
parts of the picture that fade in and out, things that cover the view in passing, jerks and fast zooms.

Between such shots there are plain cuts. Knows takes; no files.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
import numpy.typing as npt
from PIL import Image
from scipy.ndimage import gaussian_filter, uniform_filter1d

from tests.benchmarks.edits.cases import Case, Maker, filmed, others, shots
from tests.benchmarks.edits.happenings import graphic
from tests.benchmarks.edits.places import Place, Rgb, as_rgb
from tests.benchmarks.edits.takes import Rng, Size

Floats = npt.NDArray[np.float32]
Put = Callable[[Rgb, int], Rgb]

ROOM = 1.6
"""Shots that are jerked are filmed so many times as wide and high, and seen through a window."""


def faded_in(rng: Rng, places: Sequence[Place], size: Size) -> Case:
    """In each shot graphics, or a part of another picture, fade in over 4 to 40 frames and out again; in half
    of them the rest grows darker meanwhile, or all of it does for a while and nothing else happens."""
    case = Case()
    guest = filmed(rng, others(rng, places, 1)[0], size, 60)
    for pictures in shots(rng, places, size, 60, 120):
        at = case.cut_to(pictures)
        put, what = _fading(rng, size, guest)
        ramp = int(rng.integers(4, 41))
        first = at + int(rng.integers(8, max(9, len(pictures) - ramp - 12)))
        last = len(case.pictures) - 1
        if rng.random() < 0.7:
            last = min(last, first + ramp + int(rng.integers(6, 40)))
        darker = float(rng.uniform(0.4, 0.85)) if what == "darker" or rng.random() < 0.5 else 1.0
        out = int(rng.integers(2, ramp + 1)) if last < len(case.pictures) - 1 else 0
        for k in range(first, last + 1):
            share = min(1.0, (k - first + 1) / ramp, (last - k + 1) / out if out else 1.0)
            old = case.pictures[k].astype(np.float32)
            new = put(case.pictures[k], k - first).astype(np.float32)
            case.pictures[k] = as_rgb((old + share * (new - old)) * (1 - share * (1 - darker)))
        case.negatives.append((first, last, f"faded in: {what}"))
    return case


def _fading(rng: Rng, size: Size, guest: list[Rgb]) -> tuple[Put, str]:
    kind = str(rng.choice(["band", "inset", "logo", "table", "part", "part", "darker"]))
    if kind == "darker":
        return lambda picture, _k: picture, kind
    if kind != "part":
        return graphic(rng, kind, size, guest), kind
    mask = _blot(rng, size, rng.uniform(0.25, 0.75, 2), float(rng.uniform(0.15, 0.38)))[..., None]
    return lambda picture, k: as_rgb(picture * (1 - mask) + guest[k % len(guest)] * mask), kind


def _blot(rng: Rng, size: Size, middle: npt.NDArray[np.float64], radius: float) -> Floats:
    """float32 (height, width), 0..1: an uneven round shape with soft edges. middle: shares of width and
    height, may be outside; radius: share of the width."""
    width, height = size
    rows, columns = np.mgrid[:height, :width]
    x, y = columns / width - middle[0], (rows / height - middle[1]) * height / width
    angle, far = np.arctan2(y, x), np.hypot(x, y * float(rng.uniform(0.7, 1.5)))
    uneven = sum(
        rng.uniform(0.03, 0.15) * np.sin(waves * angle + rng.uniform(0, 2 * np.pi)) for waves in (2, 3, 5)
    )
    edge = float(rng.uniform(0.01, 0.08))
    return np.clip((radius * (1 + uneven) - far) / edge, 0, 1).astype(np.float32)


def covered(rng: Rng, places: Sequence[Place], size: Size) -> Case:
    """Once or twice in each shot something of one colour passes close to the lens within 5 to 45 frames: a
    hand, a car, a trunk. It covers a third of the view up to all of it, and may go back the way it came."""
    case = Case()
    for pictures in shots(rng, places, size, 60, 120):
        at = case.cut_to(pictures)
        for _ in range(int(rng.integers(1, 3))):
            lasts = int(rng.integers(5, 46))
            first = at + int(rng.integers(6, max(7, len(pictures) - lasts - 6)))
            _pass(rng, case, size, first, min(lasts, len(case.pictures) - first))
            case.negatives.append((first, min(first + lasts, len(case.pictures)) - 1, "covered"))
    return case


def _pass(rng: Rng, case: Case, size: Size, first: int, lasts: int) -> None:
    body = _surface(rng, size)
    way = float(rng.choice([-1, 1]))
    radius, across = float(rng.uniform(0.25, 0.9)), float(rng.uniform(0.2, 0.8))
    upright, back = bool(rng.random() < 0.4), bool(rng.random() < 0.4)
    seed = int(rng.integers(1 << 30))
    for j in range(lasts):
        along = (j + 0.5) / lasts
        if back:
            along = 0.55 * (1 - abs(2 * along - 1))
        centre = 0.5 + way * (along - 0.5) * (1 + 2.4 * radius)
        middle = np.array([across, centre] if upright else [centre, across])
        # the same shape in every frame
        mask = _blot(np.random.default_rng(seed), size, middle, radius)[..., None]
        case.pictures[first + j] = as_rgb(case.pictures[first + j] * (1 - mask) + body * mask)


def _surface(rng: Rng, size: Size) -> Floats:
    """float32 (height, width, 3): one colour, mostly dark or of skin, with blurred light and shade."""
    skin = np.array([190, 140, 115]) * rng.uniform(0.4, 1.2)
    colour = skin if rng.random() < 0.4 else rng.uniform(5, 120, 3)
    shade = gaussian_filter(rng.normal(0, 1, (size[1], size[0])), size[0] / 12)
    shade *= rng.uniform(3, 30) / max(float(shade.std()), 1e-6)
    return np.clip(colour + shade[..., None], 0, 255).astype(np.float32)


def jerked(rng: Rng, places: Sequence[Place], size: Size) -> Case:
    """Once or twice in each shot the view leaps by up to a third of its width within one to four frames, or
    grows or shrinks by up to a half within 4 to 14, blurred on the way; it comes back or stays."""
    case = Case()
    wide = (int(size[0] * ROOM) // 2 * 2, int(size[1] * ROOM) // 2 * 2)
    for pictures in shots(rng, places, wide, 50, 100):
        path = np.tile([0.5, 0.5, 1 / ROOM], (len(pictures), 1))
        for _ in range(int(rng.integers(1, 3))):
            _move(rng, path)
        at = case.cut_to([_window(p, size, *view) for p, view in zip(pictures, _blurred(path), strict=True)])
        moving = np.flatnonzero(np.abs(np.diff(path, axis=0)).max(axis=1) > 0)
        if len(moving):
            case.negatives.append((at + int(moving[0]), at + int(moving[-1]) + 1, "jerked"))
    return case


def _move(rng: Rng, path: npt.NDArray[np.float64]) -> None:
    """Adds a leap or a zoom to a path of (x, y, share of the width that is seen)."""
    zoom = rng.random() < 0.4
    takes = int(rng.integers(4, 15)) if zoom else int(rng.integers(1, 5))
    start = int(rng.integers(8, max(9, len(path) - takes - 8)))
    ramp = np.clip((np.arange(len(path)) - start + 1) / takes, 0, 1)
    if rng.random() < 0.5:  # it comes back
        ramp -= np.clip((np.arange(len(path)) - start - takes - int(rng.integers(1, 15))) / takes, 0, 1)
    if zoom:
        path[:, 2] *= np.exp(ramp * rng.uniform(np.log(0.6), np.log(1.4)))
    else:
        path[:, :2] += ramp[:, None] * rng.uniform(-0.45, 0.45, 2) * (1, 0.5)
    path[:, 2] = np.clip(path[:, 2], 0.3, 1)
    path[:, :2] = np.clip(path[:, :2], 0, 1)


def _blurred(path: npt.NDArray[np.float64]) -> list[tuple[float, float, float, float]]:
    """x, y, share, and how far the view moves in each frame, as a share of the width."""
    speed = np.abs(np.diff(path, axis=0, prepend=path[:1])).max(axis=1)
    return [
        (float(x), float(y), float(share), float(v)) for (x, y, share), v in zip(path, speed, strict=True)
    ]


def _window(picture: Rgb, size: Size, x: float, y: float, share: float, speed: float) -> Rgb:
    height, width = picture.shape[:2]
    wide, high = share * width, share * height
    left, top = x * (width - wide), y * (height - high)
    image = Image.fromarray(picture)
    box = (left, top, left + wide, top + high)
    out = np.asarray(image.resize(size, Image.Resampling.BILINEAR, box=box))
    blur_px = round(0.4 * speed * size[0])
    return as_rgb(uniform_filter1d(out.astype(np.float32), blur_px, axis=1)) if blur_px > 2 else out


PASSINGS: dict[str, Maker] = {"faded in": faded_in, "covered": covered, "jerked": jerked}
