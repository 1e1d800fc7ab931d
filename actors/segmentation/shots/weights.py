"""The weights of the models that judge candidates, as `weights.json` beside this module has them.

For each kind of transition there are two models (logistic ones for fades, trees for the others): one without
the network's features, and one that weighs its log odds with all features where the network looked. One more
tells jump cuts from other cuts; it needs no network. Knows the names of the features; does not know how they
are measured, nor how the weights are fitted (`tests.benchmarks.fit`).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path

from actors.segmentation import weights_file
from actors.segmentation.shots.features import (
    CUT_FEATURES,
    FADE_FEATURES,
    GRADUAL_FEATURES,
    JUMP_FEATURES,
)
from actors.segmentation.shots.trees import Trees

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
NETWORK_FEATURES = frozenset({"cut", "many", "many_mean", "cut_beside"})
"""Features that say what the network saw; the models `unseen` do without them."""
BLIND = "blind"
"""Log odds by the model `unseen`, which a model `seen` weighs beside the features: few candidates are in
doubt, so few are looked at, and models of these alone would forget what the others teach."""

OF_TREES = frozenset({"cut", "dissolve", "wipe"})
"""Kinds that trees judge: whether a change is one depends on several measures at once. Of fades there are too
few."""

Model = Mapping[str, float]
"""Log odds by feature name, and BIAS."""


@dataclass(frozen=True, slots=True)
class ShotWeights:
    """Models by kind of transition. unseen: without the network; seen: where it looked. offset: log odds that
    are added to what either says, because the best of many windows that overlap is taken. jump: of a cut, log
    odds that both sides are one take."""

    seen: Mapping[str, Model | Trees]
    unseen: Mapping[str, Model | Trees]
    jump: Trees
    offset: Mapping[str, float] = field(default_factory=lambda: dict.fromkeys(FEATURES, 0.0))

    @classmethod
    def of(cls, values: object) -> ShotWeights:
        """From `values` of the file. WeightsError when models, features or numbers are not those wanted."""
        found = weights_file.parts(values, ("seen", "unseen", "jump", "offset"), "shots")
        seen, unseen = (models_of(found[view], view) for view in ("seen", "unseen"))
        offset = weights_file.numbers(found["offset"], tuple(FEATURES), "shots, offset")
        return cls(seen, unseen, jump_model_of(found["jump"]), offset)

    @classmethod
    @lru_cache(maxsize=1)
    def packaged(cls) -> ShotWeights:
        """Those that come with the code. WeightsError when the file does not fit it."""
        return cls.of(weights_file.read_values(FILE))


def names_of(kind: str, view: str) -> tuple[str, ...]:
    """What a model weighs, in the order of its columns, without the bias. view: "seen" or "unseen"."""
    if view == "seen":
        return *FEATURES[kind], BLIND
    return tuple(name for name in FEATURES[kind] if name not in NETWORK_FEATURES)


def models_of(values: object, view: str) -> dict[str, Model | Trees]:
    """The models of one view, "seen" or "unseen". WeightsError as `ShotWeights.of`."""
    models = weights_file.parts(values, FEATURES, f"shots, {view}")
    return {kind: model_of(models[kind], kind, view) for kind in FEATURES}


def model_of(values: object, kind: str, view: str) -> Model | Trees:
    """One of them. WeightsError as `ShotWeights.of`."""
    names, where = names_of(kind, view), f"shots, {view}, {kind}"
    if kind in OF_TREES:
        return Trees.of(values, len(names), where)
    return weights_file.numbers(values, (*names, BIAS), where)


def jump_model_of(values: object) -> Trees:
    """The model that tells jump cuts from other cuts. WeightsError as `ShotWeights.of`."""
    return Trees.of(values, len(JUMP_FEATURES), "shots, jump")
