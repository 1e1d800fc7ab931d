"""The probability that a candidate is a transition of a kind, by the models of `shots.weights`.

First without the network: these models decide alone where they leave little doubt (`shots.gate`). Where the
network looked, a second model weighs the first one's log odds with the network's features. Knows feature rows
in the order of `shots.features`; does not know frames.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from actors.segmentation.shots.trees import Trees
from actors.segmentation.shots.weights import BIAS, FEATURES, Model, ShotWeights, names_of

Floats = npt.NDArray[np.float32]
Rows = npt.NDArray[np.float64]
Bools = npt.NDArray[np.bool_]

SCORE_MAX = 30.0
"""Log odds beyond which a probability is 0 or 1 in float32 anyway; keeps `exp` from overflowing."""


def probability(kind: str, features: Floats, seen: Bools, weights: ShotWeights) -> Floats:
    """float32 (c,), 0..1: that each row is a transition of this kind.

    kind: cut, dissolve (a fade is one, too), wipe (or iris), fade. features: float32 (c, features of the
    kind). seen: bool (c,), the network looked at the candidate.
    """
    score = blind_log_odds(kind, features, weights.unseen[kind])
    rows = with_blind(features[seen], score[seen])
    score[seen] = log_odds(rows, names_of(kind, "seen"), weights.seen[kind])
    score += weights.offset[kind]
    out: Floats = (1.0 / (1.0 + np.exp(-np.clip(score, -SCORE_MAX, SCORE_MAX)))).astype(np.float32)
    return out


def blind_log_odds(kind: str, features: Floats | Rows, model: Model | Trees) -> Rows:
    """float64 (c,), within +-SCORE_MAX: by a model without the network. features: as of `probability`."""
    names = names_of(kind, "unseen")
    columns = [FEATURES[kind].index(name) for name in names]
    return np.clip(log_odds(features[:, columns], names, model), -SCORE_MAX, SCORE_MAX)


def with_blind(features: Floats | Rows, blind: Rows) -> Rows:
    """float64 (c, features + 1): the rows that a model with the network weighs."""
    return np.column_stack([features, blind]).astype(np.float64)


def log_odds(rows: Floats | Rows, names: tuple[str, ...], model: Model | Trees) -> Rows:
    """float64 (c,) of rows (c, names)."""
    if isinstance(model, Trees):
        return model.score(rows.astype(np.float32))
    vector = np.array([model[name] for name in names], np.float64)
    out: Rows = rows.astype(np.float64) @ vector + model[BIAS]
    return out
