"""Cuts on pictures with known truth: short shots, mixed frames, interruptions, slides, time left out.

Through the same block analysis as in a video, with a network that sees nothing: what is found here is found
by the small pictures alone. Each difficulty is tried in many variations.
"""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest

from actors.segmentation.shots.cuts import (
    CUT_MEASURES,
    SmallPictures,
    cut_measures,
    proposed,
    seen_by_network,
)
from actors.segmentation.tracks import STEP_MEASURES
from tests.support.detection import as_small, cuts_in, edited, found_in
from tests.support.tracks import place


@pytest.mark.parametrize("length", [3, 4, 5, 8])
@pytest.mark.parametrize("seed", range(1, 6))
def test_shots_of_few_frames_are_found(length: int, seed: int) -> None:
    pictures, cuts = edited([40, *[length] * 6, 40], seed)

    assert cuts_in(pictures) == cuts


@pytest.mark.parametrize("fps", [0.2, 1.0, 2.0])
@pytest.mark.parametrize("seed", range(1, 8))
def test_every_shot_of_one_frame_is_found_at_low_rates(fps: float, seed: int) -> None:
    pictures, cuts = edited([1] * 10, seed)

    assert cuts_in(pictures, fps) == cuts


@pytest.mark.parametrize("share", [0.3, 0.5, 0.7, None])
@pytest.mark.parametrize("seed", range(1, 6))
def test_a_cut_with_one_mixed_frame_is_found_once(share: float | None, seed: int) -> None:
    pictures, cuts = edited([40, 35, 50, 30, 45], seed)
    for cut in cuts:
        old, new = pictures[cut - 1].copy(), pictures[cut].copy()
        if share is None:  # every other row of either shot: in a small picture a mix of both
            share = 0.5
        pictures[cut] = (1 - share) * old + share * new

    found = cuts_in(pictures)

    assert len(found) == len(cuts)
    assert all(0 <= at - cut <= 1 for at, cut in zip(found, cuts, strict=True))


@pytest.mark.parametrize("fps", [0.5, 2.0])
@pytest.mark.parametrize("drift", [0.6, 1.0, 2.0, 3.0, 5.0])
@pytest.mark.parametrize("seed", range(1, 4))
def test_a_slowly_sampled_camera_that_moves_on_is_one_shot(fps: float, drift: float, seed: int) -> None:
    """By up to a tenth of the picture from one frame to the next."""
    assert cuts_in(place(seed, 40, drift=drift), fps) == []


def interrupted(fill: str, length: int, fps: float = 25.0) -> tuple[list[int], list[int]]:
    """Cuts of a film of three shots, each interrupted for some frames, and those found."""
    pictures, cuts = edited([round(3.6 * fps)] * 3, 7 + length, drift=3.75 / fps)
    for start in (0, *cuts):
        held = pictures[start + round(1.8 * fps) :][:length]
        held[:] = {"black": 0, "white": 255, "green": np.array([0, 135, 0]), "inverted": 255 - held}[fill]
    return cuts, cuts_in(pictures, fps)


@pytest.mark.parametrize("fps", [24.0, 60.0])
@pytest.mark.parametrize("length", [1, 2, 3, 4, 5, 6])
@pytest.mark.parametrize("fill", ["black", "white", "green", "inverted"])
def test_an_interruption_of_up_to_six_frames_is_no_cut(fill: str, length: int, fps: float) -> None:
    cuts, found = interrupted(fill, length, fps)

    assert found == cuts


@pytest.mark.parametrize("length", [3, 5, 6])
@pytest.mark.parametrize("seed", range(1, 6))
def test_short_shots_between_two_views_of_one_place_are_found(length: int, seed: int) -> None:
    """The place comes back, its picture does not: it is framed another way."""
    wide = place(seed, 60, drift=0.15)
    close = wide[:, 4:22, 8:40].repeat(2, axis=1).repeat(2, axis=2)[:, :27, :48]
    film = np.concatenate([wide[:50], place(seed + 50, length, drift=0.15), close[10:60]])

    assert cuts_in(film) == [50, 50 + length]


@pytest.mark.parametrize("length", [2, 4, 6])
@pytest.mark.parametrize("seed", range(1, 6))
def test_an_interruption_under_a_fast_camera_is_no_cut(length: int, seed: int) -> None:
    """No picture comes back, but no more changes than anywhere in the shot."""
    film = place(seed, 90, drift=1.0)
    film[45 : 45 + length] = place(seed + 50, 1)

    assert cuts_in(film) == []


@pytest.mark.parametrize("length", [2, 4, 6])
@pytest.mark.parametrize("seed", range(1, 6))
def test_a_short_shot_beside_a_fast_one_is_found(length: int, seed: int) -> None:
    """The motion of one neighbour explains no change to another place."""
    calm, fast = place(seed, 50, drift=0.05), place(seed + 90, 50, drift=1.0)
    for before, after in ((calm, fast), (fast, calm)):
        film = np.concatenate([before, place(seed + 50, length), after])

        assert cuts_in(film) == [50, 50 + length]


def test_a_montage_that_comes_back_to_its_first_picture_is_kept() -> None:
    a, b, c = place(1, 1), place(2, 4), place(3, 4)

    assert cuts_in(np.concatenate([a.repeat(40, 0), b, c, a.repeat(40, 0)])) == [40, 44, 48]


