"""Shots: a place seen by a moving, shaking, zooming camera, graded; title cards and rolling credits.

A take yields its k-th picture at the film's size. Knows places; does not know what is cut to what.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt
from PIL import Image, ImageDraw, ImageFont
from scipy.ndimage import gaussian_filter1d

from tests.benchmarks.edits.places import Place, Rgb, as_rgb

Size = tuple[int, int]
Rng = np.random.Generator
Floats = npt.NDArray[np.float64]

WORDS = (
    *("the", "night", "after", "river", "city", "of", "glass", "part", "one", "directed", "by", "a", "film"),
    *("music", "story", "written", "home", "again", "far", "light", "winter", "north", "with", "and", "in"),
    *("memory", "never", "before", "today", "news", "special", "report", "chapter", "three", "end"),
)


LASTING = 1 << 30
"""Last picture of an effect that goes on to the end of its take, whatever follows."""


@dataclass
class Effect:
    """What happens to a take's pictures first..last (inclusive): `apply(picture, j)`, j from 0."""

    name: str
    first: int
    last: int
    apply: Callable[[Rgb, int], Rgb]


@dataclass
class Take:
    """`length` pictures from `draw`, then the effects in order."""

    name: str
    length: int
    draw: Callable[[int], Rgb]
    effects: list[Effect] = field(default_factory=list)

    def __call__(self, k: int) -> Rgb:
        k = min(max(k, 0), self.length - 1)
        picture = self.draw(k)
        for effect in self.effects:
            if effect.first <= k <= effect.last:
                picture = effect.apply(picture, k - effect.first)
        return picture


@dataclass(frozen=True)
class View:
    """How a place is framed: middle and width as shares of what fits, per picture; which source picture."""

    x: Floats
    y: Floats
    zoom: Floats
    position: Floats


@dataclass(frozen=True)
class Framing:
    """The still part of a view, so that another take can return to it (A-B-A-B) or differ a little."""

    x: float
    y: float
    zoom: float
    mirrored: bool
    grade: tuple[int, ...]
    speed: float


def framing(rng: Rng, place: Place) -> Framing:
    """A random framing, grade and speed for a place."""
    tightest = 0.35 if place.still else 0.5
    return Framing(
        x=float(rng.uniform()),
        y=float(rng.uniform()),
        zoom=float(rng.uniform(tightest, 1.0)),
        mirrored=bool(rng.random() < 0.5),
        grade=grade(rng),
        speed=float(rng.choice([0.5, 1.0, 1.0, 1.0, 1.5, 2.0])) * (-1 if rng.random() < 0.15 else 1),
    )


def grade(rng: Rng) -> tuple[int, ...]:
    """A table of 3 x 256 values: gamma, gain and lift for each colour."""
    gamma, gain = rng.uniform(0.75, 1.35), rng.uniform(0.75, 1.1)
    ramp = np.linspace(0, 1, 256)
    tables = [255 * gain * tint * ramp**gamma for tint in rng.normal(1.0, 0.07, 3)]
    return tuple(np.clip(np.concatenate(tables), 0, 255).astype(int).tolist())


def shot(rng: Rng, place: Place, frame: Framing, size: Size, length: int, fps: float, shake: float) -> Take:
    """A take of a place. shake: hand-held movement as a share of the picture's width; 0 for a tripod."""
    t = np.linspace(-0.5, 0.5, length)
    still = place.still
    drift = rng.normal(0, 0.5 if still else 0.15, 2) * min(1.0, length / (4 * fps))
    pull = rng.normal(0, 0.25 if still else 0.08) * min(1.0, length / (4 * fps))
    if rng.random() < 0.08:
        drift *= 4  # a fast pan
    hand = gaussian_filter1d(rng.normal(0, 1, (2, length + 8)), 0.12 * fps, axis=1)[:, :length]
    hand *= shake / max(1e-6, float(hand.std()))
    n = len(place.frames)
    speed = frame.speed if fps > 40 else frame.speed * place.fps / fps
    if abs(speed) * length > 2 * n:
        speed = 2 * n / length
    start = rng.uniform(0, max(1.0, n - abs(speed) * length))
    position = (start if speed > 0 else n - 1 - start) + speed * np.arange(length, dtype=np.float64)
    view = View(
        x=np.clip(frame.x + drift[0] * t + hand[0], 0, 1),
        y=np.clip(frame.y + drift[1] * t + hand[1], 0, 1),
        zoom=np.clip(frame.zoom * np.exp(pull * t), 0.2, 1.0 if shake == 0 else 0.94),
        position=_to_and_fro(position, n),
    )
    return Take(place.name, length, lambda k: seen(place, frame, view, size, k))


