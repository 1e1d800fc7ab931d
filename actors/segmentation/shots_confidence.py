"""How sure a candidate is: one logistic model for each kind of transition.

The weights were fitted to candidates of generated edits (transitions of every kind, and what is easily taken
for one: flashes, whip pans, zooms, titles, changes of light, passing objects), of composed programmes and of
hand-labelled films, and checked on those that were left out. A probability is a share: of boundaries given
0.9, about nine in ten are right.
Knows feature rows in the order of `shots_features`; does not know frames.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import numpy.typing as npt

from actors.segmentation.shots_features import CUT_FEATURES, FADE_FEATURES, GRADUAL_FEATURES

Floats = npt.NDArray[np.float32]

_CUT = {
    "cut": 0.43,
    "many": 0.01,
    "jump": 0.65,
    "share": 1.01,
    "calm": 0.26,
    "peak": 1.04,
    "colours": 0.18,
    "stays": 3.07,
    "alike": -1.51,
    "relit": 1.18,
    "bias": -4.03,
}
_DISSOLVE = {
    "cut": 0.16,
    "many": 0.16,
    "many_mean": 0.61,
    "frames": 1.10,
    "change": -0.11,
    "colours": 0.36,
    "relit": 0.45,
    "alike": -0.98,
    "mix": -8.69,
    "step": 0.52,
    "edge": 6.18,
    "reach": -0.29,
    "spread": 0.14,
    "flips": 0.17,
    "drift": 0.20,
    "bias": -3.73,
}
_WIPE = {
    "cut": -0.00,
    "many": -0.07,
    "many_mean": 0.35,
    "frames": 0.52,
    "change": -0.05,
    "colours": 0.52,
    "relit": 1.18,
    "alike": -0.51,
    "mix": 6.55,
    "step": -1.55,
    "edge": -13.33,
    "reach": 1.77,
    "spread": -3.54,
    "flips": 0.30,
    "drift": 0.97,
    "bias": -3.73,
}
_FADE = {
    "many": 0.30,
    "out": 0.12,
    "in": -0.09,
    "error": -4.36,
    "alike": -0.58,
    "rise": 0.04,
    "bias": 1.86,
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