@pytest.mark.parametrize("fps", [0.2, 1.0, 2.0])
@pytest.mark.parametrize("seed", range(1, 8))
def test_each_of_a_row_of_photographs_that_are_bright_in_the_middle_is_a_shot(fps: float, seed: int) -> None:
    """They are a little alike, and now and then one is nearly a mix of its neighbours."""
    across, down = np.meshgrid(np.linspace(-1, 1, 48), np.linspace(-1, 1, 27))
    light = 50 * np.exp(-2 * (across**2 + down**2))[..., None]
    row = np.concatenate([np.clip(0.8 * place(9 * seed + k, 1) + light, 0, 255) for k in range(9)])

    assert cuts_in(row, fps) == list(range(1, 9))


def test_slides_that_fade_into_each_other_change_once() -> None:
    """At two frames a second, with one mixed frame between two."""
    slides = [place(seed, 1) for seed in range(1, 6)]
    film = [slides[0].repeat(6, 0)]
    for old, new in pairwise(slides):
        film += [0.7 * old + 0.3 * new, new.repeat(6, 0)]

    assert len(cuts_in(np.concatenate(film), 2.0)) == 4


def test_slides_between_which_it_grows_dark_have_no_sure_cut_to_black() -> None:
    a, b = place(1, 12), place(2, 12)
    fade = [a[:1] * share for share in (0.6, 0.3, 0.1, 0.0, 0.0)] + [
        b[:1] * share for share in (0.1, 0.3, 0.6)
    ]

    assert all(one.confidence < 0.7 for one in found_in(np.concatenate([a, *fade, b]), 1.0))


def test_at_one_frame_a_second_a_slide_may_be_shown_twice() -> None:
    slides = [np.repeat(place(seed, 1), 20, axis=0) for seed in (1, 2, 1)]
    slides[1] = slides[1][:3]

    assert cuts_in(np.concatenate(slides), 1.0) == [20, 23]


def test_time_left_out_of_a_take_is_a_cut() -> None:
    """A hand moves over a still ground; the ground stays, the hand is elsewhere. Missed where it comes back
    to about the same place."""
    right = 0
    for seed in range(1, 6):
        for frames in (10, 15, 20, 25):
            film = np.repeat(place(seed, 1), 120 + frames, axis=0)
            rows, columns = np.mgrid[:27, :48]
            for k, picture in enumerate(film):
                x = 4 + abs((0.8 * k) % 80 - 40)  # to and fro
                picture[(np.abs(columns - x) < 6) & (np.abs(rows - 13) < 6)] = (210, 160, 140)
            right += cuts_in(np.concatenate([film[:60], film[60 + frames :]])) == [60]

    assert right >= 16  # of 20


@pytest.mark.parametrize("dark", [False, True])
@pytest.mark.parametrize("seed", range(1, 11))
def test_slides_of_one_template_are_told_apart(dark: bool, seed: int) -> None:
    """Lines of another length on the same ground: a small picture changes by two to four of 255."""
    rng = np.random.default_rng(seed)
    ground, ink = (25.0, 190.0) if dark else (250.0, 110.0)
    slides = []
    for _ in range(6):
        slide = np.full((27, 48, 3), ground, np.float32)
        for row in range(4, 24, 3):
            slide[row, 4 : 4 + int(rng.integers(6, 40))] = ink
        slides.append(np.repeat(slide[None], 30, axis=0))

    assert cuts_in(np.concatenate(slides)) == [30 * k for k in range(1, 6)]


def test_nothing_is_proposed_where_nothing_changes() -> None:
    pictures = SmallPictures.of(as_small(place(1, 80, drift=0.0)))

    assert proposed(pictures).tolist() == []
    assert cut_measures(pictures, np.zeros(0, np.int64)).shape == (0, len(CUT_MEASURES))


def test_what_the_network_saw_is_measured_too() -> None:
    pictures = SmallPictures.of(as_small(place(1, 80, drift=0.3)))
    cut = np.zeros(80, np.float32)
    cut[40] = 0.6

    (frame,) = seen_by_network(cut, pictures)

    assert abs(int(frame) - 41) <= 1


def test_measures_have_the_width_of_the_track_and_are_finite() -> None:
    pictures = SmallPictures.of(as_small(edited([3, 2, 1, 30], 1)[0]))
    frames = np.arange(1, len(pictures))

    measured = cut_measures(pictures, frames)

    assert len(CUT_MEASURES) == STEP_MEASURES == measured.shape[1]
    assert np.isfinite(measured).all()
    assert (measured[:, 0] > 0).all()


def test_measures_depend_on_frames_near_by_alone() -> None:
    small = as_small(edited([60, 60, 60, 60], 2)[0])
    whole, part = SmallPictures.of(small), SmallPictures.of(small[70:230])
    frames = proposed(part)
    inner = frames[(frames > 40) & (frames < 120)]

    assert len(inner)
    np.testing.assert_array_equal(cut_measures(part, inner), cut_measures(whole, inner + 70))


def test_shots_tile_the_film() -> None:
    pictures, cuts = edited([25, 12, 3, 40, 6, 50], 4)
    bounds = [0, *cuts_in(pictures), len(pictures)]

    assert all(a < b for a, b in pairwise(bounds))
    assert set(cuts) <= set(bounds)
