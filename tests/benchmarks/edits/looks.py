"""What a film looks like: dark, flat, without colour, grainy, barred, flickering, soft, repeated, combed.

A look changes each picture of the film; a cadence changes the order of pictures and says where each one went.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator

import numpy as np
from PIL import Image
from scipy.ndimage import gaussian_filter1d

from tests.benchmarks.edits.places import Rgb, as_rgb
from tests.benchmarks.edits.takes import Rng, Size

Look = Callable[[Rgb, int], Rgb]
LookMaker = Callable[[Rng, Size, int], Look]


def dark(rng: Rng, size: Size, total: int) -> Look:
    """A night film: 6 to 25 % of the light."""
    gain, lift = rng.uniform(0.06, 0.25), rng.uniform(0, 8)
    table = as_rgb(lift + np.arange(256) * gain)
    return lambda picture, k: np.take(table, picture)


def flat(rng: Rng, size: Size, total: int) -> Look:
    """Low contrast: black is grey, and white not much lighter."""
    span, lift = rng.uniform(0.2, 0.45), rng.uniform(40, 120)
    table = as_rgb(lift + np.arange(256) * span)
    return lambda picture, k: np.take(table, picture)


def monochrome(rng: Rng, size: Size, total: int) -> Look:
    """Black and white, or sepia."""
    tint = np.ones(3, np.float32) if rng.random() < 0.6 else np.array([1.07, 0.95, 0.78], np.float32)
    weights = np.array([0.299, 0.587, 0.114], np.float32)

    def look(picture: Rgb, k: int) -> Rgb:
        return as_rgb((picture @ weights)[..., None] * tint)

    return look


def grain(rng: Rng, size: Size, total: int) -> Look:
    """Film grain or the noise of a sensor, fine or coarse."""
    sigma, coarse = rng.uniform(4, 24), int(rng.choice([1, 1, 2]))
    shape = (size[1] // coarse + 1, size[0] // coarse + 1, int(rng.choice([1, 3])))
    fields = [
        rng.normal(0, sigma, shape).astype(np.int16).repeat(coarse, 0).repeat(coarse, 1) for _ in range(8)
    ]
    moves = rng.integers(0, 100, (total, 3))

    def look(picture: Rgb, k: int) -> Rgb:
        noise = np.roll(fields[moves[k, 0] % 8], moves[k, 1:], (0, 1))[: size[1], : size[0]]
        return as_rgb(picture + noise)

    return look


def bars(rng: Rng, size: Size, total: int) -> Look:
    """Letterbox or pillarbox, whose width may change in the film, at once or over ten pictures."""
    axis = 0 if rng.random() < 0.65 else 1
    length = size[1 - axis]
    widths = np.full(total, rng.uniform(0.06, 0.17))
    if rng.random() < 0.5:
        at, over = int(rng.integers(total // 4, 3 * total // 4)), int(rng.choice([1, 10]))
        other = float(rng.choice([0.0, 0.08, 0.2]))
        p = np.clip((np.arange(total) - at) / over, 0, 1)
        widths = widths + (other - widths) * p

    def look(picture: Rgb, k: int) -> Rgb:
        width = round(widths[k] * length)
        if not width:
            return picture
        out = picture.copy()
        view = out if axis == 0 else out.swapaxes(0, 1)
        view[:width] = 0
        view[length - width :] = 0
        return out

    return look


def old_film(rng: Rng, size: Size, total: int) -> Look:
    """Flicker, a gate that weaves, scratches and dirt."""
    light = 1 + rng.normal(0, rng.uniform(0.02, 0.14), total)
    weave = gaussian_filter1d(rng.normal(0, 3.0, (total, 2)), 1.0, axis=0).round().astype(int)
    dirt = rng.integers(0, 12, total)
    seeds = rng.integers(0, 1 << 30, total)
    scratch = np.clip(gaussian_filter1d(rng.normal(0, 900, total), 20) + size[0] / 2, 2, size[0] - 3).astype(
        int
    )

    def look(picture: Rgb, k: int) -> Rgb:
        out = as_rgb(np.roll(picture, weave[k], (0, 1)) * np.float32(light[k]))
        spots = np.random.default_rng(int(seeds[k]))
        for _ in range(int(dirt[k])):
            y, x, high, wide = spots.integers([size[1], size[0], 7, 7])
            out[y : y + high + 1, x : x + wide + 1] = spots.choice([15, 235])
        if seeds[k] % 3:
            out[:, scratch[k]] = 200
        return out

    return look


def soft(rng: Rng, size: Size, total: int) -> Look:
    """Enlarged from a small picture."""
    small = int(size[0] / rng.uniform(2.0, 4.0)), int(size[1] / rng.uniform(2.0, 4.0))

    def look(picture: Rgb, k: int) -> Rgb:
        image = Image.fromarray(picture).resize(small, Image.Resampling.BOX)
        return np.asarray(image.resize(size, Image.Resampling.BILINEAR))

    return look


LOOKS: dict[str, LookMaker] = {
    "dark": dark,
    "monochrome": monochrome,
    "grain": grain,
    "bars": bars,
    "old film": old_film,
    "flat": flat,
    "soft": soft,
}


def combed(pictures: Iterable[Rgb]) -> Iterator[Rgb]:
    """Interlaced: even rows of a picture with odd rows of the next."""
    before: Rgb | None = None
    for picture in pictures:
        if before is not None:
            out = before.copy()
            out[1::2] = picture[1::2]
            yield out
        before = picture
    if before is not None:
        yield before


def repeats(rng: Rng, kind: str, total: int) -> list[int]:
    """How often each picture of the film is shown. kind: "pulldown", "twos" or "stutter"."""
    if kind == "pulldown":
        period = int(rng.choice([4, 4, 5, 2]))
        return [2 if k % period == period - 1 else 1 for k in range(total)]
    if kind == "twos":
        return [int(rng.choice([2, 3]))] * total
    return [1 + int(late) for late in rng.random(total) < 0.08]
