"""What happens at once inside a shot and is no cut: bars, light, a picture that stands still.

Decided so because the camera shows the same place on, without time left out: who cuts there loses nothing
but gets a shot in two pieces. Each in several variations.
"""

from __future__ import annotations

import numpy as np
import pytest

from tests.support.detection import edited, found_in
from tests.support.tracks import Pictures, place

AT, LENGTH = 70, 150


def frames_of(pictures: Pictures) -> list[int]:
    """Of all transitions found."""
    return [one.frame for one in found_in(pictures)]


def test_bars_that_appear_are_seldom_cuts() -> None:
    """Of 8 and 12 % of the height, above and below, for a while or to the end."""
    right = 0
    for seed in range(1, 6):
        for rows in (2, 3):
            for lasts in (20, LENGTH - AT):
                film = place(seed, LENGTH)
                held = film[AT : AT + lasts]
                held[:, :rows] = held[:, -rows:] = 16
                right += frames_of(film) == []

    assert right >= 13  # of 20


@pytest.mark.parametrize("gain", [0.9, 0.95, 1.05, 1.1])
@pytest.mark.parametrize("seed", range(1, 6))
def test_a_little_more_or_less_light_is_no_cut(gain: float, seed: int) -> None:
    film = place(seed, LENGTH)
    film[AT:] *= gain

    assert frames_of(film) == []


@pytest.mark.parametrize("held", [5, 25, 60])
@pytest.mark.parametrize("drift", [0.1, 0.3])
@pytest.mark.parametrize("seed", range(1, 5))
def test_a_picture_that_stands_still_and_goes_on_is_no_cut(held: int, drift: float, seed: int) -> None:
    film = place(seed, LENGTH, drift=drift)

    assert frames_of(np.concatenate([film[:AT], np.repeat(film[AT : AT + 1], held, axis=0), film[AT:]])) == []


def lit(seed: int, most: float, colour: float, ramp: int) -> Pictures:
    """A shot whose picture goes towards a colour, by at most such a share, and back again."""
    film = place(seed, LENGTH, drift=0.03)
    way = np.linspace(0, most, ramp + 1)[1:]
    share = np.concatenate([way, np.full(4, most), way[::-1]])[:, None, None, None]
    held = film[AT : AT + len(share)]
    held += share * (colour - held)
    return film


@pytest.mark.parametrize("most", [0.65, 0.8])
@pytest.mark.parametrize("colour", [10.0, 245.0])
@pytest.mark.parametrize("ramp", [8, 14, 20])
@pytest.mark.parametrize("seed", range(1, 4))
def test_light_that_comes_and_goes_is_no_fade(most: float, colour: float, ramp: int, seed: int) -> None:
    assert frames_of(lit(seed, most, colour, ramp)) == []


@pytest.mark.parametrize("ramp", [8, 14, 20])
@pytest.mark.parametrize("seed", range(1, 4))
def test_a_fade_to_black_and_back_is_a_transition(ramp: int, seed: int) -> None:
    (found,) = found_in(lit(seed, 1.0, 10.0, ramp))

    assert found.kind == "fade"
    assert AT <= found.frame <= AT + 2 * ramp + 4


@pytest.mark.parametrize("what", ["bars", "light"])
@pytest.mark.parametrize("seed", range(1, 6))
def test_a_cut_elsewhere_in_such_a_film_is_found(what: str, seed: int) -> None:
    film, cuts = edited([LENGTH, 60], seed)
    held = film[AT:LENGTH]
    if what == "bars":
        held[:, :3] = held[:, -3:] = 16
    else:
        held *= 0.9

    assert set(cuts) <= set(frames_of(film))
