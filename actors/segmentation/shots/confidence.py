"""How sure a candidate is: for each kind of transition one logistic model with, and one without the network.

The weights were fitted to candidates of generated edits (transitions of every kind, and what is easily taken
for one: flashes, whip pans, zooms, titles, changes of light, passing objects; in dark, flat, noisy and grey
films too), of composed programmes and of hand-labelled films, which counted ten times, in the way of
`tests.benchmarks.fit`. Without the network they decide alone where they leave little doubt (`shots.gate`).
Knows feature rows in the order of `shots.features`; does not know frames.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import numpy.typing as npt

from actors.segmentation.shots.features import CUT_FEATURES, FADE_FEATURES, GRADUAL_FEATURES

Floats = npt.NDArray[np.float32]
Bools = npt.NDArray[np.bool_]

_CUT = {
    "cut": 0.82,
    "many": -0.36,
    "jump": -0.53,
    "share": 1.11,
    "calm": 0.64,
    "peak": 1.38,
    "colours": 0.29,
    "stays": 3.20,
    "alike": -2.64,
    "relit": -1.98,
    "bias": 3.99,
}
_DISSOLVE = {
    "cut": 1.01,
    "many": -0.22,
    "many_mean": 0.60,
    "frames": 2.08,
    "change": -2.46,
    "colours": 2.40,
    "relit": 4.89,
    "alike": -1.51,
    "mix": -13.74,
    "step": -1.11,
    "edge": 10.55,
    "reach": -0.23,
    "spread": -0.99,
    "flips": -0.70,
    "drift": -0.24,
    "bias": -3.79,
}
_WIPE = {
    "cut": -0.39,
    "many": -0.12,
    "many_mean": -0.04,
    "frames": 1.46,
    "change": -2.80,
    "colours": 1.15,
    "relit": 4.67,
    "alike": -0.41,
    "mix": 14.61,
    "step": -10.20,
    "edge": -14.07,
    "reach": 8.18,
    "spread": -2.55,
    "flips": -0.12,
    "drift": 3.97,
    "bias": -11.06,
}
_FADE = {
    "many": 0.95,
    "out": 1.43,
    "in": 0.74,
    "error": -3.21,
    "alike": 0.17,
    "rise": -0.48,
    "bias": 1.85,
}


_CUT_UNSEEN = {
    "jump": 0.05,
    "share": 1.35,
    "calm": 0.71,
    "peak": 1.78,
    "colours": 0.56,
    "stays": 3.68,
    "alike": -2.67,
    "relit": -1.34,
    "bias": 0.02,
}
_DISSOLVE_UNSEEN = {
    "frames": 1.75,
    "change": -1.88,
    "colours": 2.46,
    "relit": 5.76,
    "alike": -1.99,
    "mix": -18.44,
    "step": -5.55,
    "edge": 25.91,
    "reach": 4.33,
    "spread": -0.94,
    "flips": -0.62,
    "drift": 1.10,
    "bias": -14.06,
}
_WIPE_UNSEEN = {
    "frames": 1.30,
    "change": -2.39,
    "colours": 0.72,
    "relit": 3.76,
    "alike": 0.20,
    "mix": 22.61,
    "step": -17.87,
    "edge": -18.29,
    "reach": 8.69,
    "spread": -2.41,
    "flips": 0.18,
    "drift": 2.51,
    "bias": -7.38,
}
_FADE_UNSEEN = {
    "out": 2.59,
    "in": 1.86,
    "error": -7.76,
    "alike": -0.04,
    "rise": 0.42,
    "bias": -1.45,
}


def cut_probability(features: Floats, seen: Bools) -> Floats:
    """That the candidate is a cut. `seen`: the network looked at it."""
    return _probability(features, seen, CUT_FEATURES, _CUT, _CUT_UNSEEN)


def dissolve_probability(features: Floats, seen: Bools) -> Floats:
    """That the window is a dissolve (or a fade)."""
    return _probability(features, seen, GRADUAL_FEATURES, _DISSOLVE, _DISSOLVE_UNSEEN)


def wipe_probability(features: Floats, seen: Bools) -> Floats:
    """That the window is a wipe or an iris."""
    return _probability(features, seen, GRADUAL_FEATURES, _WIPE, _WIPE_UNSEEN)


def fade_probability(features: Floats, seen: Bools) -> Floats:
    """That the ramps are a fade."""
    return _probability(features, seen, FADE_FEATURES, _FADE, _FADE_UNSEEN)


def _probability(
    features: Floats,
    seen: Bools,
    names: tuple[str, ...],
    with_network: Mapping[str, float],
    without: Mapping[str, float],
) -> Floats:
    rows = features.astype(np.float64)
    score = np.where(seen, _score(rows, names, with_network), _score(rows, names, without))
    out: Floats = (1.0 / (1.0 + np.exp(-np.clip(score, -30, 30)))).astype(np.float32)
    return out


def _score(
    rows: npt.NDArray[np.float64], names: tuple[str, ...], weights: Mapping[str, float]
) -> npt.NDArray[np.float64]:
    vector = np.array([weights.get(name, 0.0) for name in names], np.float64)
    out: npt.NDArray[np.float64] = rows @ vector + weights["bias"]
    return out