def _to_and_fro(position: Floats, n: int) -> Floats:
    """Played forwards and backwards where a shot is longer than its source."""
    if n < 2:
        return np.zeros_like(position)
    turned = np.mod(position, 2 * (n - 1))
    out: Floats = np.minimum(turned, 2 * (n - 1) - turned)
    return out


def seen(place: Place, frame: Framing, view: View, size: Size, k: int) -> Rgb:
    """The k-th picture of a view of a place."""
    source = place.frames[int(view.position[k])]
    height, width = source.shape[:2]
    fits = min(1.0, height * size[0] / (width * size[1]))
    wide = float(view.zoom[k]) * fits * width
    high = wide * size[1] / size[0]
    # a view as wide or as high as the source may be larger by a rounding error
    left, top = float(view.x[k]) * max(0.0, width - wide), float(view.y[k]) * max(0.0, height - high)
    box = (left, top, min(left + wide, width), min(top + high, height))
    image = Image.fromarray(source).resize(size, Image.Resampling.BILINEAR, box=box)
    if frame.mirrored:
        image = image.transpose(Image.Transpose.FLIP_LEFT_RIGHT)
    return np.asarray(image.point(frame.grade))


def words(rng: Rng, most: int) -> str:
    """A few words of a title."""
    text = " ".join(rng.choice(WORDS, int(rng.integers(1, most + 1))))
    return text.upper() if rng.random() < 0.5 else text.title()


def lettering(text: str, size: Size, height_px: int, centre: tuple[float, float]) -> npt.NDArray[np.float32]:
    """(height, width) 0..1: how much of each pixel the text covers."""
    image = Image.new("L", size)
    where = (centre[0] * size[0], centre[1] * size[1])
    font = ImageFont.load_default(height_px)
    ImageDraw.Draw(image).multiline_text(where, text, 255, font, anchor="mm", align="center")
    covered: npt.NDArray[np.float32] = np.asarray(image, np.float32) / np.float32(255)
    return covered


def title_card(rng: Rng, size: Size, length: int) -> Take:
    """Text on a plain or shaded ground, still or slowly growing."""
    ground = rng.choice([0, 0, 0, 12, 235, 90]) * np.ones(3) + rng.integers(0, 20, 3)
    ink = np.full(3, 235.0) if ground.mean() < 128 else np.full(3, 15.0)
    ink = ink * rng.uniform(0.8, 1.0, 3)
    lines = "\n".join(words(rng, 3) for _ in range(int(rng.integers(1, 4))))
    mask = lettering(lines, size, int(size[1] * rng.uniform(0.09, 0.22)), (0.5, 0.5))[..., None]
    shade = np.linspace(1, rng.uniform(0.4, 1.0), size[1])[:, None, None]
    card = as_rgb((ground * (1 - mask) + ink * mask) * shade)
    growth = float(rng.choice([0, 0, 0.06, 0.12]))
    image = Image.fromarray(card)

    def draw(k: int) -> Rgb:
        inset = 0.5 * growth * k / length
        box = (inset * size[0], inset * size[1], (1 - inset) * size[0], (1 - inset) * size[1])
        return np.asarray(image.resize(size, Image.Resampling.BILINEAR, box=box)) if growth else card

    return Take("title card", length, draw)


def credits_roll(rng: Rng, size: Size, length: int) -> Take:
    """Lines of text moving upwards at an even speed."""
    speed = rng.uniform(0.6, 2.5) * size[1] / 270
    tall = int(size[1] + speed * length) + 4
    image = Image.new("RGB", (size[0], tall), tuple(int(v) for v in rng.integers(0, 25, 3)))
    pen = ImageDraw.Draw(image)
    font = ImageFont.load_default(max(9, size[1] // 20))
    y = rng.uniform(0, size[1] * 0.6)
    while y < tall:
        pen.text((size[0] / 2, y), words(rng, 6), (225, 225, 225), font, anchor="mm")
        y += size[1] * rng.choice([0.075, 0.075, 0.16])
    roll = np.asarray(image)
    return Take("credits", length, lambda k: roll[int(speed * k) : int(speed * k) + size[1]])
