"""Judges by the picture alone whether a shot begins a scene: calibrated log odds, by weights kept as data.

The mean of a logistic model and of boosted trees: the one goes on where the other has seen nothing like it,
the other knows when two measures contradict. Both were fitted to scenes that people marked in films and
broadcasts (`tests.benchmarks.fit scenes`). Knows measures; does not know sound, nor how many scenes are
wanted.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import numpy as np
import numpy.typing as npt

from actors.segmentation import weights_file
from actors.segmentation.fusion.alike import Alike
from actors.segmentation.fusion.scenes.measures import MEASURES, scene_measures
from actors.segmentation.shots.trees import Trees
from actors.segmentation.shots.weights import BIAS

Floats = npt.NDArray[np.float64]

FILE = Path(__file__).with_name("odds.json")
"""Values and provenance; written by `python -m tests.benchmarks.fit scenes`."""


@dataclass(frozen=True, slots=True)
class SceneWeights:
    """logistic: log odds by measure, and BIAS. trees: of the measures in their order."""

    logistic: Mapping[str, float]
    trees: Trees

    @classmethod
    def of(cls, values: object) -> SceneWeights:
        """From `values` of the file. WeightsError when names or numbers are not those wanted."""
        found = weights_file.parts(values, ("logistic", "trees"), "scenes")
        return cls(
            weights_file.numbers(found["logistic"], (*MEASURES, BIAS), "scenes, logistic"),
            Trees.of(found["trees"], len(MEASURES), "scenes, trees"),
        )

    @classmethod
    @lru_cache(maxsize=1)
    def packaged(cls) -> SceneWeights:
        """Those that come with the code. WeightsError when the file does not fit it."""
        return cls.of(weights_file.read_values(FILE))

    @property
    def usual(self) -> float:
        """Log odds of a scene at a shot of which nothing is known."""
        return self.trees.base

    def log_odds(self, alike: Alike, lengths_s: Floats) -> Floats:
        """float64 (n,): of a scene that begins with each shot; the first one's means nothing.

        lengths_s: of the shots, > 0.
        """
        rows = scene_measures(alike, lengths_s)
        slopes = np.array([self.logistic[name] for name in MEASURES])
        out: Floats = 0.5 * (rows @ slopes + self.logistic[BIAS] + self.trees.score(rows.astype(np.float32)))
        return out
