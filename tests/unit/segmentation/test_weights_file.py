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
from actors.segmentation.shots.weights import BIAS, FEATURES, ShotWeights, names_of
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
    values["unseen"]["wipe"]["cut"] = 1.0  # the network's, which these do without

    with pytest.raises(WeightsError, match=r"shots, unseen, wipe: missing nothing, unknown cut"):
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


def test_what_the_file_says_is_what_candidates_are_judged_by(tmp_path: Path) -> None:
    flat = {kind: dict.fromkeys((*names_of(kind, "unseen"), BIAS), 0.0) for kind in FEATURES}
    seen = {kind: dict.fromkeys((*names_of(kind, "seen"), BIAS), 0.0) for kind in FEATURES}
    seen["cut"]["jump"], flat["cut"][BIAS] = 2.0, -1.0
    path = tmp_path / "weights.json"
    path.write_text(json.dumps({"values": {"seen": seen, "unseen": flat}, "provenance": {}}))
    rows = np.zeros((2, len(FEATURES["cut"])), np.float32)
    rows[:, FEATURES["cut"].index("jump")] = 0.5

    found = probability("cut", rows, np.array([True, False]), ShotWeights.of(read_values(path)))

    assert found == pytest.approx([1 / (1 + np.exp(-1.0)), 1 / (1 + np.exp(1.0))])
