"""Luma in whole numbers."""

from __future__ import annotations

import numpy as np

from actors.segmentation.luma import WEIGHTS_256, WEIGHTS_1000, luma_of


def test_both_scales_weigh_white_as_one() -> None:
    assert sum(WEIGHTS_1000) == 1000
    assert sum(WEIGHTS_256) == 256


def test_luma_is_the_weighted_mean_of_the_colours_to_the_nearest() -> None:
    rng = np.random.default_rng(1)
    pictures = rng.integers(0, 256, (5000, 2, 3, 3), np.uint8)  # more than are converted at once
    pictures[0] = 255

    luma = luma_of(pictures)

    exact = pictures @ np.array(WEIGHTS_1000) / 1000
    assert luma.dtype == np.uint8
    assert luma.shape == (5000, 2, 3)
    assert (luma[0] == 255).all()
    assert np.abs(luma - exact).max() < 1.0  # half for rounding, the rest for weights in 256ths
