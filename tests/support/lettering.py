"""Draws text into pictures: title cards, slides, names over running footage, credits; and what bears none.

Pictures are uint8[H, W, 3] RGB. Fonts are those that Pillow brings and finds. Knows nothing of the code under
test.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
from PIL import Image, ImageDraw, ImageFont
from scipy.ndimage import gaussian_filter

Rgb = npt.NDArray[np.uint8]
FONTS = ("", "DejaVuSans.ttf", "DejaVuSerif-Bold.ttf", "DejaVuSerif.ttf", "DejaVuSansMono.ttf")
"""The first is Pillow's own; others stand for it where they are not installed."""
WHITE, BLACK = (255, 255, 255), (0, 0, 0)


@dataclass(frozen=True)
class Lettering:
    """One line. x, y: of its middle (anchor "mm"), or of its left middle ("lm"), as shares of the picture.
    height: of the letters' box, as a share of the picture's height. edge: colour of an outline, if any."""

    text: str
    x: float = 0.5
    y: float = 0.5
    height: float = 0.06
    font: int = 0
    ink: tuple[int, int, int] = WHITE
    anchor: str = "mm"
    edge: tuple[int, int, int] | None = None


def font_of(number: int, size_px: int) -> Any:
    """The font with this place in FONTS."""
    name = FONTS[number % len(FONTS)]
    if name:
        try:
            return ImageFont.truetype(name, size_px)
        except OSError:
            pass
    return ImageFont.load_default(size_px)


def plain(size: tuple[int, int], colour: tuple[int, int, int] = BLACK) -> Rgb:
    """A picture of one colour."""
    return np.broadcast_to(np.array(colour, np.uint8), (size[1], size[0], 3)).copy()


def lettered(picture: Rgb, lines: Sequence[Lettering], shift: float = 0.0) -> Rgb:
    """The picture with lines on it. shift: share of the height by which all stand lower."""
    image = Image.fromarray(picture)
    pen = ImageDraw.Draw(image)
    for line in lines:
        font = font_of(line.font, max(8, round(line.height * image.height)))
        at = line.x * image.width, (line.y + shift) * image.height
        stroke = {} if line.edge is None else {"stroke_width": 2, "stroke_fill": line.edge}
        pen.text(at, line.text, line.ink, font, anchor=line.anchor, **stroke)
    return np.asarray(image)


def scenery(seed: int, width: int, height: int) -> Rgb:
    """Something like a photograph: soft shapes of several sizes, and things with edges."""
    rng = np.random.default_rng(seed)
    scene = np.ones((height, width, 3)) * rng.uniform(85, 165, 3)
    for coarse_px, strength in ((60, 38.0), (12, 18.0), (2, 9.0)):
        grey = gaussian_filter(rng.standard_normal((height, width)), coarse_px)[..., None]
        colour = gaussian_filter(rng.standard_normal((height, width, 3)), (coarse_px, coarse_px, 0))
        scene += strength * (grey / grey.std() + 0.4 * colour / colour.std())
    for _ in range(12):
        x, y = rng.integers(0, width), rng.integers(0, height)
        wide, high = rng.integers(height // 12, height // 3, 2)
        scene[y : y + high, x : x + wide] += rng.uniform(-60, 60) + rng.uniform(-15, 15, 3)
    return np.clip(scene, 0, 255).astype(np.uint8)


def view(scene: Rgb, size: tuple[int, int], at: float) -> Rgb:
    """A part of a wider scene, `at` 0..1 of the way from its left to its right."""
    left = round((scene.shape[1] - size[0]) * at)
    top = (scene.shape[0] - size[1]) // 2
    return scene[top : top + size[1], left : left + size[0]]


def bricks(seed: int, width: int, height: int) -> Rgb:
    """A wall."""
    rng = np.random.default_rng(seed)
    wall = plain((width, height), (150, 140, 130))
    high, wide, joint = height // 16, height // 6, 4
    for row in range(height // high + 1):
        for column in range(-1, width // wide + 1):
            x = column * wide + (row % 2) * wide // 2
            colour = np.array((150, 70, 55)) + rng.integers(-25, 25)
            wall[row * high + joint : (row + 1) * high, max(0, x + joint) : max(0, x + wide)] = colour
    grain = gaussian_filter(rng.standard_normal((height, width, 1)), (1.5, 1.5, 0)) * 25
    return np.clip(wall + grain, 0, 255).astype(np.uint8)


def leaves(seed: int, width: int, height: int) -> Rgb:
    """Foliage: many small ellipses, each with its rib."""
    rng = np.random.default_rng(seed)
    image = Image.new("RGB", (width, height), (20, 45, 15))
    pen = ImageDraw.Draw(image)
    for _ in range(width * height // 500):
        x, y = int(rng.integers(0, width)), int(rng.integers(0, height))
        long, turn = int(rng.integers(10, 34)), float(rng.uniform(0, np.pi))
        dx, dy = long * np.cos(turn), long * np.sin(turn)
        green = int(rng.integers(70, 200))
        corners = [(x, y), (x + dx / 2 - dy / 4, y + dy / 2 + dx / 4), (x + dx, y + dy)]
        corners.append((x + dx / 2 + dy / 4, y + dy / 2 - dx / 4))
        pen.polygon(corners, fill=(green // 2, green, green // 4))
        pen.line([(x, y), (x + dx, y + dy)], fill=(green // 3, green * 2 // 3, green // 5))
    return np.asarray(image)


def noise(seed: int, width: int, height: int) -> Rgb:
    """Snow, as of a receiver without a station."""
    return np.random.default_rng(seed).integers(0, 256, (height, width, 3), np.uint8)


def fence(seed: int, width: int, height: int) -> Rgb:
    """Posts and wires, as regular as letters are."""
    rng = np.random.default_rng(seed)
    image = Image.fromarray(scenery(seed, width, height))
    pen = ImageDraw.Draw(image)
    for x in range(0, width, 26):
        pen.rectangle((x, height // 3, x + 7, height), fill=(205, 200, 190))
        if rng.random() < 0.3:
            pen.line((x, height // 2, x + 26, height // 2 + 26), fill=(60, 50, 40), width=4)
    for y in (height // 2, height * 2 // 3):
        pen.rectangle((0, y, width, y + 5), fill=(190, 185, 170))
    return np.asarray(image)
