"""The bench of scenes among shots of which only features are known."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests.benchmarks import scenes
from tests.benchmarks.scene_features import FeaturesError, SceneFeatures
from tests.support.scene_features import write_features


def test_a_folder_is_measured_film_by_film(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    write_features(tmp_path / "open_1.npz")
    write_features(tmp_path / "open_2.npz", scene_starts=np.array([10, 21, 30], np.int32))

    assert scenes.main([str(tmp_path), "--json", str(tmp_path / "out.json")]) == 0

    told = json.loads((tmp_path / "out.json").read_text(encoding="utf-8"))
    assert told["files"]["open_1"] == {"ap": 1.0, "f1": 1.0, "f1_within_1": 1.0, "found": 3, "true": 3}
    assert told["files"]["open_2"]["f1"] == pytest.approx(2 / 3, abs=1e-4)
    assert told["files"]["open_2"]["f1_within_1"] == 1.0
    assert "| mean of open |" in capsys.readouterr().out


def test_a_folder_without_films_is_told(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert scenes.main([str(tmp_path)]) == 2
    assert "NAME.npz" in capsys.readouterr().err


@pytest.mark.parametrize(
    "changed",
    [
        {"vgg19": None},
        {"hsv": np.zeros((39, 256), np.float16)},
        {"scene_starts": np.array([0, 10])},
        {"scene_starts": np.array([40])},
        {"shots": np.zeros((40, 2), np.int32)},
    ],
)
def test_a_file_that_is_not_as_wanted_is_refused(tmp_path: Path, changed: dict[str, Any]) -> None:
    write_features(tmp_path / "one.npz", **changed)

    with pytest.raises(FeaturesError, match="one"):
        SceneFeatures.read(tmp_path / "one.npz")


def test_bins_tell_whether_probabilities_are_right(tmp_path: Path) -> None:
    write_features(tmp_path / "one.npz")
    film = SceneFeatures.read(tmp_path / "one.npz")
    log_odds = np.where(film.starts, 4.0, -4.0)

    low, high = scenes.calibration([film], lambda _: log_odds)

    assert (low.boundaries, low.said, low.right) == (36, 0.018, 0.0)
    assert (high.boundaries, high.said, high.right) == (3, 0.982, 1.0)
