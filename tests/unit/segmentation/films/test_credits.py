"""Rolling credits: lines that come in and go out begin no shot, the picture before and after them does."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image, ImageDraw, ImageFont

from actors.segmentation import Models
from tests.support.scenery import SIZE, Footage, boundaries, edited, take, written

NAMES = (
    "A. Miller",
    "Y. Tanaka",
    "Maria Lopez",
    "J. Novak",
    "O. Adeyemi",
    "L. Svensson",
    "P. Rossi",
    "Li Na",
)
WORK = ("Directed by", "Camera", "Music", "Editing", "Sound", "Costumes", "Light", "Story")
SPEEDS_PX = (0.5, 1.0, 2.5)
"""Pixels a frame, of 96: a line is in the picture for eight seconds, four, or one and a half."""


def rolling(frames: int, speed_px: float, ink: int = 230, ground: int = 0) -> Footage:
    """Names rolling upwards, with gaps of several lines in which hardly anything is seen."""
    tall = SIZE[1] + round(speed_px * frames) + 1
    page = Image.new("L", (SIZE[0], tall), ground)
    pen, font, rng = ImageDraw.Draw(page), ImageFont.load_default(9), np.random.default_rng(tall)
    y = 30.0
    while y < tall:
        text = f"{rng.choice(WORK)}   {rng.choice(NAMES)}"
        pen.text((SIZE[0] / 2, y), text, ink, font, anchor="mm")
        y += float(rng.choice([12, 12, 12, 60]))
    rows = np.asarray(page)
    views = [rows[round(speed_px * k) : round(speed_px * k) + SIZE[1]] for k in range(frames)]
    return np.repeat(np.stack(views)[..., None], 3, axis=3)


@pytest.mark.parametrize(("ink", "ground"), [(230, 0), (15, 240)], ids=["white on black", "black on white"])
@pytest.mark.parametrize("speed_px", SPEEDS_PX)
def test_there_is_no_cut_inside_rolling_credits(
    tmp_path: Path, models: Models, speed_px: float, ink: int, ground: int
) -> None:
    film = rolling(200, speed_px, ink, ground)

    assert boundaries(written(tmp_path / "film.mp4", film), models) == []


@pytest.mark.parametrize("speed_px", SPEEDS_PX)
def test_credits_between_two_shots_are_one_shot(tmp_path: Path, models: Models, speed_px: float) -> None:
    film, cuts = edited(take(60, 50), rolling(120, speed_px), take(61, 40))

    assert boundaries(written(tmp_path / "film.mp4", film), models) == [(cut, "cut") for cut in cuts]


@pytest.mark.parametrize("speed_px", SPEEDS_PX)
def test_credits_over_a_film_hide_no_cut_and_make_none(
    tmp_path: Path, models: Models, speed_px: float
) -> None:
    film, cuts = edited(take(62, 70), take(63, 80))
    over = rolling(150, speed_px)

    # max: white letters on the picture, and none of the black around them
    found = boundaries(written(tmp_path / "film.mp4", np.maximum(film, over)), models)

    assert found == [(cut, "cut") for cut in cuts]
