"""Flashes of cameras: light that comes and goes inside a shot begins no other one."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest

from actors.segmentation import Models
from tests.support.scenery import SIZE, Footage, as_footage, boundaries, edited, take, written

FLASHES: dict[str, tuple[float, ...]] = {
    "one frame": (300,),
    "two frames": (300, 150),
    "three frames": (250, 250, 120),
    "weak": (120,),
    "dying away": (80, 40, 20),
}
"""How much brighter each frame becomes, 0..255."""
Glow = npt.NDArray[np.float64]


def everywhere() -> Glow:
    """Light that reaches all of the picture."""
    return np.ones((SIZE[1], SIZE[0], 1))


def around_a_point() -> Glow:
    """Light of a photographer who stands in the picture."""
    rows, columns = np.mgrid[0 : SIZE[1], 0 : SIZE[0]]
    glow: Glow = np.exp(-((columns - 50) ** 2 + (rows - 40) ** 2) / (2 * 40**2))[..., None]
    return glow


def flashed(film: Footage, at: int, strength: tuple[float, ...], glow: Glow) -> Footage:
    """The film with a flash from frame `at` on; a sensor clips what is too bright."""
    out = film.copy()
    for k, light in enumerate(strength, at):
        out[k] = as_footage(film[k] * (1 + light / 150) + light * glow)
    return out


@pytest.mark.parametrize("glow", [everywhere, around_a_point], ids=lambda glow: glow.__name__)
@pytest.mark.parametrize("flash", FLASHES)
def test_a_flash_is_no_cut(tmp_path: Path, models: Models, flash: str, glow: object) -> None:
    assert callable(glow)
    film = flashed(take(50, 100), 48, FLASHES[flash], glow())

    assert boundaries(written(tmp_path / "film.mp4", film), models) == []


@pytest.mark.parametrize("seed", [51, 52])
def test_a_press_conference_is_one_shot(tmp_path: Path, models: Models, seed: int) -> None:
    film = take(seed, 120)
    for at in (14, 30, 46, 64, 82, 100):
        film = flashed(film, at, (300, 100), everywhere())

    assert boundaries(written(tmp_path / "film.mp4", film), models) == []


@pytest.mark.parametrize("before", [12, 25])
def test_a_cut_after_a_flash_is_found_to_the_frame(tmp_path: Path, models: Models, before: int) -> None:
    film, (cut,) = edited(take(53, 60), take(54, 50))
    film = flashed(film, cut - before, (300, 150), everywhere())

    assert boundaries(written(tmp_path / "film.mp4", film), models) == [(cut, "cut")]
