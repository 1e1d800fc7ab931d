"""Drawn places: patterns of plain colours, clouds, shapes; some pass by, over some something moves.

Screens, maps and drawings look more like these than like photographs, and need no footage. Knows drawing; no
files.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from scipy.ndimage import gaussian_filter, zoom

from tests.benchmarks.edits.places import Place, Rgb
from tests.benchmarks.edits.takes import Rng

COUNT = 40
FRAMES = 150
WIDTH, HEIGHT = 320, 180
BEYOND = 2
"""The pattern is so many times as wide as the picture, and repeats."""


def textures(seed: int, count: int = COUNT) -> list[Place]:
    """The first so many of COUNT places of FRAMES pictures."""
    rng = np.random.default_rng([seed, 77])
    return [_place(rng, f"texture {number}") for number in range(count)]


def _place(rng: Rng, name: str) -> Place:
    ground = _ground(rng)
    speed = float(rng.choice([0, 0.2, 0.5, 1.0, 2.0, 4.0])) * float(rng.choice([-1, 1]))
    mover = _Mover(rng) if speed == 0 or rng.random() < 0.2 else None
    pictures = []
    for k in range(FRAMES):
        picture = np.roll(ground, -round(speed * k), axis=1)[:, :WIDTH].copy()
        if mover is not None:
            mover.draw(picture, k)
        pictures.append(picture)
    return Place(name, np.stack(pictures), 25.0)


def _ground(rng: Rng) -> Rgb:
    """(HEIGHT, BEYOND * WIDTH, 3)."""
    cell_px = int(rng.choice([12, 20, 27, 40, 60]))
    rows, columns = -(-HEIGHT // cell_px), -(-BEYOND * WIDTH // cell_px)
    low, high = sorted(rng.uniform(10, 245, 2).tolist())
    cells = rng.uniform(low, max(high, low + 40), (rows, columns, 3))
    if rng.random() < 0.3:
        cells = np.repeat(cells.mean(axis=2, keepdims=True), 3, axis=2) * rng.uniform(0.6, 1.0, 3)
    wide: npt.NDArray[np.float64] = zoom(cells, (cell_px, cell_px, 1), order=int(rng.choice([0, 1])))
    wide = wide[:HEIGHT, : BEYOND * WIDTH]
    if rng.random() < 0.5:
        wide = gaussian_filter(wide, (cell_px / 3, cell_px / 3, 0), mode="wrap")
    return np.clip(wide, 0, 255).astype(np.uint8)


class _Mover:
    """A plain ellipse that goes to and fro."""

    def __init__(self, rng: Rng) -> None:
        self._colour = rng.integers(0, 256, 3)
        self._radius_px = rng.uniform(0.06, 0.2, 2) * WIDTH
        self._middle_px = rng.uniform(0.25, 0.75, 2) * (WIDTH, HEIGHT)
        self._way_px = rng.uniform(-0.35, 0.35, 2) * (WIDTH, HEIGHT)
        self._period = float(rng.uniform(30, 120))

    def draw(self, picture: Rgb, frame: int) -> None:
        x, y = self._middle_px + self._way_px * np.sin(2 * np.pi * frame / self._period)
        rows, columns = np.mgrid[:HEIGHT, :WIDTH]
        inside = ((columns - x) / self._radius_px[0]) ** 2 + ((rows - y) / self._radius_px[1]) ** 2 < 1
        picture[inside] = self._colour
