"""Pushes, covers, uncovers and long dissolves on pictures with known truth, each in many variations."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.ndimage import gaussian_filter

from actors.segmentation.luma import luma_of
from actors.segmentation.picture.measures import thumbs
from actors.segmentation.shots.candidates import moving_windows
from actors.segmentation.shots.fit import Fits, fit
from actors.segmentation.shots.inside import dips
from actors.segmentation.shots.moves import moved
from actors.segmentation.shots.transitions import Transition
from tests.support.detection import as_small, found_in
from tests.support.tracks import Pictures, place

WAYS = ("push", "cover", "uncover")
HELD = 60
"""Frames of a shot on either side."""


def scene(seed: int, frames: int, drift: float = 0.05) -> Pictures:
    """A place whose shapes are larger than a few pixels, as those of real pictures are."""
    out: Pictures = gaussian_filter(place(seed, frames, drift=drift), (0, 1.6, 1.6, 0))
    return np.clip(128 + 1.6 * (out - 128), 0, 255)


def moved_in(old: Pictures, new: Pictures, way: str, axis: int, backwards: bool, eased: bool) -> Pictures:
    """Mixed frames from `old` (n, 27, 48, 3) to `new`, whose edge goes along an axis (1 down, 2 across)."""
    out = old.copy()
    n, size = len(old), old.shape[axis]
    for k in range(n):
        share = (k + 1) / (n + 1)
        share = share * share * (3 - 2 * share) if eased else share
        edge = round(size * share)
        a, b = (np.moveaxis(x[k], axis - 1, 0) for x in (old, new))
        if backwards:
            a, b = a[::-1], b[::-1]
        before = a[edge:] if way in ("push", "uncover") else a[: size - edge]
        after = b[:edge] if way in ("push", "cover") else b[size - edge :]
        both = np.concatenate([before, after])
        out[k] = np.moveaxis(both[::-1] if backwards else both, 0, axis - 1)
    return out


def film(old: Pictures, new: Pictures, mixed: Pictures) -> Pictures:
    n = len(mixed)
    return np.concatenate([old[:HELD], mixed, new[n : n + HELD]])


def only(found: list[Transition], first: int, last: int) -> Transition:
    """The one transition found, whose middle must lie in first..last."""
    (one,) = found
    assert first <= one.frame <= last + 1
    return one


@pytest.mark.parametrize(("frames", "least"), [(6, 9), (10, 22), (16, 19), (25, 23)])
def test_pictures_that_move_in_are_wipes(frames: int, least: int) -> None:
    """Pushes, covers and uncovers in four directions, even and eased, 24 of each length. Six frames are often
    told as a cut."""
    old, new = scene(3 * frames, HELD + frames), scene(3 * frames + 1, HELD + frames)
    right = 0
    for way in WAYS:
        for axis, backwards in ((2, False), (2, True), (1, False), (1, True)):
            for eased in (False, True):
                mixed = moved_in(old[HELD:], new[:frames], way, axis, backwards, eased)
                found = found_in(film(old, new, mixed))
                there = [one for one in found if HELD <= one.frame <= HELD + frames]
                right += len(found) == len(there) == 1 and there[0].kind == "wipe"

    assert right >= least


@pytest.mark.parametrize("frames", [50, 75, 100, 150, 200])
@pytest.mark.parametrize("drift", [0.0, 0.015, 0.03])
@pytest.mark.parametrize("seed", [1, 2, 3])
def test_a_slow_dissolve_is_one_transition(frames: int, drift: float, seed: int) -> None:
    old, new = (scene(10 * seed + k, HELD + frames, drift=drift) for k in (0, 1))
    share = ((np.arange(frames) + 1) / (frames + 1))[:, None, None, None]
    mixed = (1 - share) * old[HELD:] + share * new[:frames]

    one = only(found_in(film(old, new, mixed)), HELD, HELD + frames - 1)

    assert one.kind == "dissolve"


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize(("axis", "backwards"), [(2, False), (2, True), (1, False), (1, True)])
def test_the_edge_of_a_picture_that_moves_in_goes_one_way(way: str, axis: int, backwards: bool) -> None:
    old, new = scene(1, HELD + 12), scene(2, HELD + 12)
    pictures = film(old, new, moved_in(old[HELD:], new[:12], way, axis, backwards, False))
    y = luma_of(thumbs(as_small(pictures)))

    error, order = moved(y, np.array([HELD, 20]), np.array([HELD + 11, 31]))

    assert error[0] < 0.13 < error[1]
    assert order[0] > 0.95


def test_a_push_is_proposed_with_its_clean_frames() -> None:
    motion, nothing = np.full(120, 1.0, np.float32), np.zeros(0, np.int64)
    motion[61:74] = 30.0  # the steps to frames 61..73: frames 61..72 are mixed
    scale = np.ones(120, np.float32)

    assert [60, 73] in moving_windows(motion, scale, nothing).tolist()
    assert moving_windows(motion, scale, np.array([67])).tolist() == []
    assert moving_windows(np.full(120, 30.0, np.float32), scale, nothing).tolist() == []


def test_contrast_is_lost_in_a_mix_though_both_pictures_move() -> None:
    old, new = scene(3, 100, drift=0.4), scene(4, 100, drift=0.4)
    share = np.linspace(0, 1, 100)[:, None, None, None]
    mixed = luma_of(thumbs(as_small((1 - share) * old + share * new)))
    plain = luma_of(thumbs(as_small(old)))
    at = np.array([0]), np.array([99])

    assert min(dips(mixed, *at)[0][0], dips(mixed, *at)[1][0]) > 0.15
    assert max(abs(float(one[0])) for one in dips(plain, *at)) < 0.15


def drift_of(pictures: Pictures, old: int, new: int) -> float:
    """Drift of the one window between these clean frames."""
    small = thumbs(as_small(pictures))
    y = luma_of(small)
    whole = np.ones(len(y), np.float32)
    fits: Fits = fit(small, y, np.zeros((0, 2), np.int64), whole, np.array([[old, new]]))
    return float(fits.drift[0])


def test_a_shot_of_which_one_picture_is_there_is_not_taken_to_stand_still() -> None:
    """A camera that moves on: its film begins, or ends, at an end of the window."""
    moving = scene(5, 100, drift=0.4)
    within = drift_of(moving, 40, 60)

    assert drift_of(moving[40:], 0, 20) > 0.8 * within
    assert drift_of(moving[:61], 40, 60) > 0.8 * within
    assert drift_of(moving[40:61], 0, 20) == 0.0  # nothing of either shot is there


def test_drift_is_the_mean_of_two_sides_of_which_one_stands_still() -> None:
    still, moving = scene(6, 60, drift=0.0), scene(7, 60, drift=0.4)
    share = drift_of(np.concatenate([still, moving]), 50, 70) / drift_of(moving, 20, 40)

    assert 0.25 < share < 0.75
