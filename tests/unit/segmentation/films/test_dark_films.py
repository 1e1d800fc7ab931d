"""Films with a tenth or a fifth of the usual contrast: cuts are found, noise of the sensor is none."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from actors.segmentation import Models
from tests.support.scenery import Footage, as_footage, boundaries, edited, take, written

CONTRASTS = (0.1, 0.15, 0.2)
BLACK_LEVEL = 8
NOISES = (0.0, 4.0)
"""Deviation of the noise, of 255; at a contrast of a tenth it is as strong as the picture."""
FINE = {"preset": "ultrafast", "crf": "16"}
"""A coarser encoder would leave little of such pictures."""


def darkened(film: Footage, contrast: float, noise: float) -> Footage:
    """As a sensor sees it at night: grey noise, another one in every frame."""
    grains = np.random.default_rng(len(film)).normal(0, noise, film.shape[:3]) if noise else 0.0
    return as_footage(film * contrast + BLACK_LEVEL + np.asarray(grains)[..., None])


@pytest.mark.parametrize("noise", NOISES)
@pytest.mark.parametrize("contrast", CONTRASTS)
def test_cuts_in_the_dark_are_found(tmp_path: Path, models: Models, contrast: float, noise: float) -> None:
    film, cuts = edited(take(80, 45), take(81, 60), take(82, 50))
    path = written(tmp_path / "night.mp4", darkened(film, contrast, noise), options=FINE)

    assert boundaries(path, models) == [(cut, "cut") for cut in cuts]


@pytest.mark.parametrize("noise", NOISES)
@pytest.mark.parametrize("contrast", [0.0, *CONTRASTS])
def test_noise_in_the_dark_is_no_cut(tmp_path: Path, models: Models, contrast: float, noise: float) -> None:
    path = written(tmp_path / "night.mp4", darkened(take(83, 140), contrast, noise), options=FINE)

    assert boundaries(path, models) == []
