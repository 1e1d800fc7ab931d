"""The weights of the models that judge candidates, as `weights.json` beside this module has them.

For each kind of transition there are two logistic models: one for candidates that the network looked at, one
without the network's features for the others. Knows the names of the features; does not know how they are
measured, nor how the weights are fitted (`tests.benchmarks.fit`).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from actors.segmentation import weights_file
from actors.segmentation.shots.features import CUT_FEATURES, FADE_FEATURES, GRADUAL_FEATURES

FILE = Path(__file__).with_name("weights.json")
"""Values and provenance; written by `python -m tests.benchmarks.fit shots`."""

BIAS = "bias"
"""Name of a model's constant term (log odds), beside the names of its features."""
FEATURES = {
    "cut": CUT_FEATURES,
    "dissolve": GRADUAL_FEATURES,
    "wipe": GRADUAL_FEATURES,
    "fade": FADE_FEATURES,
}
"""Columns of the rows that the models of each kind of transition judge."""
NETWORK_FEATURES = frozenset({"cut", "many", "many_mean"})
"""Features that say what the network saw; the models `unseen` do without them."""

Model = Mapping[str, float]
"""Log odds by feature name, and BIAS."""


@dataclass(frozen=True, slots=True)
class ShotWeights:
    """Models by kind of transition. seen: of candidates that the network looked at; unseen: of the others."""

    seen: Mapping[str, Model]
    unseen: Mapping[str, Model]

    @classmethod
    def of(cls, values: object) -> ShotWeights:
        """From `values` of the file. WeightsError when models, features or numbers are not those wanted."""
        views = weights_file.parts(values, ("seen", "unseen"), "shots")
        return cls(*(_models(views[view], view) for view in ("seen", "unseen")))

    @classmethod
    @lru_cache(maxsize=1)
    def packaged(cls) -> ShotWeights:
        """Those that come with the code. WeightsError when the file does not fit it."""
        return cls.of(weights_file.read_values(FILE))


def names_of(kind: str, view: str) -> tuple[str, ...]:
    """What a model weighs, without the bias. view: "seen" or "unseen"."""
    return tuple(name for name in FEATURES[kind] if view == "seen" or name not in NETWORK_FEATURES)


def _models(values: object, view: str) -> dict[str, Model]:
    models = weights_file.parts(values, FEATURES, f"shots, {view}")
    return {
        kind: weights_file.numbers(models[kind], (*names_of(kind, view), BIAS), f"shots, {view}, {kind}")
        for kind in FEATURES
    }
