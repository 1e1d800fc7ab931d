"""Animation: each drawing is held for two, three or four frames, so that most frames repeat the one before.

The steps between drawings are large, as everything moves at once. They are no cuts; cuts are found, too.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from actors.segmentation import Models
from tests.support.scenery import SIZE, Footage, boundaries, edited, take, written

HOLDS = (2, 3, 4)
CAMERAS_PX = (0.0, 2.0, 4.0)
"""By how much the ground moves from drawing to drawing: not at all, slowly, in a pan."""


def drawn(seed: int, drawings: int, pan_px: float) -> Footage:
    """A painted ground, and on it two figures that walk by seven pixels from drawing to drawing."""
    film = take(seed, drawings, pan_px=pan_px)
    colours = np.random.default_rng(seed).integers(20, 235, (2, 3))
    for k in range(drawings):
        for figure, colour in enumerate(colours):
            x = (30 + 70 * figure + 7 * k * (1 - 2 * figure)) % (SIZE[0] - 24)
            film[k, 40:88, x : x + 24] = colour
            film[k, 24:40, x + 4 : x + 20] = 255 - colour
    return film


def held(film: Footage, frames: int) -> Footage:
    return np.repeat(film, frames, axis=0)


@pytest.mark.parametrize("pan_px", CAMERAS_PX)
@pytest.mark.parametrize("hold", HOLDS)
def test_a_change_of_drawing_is_no_cut(tmp_path: Path, models: Models, hold: int, pan_px: float) -> None:
    film = held(drawn(70, 45, pan_px), hold)

    assert boundaries(written(tmp_path / "film.mp4", film), models) == []


@pytest.mark.parametrize("pan_px", CAMERAS_PX)
@pytest.mark.parametrize("hold", HOLDS)
def test_cuts_are_found_where_a_new_place_is_drawn(
    tmp_path: Path, models: Models, hold: int, pan_px: float
) -> None:
    film, cuts = edited(*(held(drawn(seed, n, pan_px), hold) for seed, n in ((71, 14), (72, 17), (73, 13))))

    assert boundaries(written(tmp_path / "film.mp4", film), models) == [(cut, "cut") for cut in cuts]


def test_film_whose_every_fourth_frame_is_shown_twice_keeps_its_cuts(tmp_path: Path, models: Models) -> None:
    """24 frames a second that were made 30: the pattern is in the pictures, not in the timestamps."""
    whole, cuts = edited(take(74, 40, pan_px=1.5), take(75, 44, pan_px=1.5), take(76, 36, pan_px=1.5))
    shown = np.repeat(np.arange(len(whole)), [2 if k % 4 == 3 else 1 for k in range(len(whole))])

    found = boundaries(written(tmp_path / "film.mp4", whole[shown]), models)

    assert found == [(int(np.searchsorted(shown, cut)), "cut") for cut in cuts]
