"""Files of numbers kept as data: what the library takes, and how it says what it does not take."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from actors.segmentation.fusion import weights as fusion_weights
from actors.segmentation.fusion.weights import FusionWeights
from actors.segmentation.shots import weights as shot_weights
from actors.segmentation.shots.confidence import probability
from actors.segmentation.shots.features import JUMP_FEATURES
from actors.segmentation.shots.trees import Trees
from actors.segmentation.shots.weights import BIAS, BLIND, FEATURES, OF_TREES, ShotWeights, names_of
from actors.segmentation.sound import weights as sound_weights
from actors.segmentation.sound.weights import SoundWeights
from actors.segmentation.weights_file import WeightsError, numbers, read_values

SETS = {
    "shots": (shot_weights.FILE, ShotWeights),
    "sound": (sound_weights.FILE, SoundWeights),
    "fusion": (fusion_weights.FILE, FusionWeights),
}


def values_of(name: str) -> dict[str, Any]:
    return read_values(SETS[name][0])


@pytest.mark.parametrize("name", SETS)
def test_the_packaged_file_is_taken(name: str) -> None:
    cls = SETS[name][1]

    assert cls.packaged() == cls.of(values_of(name))


@pytest.mark.parametrize("name", SETS)
def test_a_number_too_many_or_too_few_is_told_by_name(name: str) -> None:
    cls, values = SETS[name][1], values_of(name)
    first = next(iter(values))

    with pytest.raises(WeightsError, match=rf"missing {first}, unknown nothing"):
        cls.of({key: value for key, value in values.items() if key != first})
    with pytest.raises(WeightsError, match="missing nothing, unknown another"):
        cls.of({**values, "another": 1.0})


def test_a_model_of_other_features_is_told_by_its_place() -> None:
    values = values_of("shots")
    values["unseen"]["fade"]["many"] = 1.0  # the network's, which these do without

    with pytest.raises(WeightsError, match=r"shots, unseen, fade: missing nothing, unknown many"):
        ShotWeights.of(values)


def test_trees_without_the_network_have_no_column_of_it() -> None:
    values = values_of("shots")
    beyond = len(names_of("wipe", "unseen"))
    values["unseen"]["wipe"]["trees"] = [[[beyond, 0.5, 1, 2, 0], [-1, 0, 0, 0, 1], [-1, 0, 0, 0, 1]]]

    with pytest.raises(WeightsError, match="shots, unseen, wipe: a tree has a node"):
        ShotWeights.of(values)


@pytest.mark.parametrize("wrong", [float("nan"), float("inf"), "1", None, True])
def test_only_finite_numbers_are_weights(wrong: object) -> None:
    with pytest.raises(WeightsError, match="here: b must be a finite number"):
        numbers({"a": 1, "b": wrong}, ("a", "b"), "here")


@pytest.mark.parametrize("text", ["", "{", "[]", "{}", '{"values": 3}'])
def test_a_file_without_values_is_refused(text: str, tmp_path: Path) -> None:
    path = tmp_path / "weights.json"
    path.write_text(text)

    with pytest.raises(WeightsError, match=str(path)):
        read_values(path)


def test_a_missing_file_says_how_to_make_it(tmp_path: Path) -> None:
    with pytest.raises(WeightsError, match=r"tests/benchmarks/fit/README\.md"):
        read_values(tmp_path / "weights.json")


def odds(log_odds: float) -> float:
    return 1 / (1 + float(np.exp(-log_odds)))


@pytest.mark.parametrize(
    "trees",
    [
        [[]],
        [[[0, 0.5, 1, 2, 0]]],
        [[[0, 0.5, 0, 2, 0], [-1, 0, 0, 0, 1], [-1, 0, 0, 0, 1]]],
        [[[99, 0.5, 1, 2, 0], [-1, 0, 0, 0, 1], [-1, 0, 0, 0, 1]]],
        [[[-1, 0, 0, 0, float("nan")]]],
        [[[-1, 0, 0, 0]]],
        [["leaf"]],
    ],
    ids=["empty", "no leaves", "backwards", "no such column", "not finite", "short", "no numbers"],
)
def test_a_tree_that_leads_nowhere_is_refused(trees: object) -> None:
    with pytest.raises(WeightsError, match="here: a tree"):
        Trees.of({"base": 0.0, "trees": trees}, 3, "here")


def test_what_the_file_says_is_what_candidates_are_judged_by(tmp_path: Path) -> None:
    views: dict[str, dict[str, Any]] = {
        view: {
            kind: {"base": 0.0, "trees": []}
            if kind in OF_TREES
            else dict.fromkeys((*names_of(kind, view), BIAS), 0.0)
            for kind in FEATURES
        }
        for view in ("seen", "unseen")
    }
    jump = FEATURES["cut"].index("jump")
    high = [[jump, 0.4, 1, 2, 0], [-1, 0, 0, 0, -3.0], [-1, 0, 0, 0, 1.0]]
    views["seen"]["cut"] = {"base": 0.0, "trees": [high]}
    views["unseen"]["cut"] = {"base": -1.0, "trees": []}
    views["seen"]["fade"]["rise"] = 2.0
    soft = [[JUMP_FEATURES.index("ground_alike"), 1.0, 1, 2, 0], [-1, 0, 0, 0, -2.0], [-1, 0, 0, 0, 0.5]]
    views["jump"] = {"base": 0.25, "trees": [soft]}
    views["offset"] = dict.fromkeys(FEATURES, 0.0) | {"wipe": -0.5}
    blind = names_of("wipe", "seen").index(BLIND)
    views["unseen"]["wipe"]["base"] = 2.5
    views["seen"]["wipe"]["trees"] = [[[blind, 2.0, 1, 2, 0], [-1, 0, 0, 0, -3.0], [-1, 0, 0, 0, 1.5]]]
    path = tmp_path / "weights.json"
    path.write_text(json.dumps({"values": views, "provenance": {}}))
    rows = np.zeros((2, len(FEATURES["cut"])), np.float32)
    rows[:, jump] = 0.5
    fades = np.zeros((2, len(FEATURES["fade"])), np.float32)
    fades[:, FEATURES["fade"].index("rise")] = 0.5
    weights, seen = ShotWeights.of(read_values(path)), np.array([True, False])

    assert probability("cut", rows, seen, weights) == pytest.approx([odds(1.0), odds(-1.0)])
    assert probability("fade", fades, seen, weights) == pytest.approx([odds(1.0), odds(0.0)])
    wipes = np.zeros((2, len(FEATURES["wipe"])), np.float32)
    assert probability("wipe", wipes, seen, weights) == pytest.approx([odds(1.0), odds(2.0)])
    grounds = np.zeros((2, len(JUMP_FEATURES)), np.float32)
    grounds[1, JUMP_FEATURES.index("ground_alike")] = 2.0
    assert weights.jump.score(grounds) == pytest.approx([-1.75, 0.75])


def test_a_model_of_jump_cuts_with_other_columns_is_told() -> None:
    values = values_of("shots")
    beyond = len(JUMP_FEATURES)
    values["jump"]["trees"] = [[[beyond, 0.5, 1, 2, 0], [-1, 0, 0, 0, 1], [-1, 0, 0, 0, 1]]]

    with pytest.raises(WeightsError, match="shots, jump: a tree has a node"):
        ShotWeights.of(values)
