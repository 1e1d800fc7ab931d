"""Cuts within one take on pictures with known truth: time left out, framing punched in, against other places.

First what is measured, then what the packaged model makes of it.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pytest
from scipy.ndimage import zoom

from actors.segmentation.picture.measures import thumbs
from actors.segmentation.shots.same_take import GROUND_MEASURES, ground_measures
from tests.support.detection import as_small, edited, found_in
from tests.support.tracks import Pictures, place


def measured(old: Pictures, new: Pictures) -> dict[str, float]:
    """Of the cut from one shot to another."""
    small = thumbs(as_small(np.concatenate([old, new])))
    at = np.array([len(old)])
    (row,) = ground_measures(small, np.ones(len(small), np.float32), at - 1, at)
    return dict(zip(GROUND_MEASURES, row.tolist(), strict=True))


def handled(seed: int, frames: int, middle: float) -> Pictures:
    """A hand that moves to and fro before a still ground."""
    film = np.repeat(place(seed, 1), frames, axis=0)
    rows, columns = np.mgrid[:27, :48]
    for k, picture in enumerate(film):
        x = 24 + middle * np.sin(0.3 * k + middle)
        picture[(np.abs(columns - x) < 6) & (np.abs(rows - 13) < 6)] = (210, 160, 140)
    return film


def punched_in(pictures: Pictures, share: float) -> Pictures:
    """The middle of each picture, magnified."""
    rows, columns = (round(share * length) for length in pictures.shape[1:3])
    top, left = (27 - rows) // 2, (48 - columns) // 2
    part = pictures[:, top : top + rows, left : left + columns]
    return np.asarray(zoom(part, (1, 27 / rows, 48 / columns, 1), order=1), np.float32)


def soft(seed: int, frames: int = 30) -> Pictures:
    """A place of large forms, of which a magnified part can be told."""
    coarse = np.random.default_rng(seed).uniform(20, 235, (4, 6, 3))
    picture = zoom(coarse, (27 / 4, 8, 1), order=1)
    return np.repeat(picture[None], frames, axis=0).astype(np.float32)


@pytest.mark.parametrize("seed", range(1, 6))
def test_what_stays_behind_a_hand_is_measured(seed: int) -> None:
    same = measured(handled(seed, 30, 15), handled(seed, 30, -9))
    other = measured(handled(seed, 30, 15), handled(seed + 50, 30, -9))

    assert same["still_cells"] > 0.5 > other["still_cells"]
    assert same["nearest_cells"] < other["nearest_cells"]
    assert same["ground_alike"] > other["ground_alike"]
    assert same["best_alike"] > other["best_alike"]


@pytest.mark.parametrize("share", [0.6, 0.75, 0.9])
@pytest.mark.parametrize("seed", range(1, 6))
def test_a_punched_in_framing_is_the_same_place_magnified(share: float, seed: int) -> None:
    wide, near = soft(seed), punched_in(soft(seed), share)

    for old, new in ((wide, near), (near, wide)):
        assert measured(old, new)["magnified_alike"] > measured(old, soft(seed + 50))["magnified_alike"]
    assert measured(wide, near)["magnified_alike"] > measured(wide, near)["ground_alike"]


def test_no_cut_gives_no_row() -> None:
    nothing: npt.NDArray[np.int64] = np.zeros(0, np.int64)
    small = thumbs(as_small(place(1, 5)))

    assert ground_measures(small, np.ones(5, np.float32), nothing, nothing).shape == (0, len(GROUND_MEASURES))


def kinds_in(pictures: Pictures) -> dict[int, str]:
    return {one.frame: one.kind for one in found_in(pictures)}


def test_time_left_out_before_a_still_ground_is_a_jump() -> None:
    """Some are missed, where the hand comes back to about the same place; those found are called jumps."""
    found = []
    for seed in range(1, 6):
        for left_out in (12, 18, 24):
            film = np.repeat(place(seed, 1), 120 + left_out, axis=0)
            rows, columns = np.mgrid[:27, :48]
            for k, picture in enumerate(film):
                x = 4 + abs((0.8 * k) % 80 - 40)  # to and fro
                picture[(np.abs(columns - x) < 6) & (np.abs(rows - 13) < 6)] = (210, 160, 140)
            found.append(kinds_in(np.concatenate([film[:60], film[60 + left_out :]])).get(60))

    told = [kind for kind in found if kind is not None]
    assert len(told) >= 10  # of 15
    assert told.count("jump") >= 0.8 * len(told)


@pytest.mark.parametrize("seed", range(1, 6))
def test_another_place_is_a_plain_cut(seed: int) -> None:
    pictures, cuts = edited([40, 35, 50, 30, 45], seed)

    assert kinds_in(pictures) == dict.fromkeys(cuts, "cut")
