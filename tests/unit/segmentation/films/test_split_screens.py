"""Several pictures in one: a cut in a small inset is no shot boundary, one of the whole screen is."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from actors.segmentation import Models
from tests.support.scenery import SIZE, Footage, boundaries, edited, take, written

CORNERS = {"top right": (slice(6, 30), slice(112, 152)), "bottom left": (slice(66, 90), slice(8, 48))}
"""Rows and columns of an inset, a sixteenth of the screen: an interpreter, a second camera."""


def beside(left: Footage, right: Footage) -> Footage:
    half = SIZE[0] // 2
    return np.concatenate([left[:, :, :half], right[:, :, half:]], axis=2)


def above(top: Footage, bottom: Footage) -> Footage:
    half = SIZE[1] // 2
    return np.concatenate([top[:, :half], bottom[:, half:]], axis=1)


@pytest.mark.parametrize("corner", CORNERS)
@pytest.mark.parametrize("seed", [90, 93])
def test_a_cut_in_an_inset_is_no_boundary(tmp_path: Path, models: Models, seed: int, corner: str) -> None:
    film, (inset, _) = take(seed, 110), edited(take(seed + 1, 50), take(seed + 2, 60))
    rows, columns = CORNERS[corner]
    film[:, rows, columns] = inset[:, rows, columns]

    assert boundaries(written(tmp_path / "film.mp4", film), models) == []


@pytest.mark.parametrize("split", [beside, above], ids=lambda split: split.__name__)
def test_a_split_screen_in_which_nothing_is_cut_is_one_shot(
    tmp_path: Path, models: Models, split: object
) -> None:
    assert callable(split)
    film = split(take(96, 120, pan_px=0.6), take(97, 120, pan_px=-0.6))

    assert boundaries(written(tmp_path / "film.mp4", film), models) == []


@pytest.mark.parametrize("split", [beside, above], ids=lambda split: split.__name__)
def test_a_cut_in_both_halves_at_once_and_a_change_of_the_layout_are_boundaries(
    tmp_path: Path, models: Models, split: object
) -> None:
    assert callable(split)
    first, second = split(take(100, 40), take(101, 40)), split(take(102, 45), take(103, 45))
    film, cuts = edited(first, second, take(104, 40))

    assert boundaries(written(tmp_path / "film.mp4", film), models) == [(cut, "cut") for cut in cuts]
