"""The probability that a candidate is a transition of a kind: one logistic model a kind, with or without the
network's features.

The weights are data: `shots.weights`. Without the network the models decide alone where they leave little
doubt (`shots.gate`). Knows feature rows in the order of `shots.features`; does not know frames.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from actors.segmentation.shots.weights import BIAS, FEATURES, Model, ShotWeights

Floats = npt.NDArray[np.float32]
Bools = npt.NDArray[np.bool_]

SCORE_MAX = 30.0
"""Log odds beyond which a probability is 0 or 1 in float32 anyway; keeps `exp` from overflowing."""


def probability(kind: str, features: Floats, seen: Bools, weights: ShotWeights) -> Floats:
    """float32 (c,), 0..1: that each row is a transition of this kind.

    kind: cut, dissolve (a fade is one, too), wipe (or iris), fade. features: float32 (c, features of the
    kind). seen: bool (c,), the network looked at the candidate.
    """
    rows, names = features.astype(np.float64), FEATURES[kind]
    score = np.where(seen, _score(rows, names, weights.seen[kind]), _score(rows, names, weights.unseen[kind]))
    out: Floats = (1.0 / (1.0 + np.exp(-np.clip(score, -SCORE_MAX, SCORE_MAX)))).astype(np.float32)
    return out


def _score(rows: npt.NDArray[np.float64], names: tuple[str, ...], model: Model) -> npt.NDArray[np.float64]:
    vector = np.array([model.get(name, 0.0) for name in names], np.float64)
    out: npt.NDArray[np.float64] = rows @ vector + model[BIAS]
    return out
