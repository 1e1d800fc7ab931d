"""What the sound says at cuts: as much as it goes with the picture in the video at hand."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given
from hypothesis import strategies as st

from actors.segmentation.fusion.sound_at_cuts import SAYS, sound_at_cuts
from actors.segmentation.fusion.weights import FusionWeights

Floats = npt.NDArray[np.float64]
WEIGHTS = FusionWeights.packaged()

CHANGES, RUNS_ON = 2.4, -0.5
"""Evidence of the sound, usually, where it changes and where it does not."""


def film(rng: np.random.Generator, cuts: int, at_scenes: float, elsewhere: float) -> tuple[Floats, Floats]:
    """Evidence of the sound and log odds of the picture, which is right as often as it says; the sound
    changes at these shares of cuts with a scene and of others."""
    picture = rng.normal(-2.0, 1.5, cuts)
    scene = rng.random(cuts) < 1 / (1 + np.exp(-picture))
    changes = rng.random(cuts) < np.where(scene, at_scenes, elsewhere)
    return np.where(changes, CHANGES, RUNS_ON) + rng.normal(0, 0.7, cuts), picture


def say(heard: Floats, picture: Floats) -> tuple[float, float]:
    """What the sound says where it changes and where it runs on: means."""
    said = sound_at_cuts(heard, picture, WEIGHTS)
    middle = (CHANGES + RUNS_ON) / 2
    return float(said[heard > middle].mean()), float(said[heard < middle].mean())


@pytest.mark.parametrize("seed", range(5))
def test_sound_that_changes_with_the_scenes_is_believed(seed: int) -> None:
    change, run = say(*film(np.random.default_rng(seed), 200, 0.85, 0.06))

    assert change > 1.2
    assert run < -0.3


@pytest.mark.parametrize("share", [0.1, 0.3, 0.6])
@pytest.mark.parametrize("seed", range(5))
def test_sound_that_changes_anywhere_says_next_to_nothing(seed: int, share: float) -> None:
    change, run = say(*film(np.random.default_rng(seed), 600, share, share))

    assert 0 <= change < 0.5
    assert -0.15 < run <= 0


def test_in_a_video_of_few_cuts_it_says_a_little() -> None:
    change, run = say(np.array([RUNS_ON, CHANGES, RUNS_ON]), np.array([-3.0, -1.0, -3.0]))

    assert 0.3 < change < 1.2
    assert -0.4 < run < 0


@pytest.mark.parametrize("heard", [-2.5, 0.0, 4.0])
def test_sound_that_is_the_same_at_all_cuts_says_hardly_anything(heard: float) -> None:
    said = sound_at_cuts(np.full(40, heard), np.linspace(-4, 2, 40), WEIGHTS)

    assert np.abs(said).max() < 0.25


def test_without_cuts_nothing_is_said() -> None:
    assert len(sound_at_cuts(np.zeros(0), np.zeros(0), WEIGHTS)) == 0


@given(st.lists(st.tuples(st.floats(-200, 200), st.floats(-200, 200)), min_size=1, max_size=60))
def test_it_is_bounded_and_a_greater_change_never_says_less(cuts: list[tuple[float, float]]) -> None:
    heard, picture = np.array(cuts).T
    said = sound_at_cuts(heard, picture, WEIGHTS)

    assert (said >= SAYS[0]).all()
    assert (said <= SAYS[1]).all()
    assert (np.diff(said[np.argsort(heard)]) >= -1e-9).all()
