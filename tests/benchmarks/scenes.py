"""`python -m tests.benchmarks.scenes FOLDER`: scenes among shots of which only features are known.

FOLDER holds films as `scene_features` reads them. The library's own grouping runs with the weights that it
ships: the picture alone, as many scenes as it finds. For each film: `ap`, average precision of the
probability at each shot but the first; `f1` at the exact shot; `f1_within_1`, one shot beside counts, too;
how many were `found`, how many are `true`. On films that the weights were fitted to, it is in sample.
Exit codes: 0 measured, 2 the folder cannot be used.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from statistics import fmean

import numpy as np
import numpy.typing as npt

from actors.segmentation import FusionSettings
from actors.segmentation.fusion.levels import CueWeights
from actors.segmentation.fusion.scenes.boundaries import Scenes, find_scenes
from actors.segmentation.fusion.scenes.measures import MEASURES, scene_measures
from actors.segmentation.fusion.scenes.odds import SceneWeights
from actors.segmentation.fusion.weights import FusionWeights
from tests.benchmarks.fit.logistic import average_precision
from tests.benchmarks.scene_features import FeaturesError, SceneFeatures, read_folder

Floats = npt.NDArray[np.float64]
LogOdds = Callable[[SceneFeatures], Floats]
"""Of a scene that begins with each shot (n,)."""

PICTURE = FusionSettings(audio_weight=0.0)
STEPS = (0.0, 0.02, 0.05, 0.1, 0.2, 0.3, 0.5, 0.7, 1.0)
"""Edges of the probabilities of the curve: narrow where most are."""


@dataclass(frozen=True)
class Score:
    """Of one film. ap, f1, f1_within_1: 0..1. found, true: numbers of boundaries."""

    ap: float
    f1: float
    f1_within_1: float
    found: int
    true: int


@dataclass(frozen=True)
class Bin:
    """Boundaries whose probability lies between two steps. said: their mean probability; right: the share at
    which a scene begins."""

    boundaries: int
    said: float
    right: float


@dataclass(frozen=True)
class Measured:
    """A folder. scores: by film. means: by collection; `nearest`: average precision of the best match over
    four shots on either side alone, as a baseline. curve: whether probabilities are right."""

    scores: Mapping[str, Score]
    means: Mapping[str, Mapping[str, float]]
    curve: Sequence[Bin]


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure and print a table."""
    parser = argparse.ArgumentParser(prog="scenes", description=__doc__)
    parser.add_argument("folder", type=Path, help="films as NAME.npz")
    parser.add_argument("--json", type=Path, help="where to write the figures")
    asked = parser.parse_args(arguments)
    try:
        films = read_folder(asked.folder)
    except FeaturesError as error:
        print(error, file=sys.stderr)
        return 2
    found = measured(films)
    if asked.json:
        told = {"files": {name: asdict(score) for name, score in found.scores.items()}}
        asked.json.write_text(json.dumps(told, indent=1) + "\n", encoding="utf-8")
    print("\n".join(as_table(found)))
    return 0


def measured(films: Sequence[SceneFeatures]) -> Measured:
    """With the weights that ship."""
    weights = SceneWeights.packaged()
    scores = {film.name: scored(film, packaged(film, weights)) for film in films}
    means = by_collection(films, scores)
    for name, mean in means.items():
        mean["nearest"] = round(fmean(_nearest(f) for f in films if f.collection == name), 4)
    return Measured(scores, means, calibration(films, lambda film: packaged(film, weights)))


def _nearest(film: SceneFeatures) -> float:
    column = scene_measures(film.alike, film.lengths_s)[:, MEASURES.index("best_4")]
    return average_precision(film.starts[1:], -column[1:])


def packaged(film: SceneFeatures, weights: SceneWeights) -> Floats:
    """What the library's weights say."""
    return weights.log_odds(film.alike, film.lengths_s)


def grouped(film: SceneFeatures, log_odds: Floats, usual: float) -> Scenes:
    """The library's scenes from the picture's log odds at each shot."""
    cues, silent = CueWeights.of(PICTURE.audio_weight), np.zeros(len(film))
    fusion = FusionWeights.packaged()
    return find_scenes(
        film.bounds_s, log_odds - usual, silent, usual, None, PICTURE, cues, fusion, count=None
    )


def scored(film: SceneFeatures, log_odds: Floats) -> Score:
    """Against what people marked."""
    scenes = grouped(film, log_odds, SceneWeights.packaged().usual)
    found = np.array(scenes.groups.starts, np.int64)
    true = np.flatnonzero(film.starts)
    exact = len(np.intersect1d(found, true))
    return Score(
        ap=round(average_precision(film.starts[1:], scenes.probability[1:]), 4),
        f1=_f1(exact, len(found), len(true)),
        f1_within_1=_f1(_within_one(found.tolist(), true.tolist()), len(found), len(true)),
        found=len(found),
        true=len(true),
    )


def _f1(right: int, found: int, true: int) -> float:
    return round(2 * right / (found + true), 4) if found + true else 1.0


def _within_one(found: Sequence[int], true: Sequence[int]) -> int:
    """How many pairs can be made of boundaries at most one shot apart, each used once."""
    left, right = list(found), 0
    for wanted in true:
        near = [one for one in left if abs(one - wanted) <= 1]
        if near:
            left.remove(min(near))
            right += 1
    return right


def by_collection(films: Sequence[SceneFeatures], scores: Mapping[str, Score]) -> dict[str, dict[str, float]]:
    """Collection -> mean ap, f1, f1_within_1 of its films."""
    collections = dict.fromkeys(film.collection for film in films)
    return {
        one: {
            what: round(fmean(getattr(scores[f.name], what) for f in films if f.collection == one), 4)
            for what in ("ap", "f1", "f1_within_1")
        }
        for one in collections
    }


def calibration(films: Sequence[SceneFeatures], log_odds: LogOdds) -> list[Bin]:
    """Whether the probabilities are right, bin by bin; empty bins are left out."""
    said = np.concatenate([1 / (1 + np.exp(-log_odds(film)[1:])) for film in films])
    right = np.concatenate([film.starts[1:] for film in films])
    number = np.digitize(said, STEPS[1:-1])
    return [
        Bin(int(mine.sum()), round(float(said[mine].mean()), 3), round(float(right[mine].mean()), 3))
        for mine in (number == k for k in range(len(STEPS) - 1))
        if mine.any()
    ]


def as_table(found: Measured) -> list[str]:
    """Lines of Markdown: films, means of collections, and the curve of the probabilities."""
    lines = ["| film | AP | F1 | F1 within 1 | found | true | AP, nearest |", "|---|---|---|---|---|---|---|"]
    lines += [
        f"| {name} | {s.ap:.3f} | {s.f1:.3f} | {s.f1_within_1:.3f} | {s.found} | {s.true} | |"
        for name, s in found.scores.items()
    ]
    lines += [
        f"| mean of {name} | {m['ap']:.3f} | {m['f1']:.3f} | {m['f1_within_1']:.3f} | | | "
        f"{m['nearest']:.3f} |"
        for name, m in found.means.items()
    ]
    lines += ["", "| probability | share right | shots |", "|---|---|---|"]
    lines += [f"| {one.said:.3f} | {one.right:.3f} | {one.boundaries} |" for one in found.curve]
    return lines


if __name__ == "__main__":
    sys.exit(main())
