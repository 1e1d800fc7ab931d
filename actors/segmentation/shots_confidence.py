"""How sure a candidate is: one logistic model for each kind of transition.

The weights were fitted to candidates of generated edits (transitions of every kind, and what is easily taken
for one: flashes, whip pans, zooms, titles, changes of light, passing objects), of composed programmes and of
hand-labelled films, and checked on those that were left out. A probability is therefore a share: of
boundaries given 0.9, about nine in ten are right.
Knows feature rows in the order of `shots_features`; does not know frames.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import numpy.typing as npt

from actors.segmentation.shots_features import CUT_FEATURES, FADE_FEATURES, GRADUAL_FEATURES

Floats = npt.NDArray[np.float32]

_CUT = {
    "cut": 0.39,
    "many": 0.01,
    "jump": 0.56,
    "share": 1.09,
    "calm": 0.30,
    "peak": 1.08,
    "colours": 0.09,
    "stays": 2.88,
    "alike": -1.43,
    "relit": 1.08,
    "bias": -3.42,
}
_DISSOLVE = {
    "cut": 0.12,
    "many": 0.08,
    "many_mean": 0.69,
    "frames": 1.00,
    "change": -0.07,
    "colours": 0.48,
    "relit": 0.49,
    "alike": -0.90,
    "mix": -7.38,
    "step": -0.17,
    "edge": 6.81,
    "reach": -0.40,
    "spread": 0.84,
    "flips": 0.16,
    "drift": 0.16,
    "bias": -4.58,
}
_WIPE = {
    "cut": -0.05,
    "many": -0.16,
    "many_mean": 0.38,
    "frames": 0.40,
    "change": 0.04,
    "colours": 0.42,
    "relit": 1.09,
    "alike": -0.84,
    "mix": 5.59,
    "step": -1.21,
    "edge": -10.40,
    "reach": 2.97,
    "spread": -4.01,
    "flips": 0.32,
    "drift": 1.14,
    "bias": -4.77,
}
_FADE = {
    "many": 0.17,
    "out": 0.45,
    "in": 0.56,
    "error": -5.36,
    "alike": -0.45,
    "rise": 0.30,
    "bias": 0.49,
}


def cut_probability(features: Floats) -> Floats:
    """That the candidate is a cut."""
    return _probability(features, CUT_FEATURES, _CUT)


def dissolve_probability(features: Floats) -> Floats:
    """That the window is a dissolve (or a fade)."""
    return _probability(features, GRADUAL_FEATURES, _DISSOLVE)


def wipe_probability(features: Floats) -> Floats:
    """That the window is a wipe or an iris."""
    return _probability(features, GRADUAL_FEATURES, _WIPE)


def fade_probability(features: Floats) -> Floats:
    """That the ramps are a fade."""
    return _probability(features, FADE_FEATURES, _FADE)


def _probability(features: Floats, names: tuple[str, ...], weights: Mapping[str, float]) -> Floats:
    vector = np.array([weights[name] for name in names], np.float64)
    score = features.astype(np.float64) @ vector + weights["bias"]
    out: Floats = (1.0 / (1.0 + np.exp(-np.clip(score, -30, 30)))).astype(np.float32)
    return out
