"""How one picture turns into another: dissolves, wipes of many shapes, pushes, fades.

A mixer takes the old picture, the new one and a share 0..1 (exclusive) of the way. Knows two pictures.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import numpy.typing as npt

from tests.benchmarks.edits.places import Rgb, as_rgb
from tests.benchmarks.edits.takes import Rng, Size

Mixer = Callable[[Rgb, Rgb, float], Rgb]
Field = npt.NDArray[np.float32]

WIPES = (
    *("left", "right", "up", "down", "diagonal", "clock", "iris", "diamond", "box", "doors", "blinds"),
    *("push", "slide", "uncover"),
)


def eased(rng: Rng) -> Callable[[float], float]:
    """The course of a transition over its length: even, mostly; or soft at its ends."""
    if rng.random() < 0.7:
        return lambda p: p
    return lambda p: p * p * (3 - 2 * p)


def blend(old: Rgb, new: Rgb, share: float) -> Rgb:
    """A dissolve."""
    weight = round(256 * share)
    out = old.astype(np.uint16) * np.uint16(256 - weight) + new.astype(np.uint16) * np.uint16(weight)
    return as_rgb(out >> 8)


def toward(picture: Rgb, colour: tuple[int, ...], share: float) -> Rgb:
    """A fade to a colour; share 1 is the colour."""
    out = picture.astype(np.float32) * (1 - share) + np.array(colour, np.float32) * share
    return out.astype(np.uint8)


def wipe(rng: Rng, shape: str, size: Size) -> Mixer:
    """A mixer with a moving edge; its softness is drawn too. shape: one of WIPES."""
    if shape in ("push", "slide", "uncover"):
        return _moved(shape, int(rng.integers(4)))
    soft = float(rng.choice([0.004, 0.01, 0.05, 0.15, 0.3]))
    field = _field(rng, shape, size)
    if rng.random() < 0.3:
        field = 1 - field

    def mix(old: Rgb, new: Rgb, share: float) -> Rgb:
        mask = np.clip((share * (1 + soft) - field) / soft, 0, 1)[..., None]
        return as_rgb(old * (1 - mask) + new * mask)

    return mix


def _field(rng: Rng, shape: str, size: Size) -> Field:
    """(height, width) 0..1: at which share of the way the edge passes a pixel."""
    width, height = size
    x, y = np.meshgrid(*(np.linspace(0, 1, length, dtype=np.float32) for length in size))
    cx, cy = rng.uniform(0.35, 0.65, 2)
    dx, dy = (x - cx) * width / height, y - cy
    if shape == "diagonal":
        angle = rng.uniform(0, 2 * np.pi)
        field = np.cos(angle) * x * width / height + np.sin(angle) * y
    elif shape == "clock":
        field = np.mod(np.arctan2(dx, -dy) / (2 * np.pi) + rng.uniform(), 1)
    elif shape == "blinds":
        field = np.mod((x if rng.random() < 0.5 else y) * int(rng.integers(4, 9)), 1)
    else:
        fields: dict[str, Callable[[], Field]] = {
            "left": lambda: x,
            "right": lambda: 1 - x,
            "up": lambda: 1 - y,
            "down": lambda: y,
            "iris": lambda: np.hypot(dx, dy),
            "diamond": lambda: np.abs(dx) + np.abs(dy),
            "box": lambda: np.maximum(np.abs(dx), np.abs(dy)),
            "doors": lambda: np.abs(x - 0.5),
        }
        field = fields[shape]()
    field = field - field.min()
    out: Field = (field / field.max()).astype(np.float32)
    return out


def _moved(kind: str, side: int) -> Mixer:
    """The new picture pushes the old one out, slides over it, or is uncovered by it; from any side."""
    axis, backwards = side % 2, side >= 2

    def mix(old: Rgb, new: Rgb, share: float) -> Rgb:
        if backwards:
            old, new = np.flip(old, axis), np.flip(new, axis)
        length = old.shape[axis]
        edge = min(max(round(share * length), 1), length - 1)
        entering = np.take(new, range(length - edge, length), axis)
        leaving = np.take(old, range(length - edge), axis)
        if kind == "slide":
            leaving = np.take(old, range(edge, length), axis)
        elif kind == "uncover":
            entering = np.take(new, range(edge), axis)
        out = np.concatenate([entering, leaving], axis)
        return np.ascontiguousarray(np.flip(out, axis) if backwards else out)

    return mix
