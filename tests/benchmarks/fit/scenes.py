"""Fits what the picture says of scenes (`fusion/scenes/odds.json`) to films whose scenes people marked.

Programmes of the generator are added, of which the library's own shots are judged, so that what is plain in
broadcasts stays plain. Both models are fitted to the same rows, one a shot but the first. Films count by the
square root of their number of shots: a long film says more than a short one, but its shots are not
independent of each other. Figures: each film by models that saw nothing of its collection, and nothing of
itself; and the pictures of other programmes. Knows features and labels; does not know sound.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, replace
from typing import Any

import numpy as np

from actors.segmentation import FusionSettings
from actors.segmentation.fusion.alike import find_alike
from actors.segmentation.fusion.fuse import fuse_measured
from actors.segmentation.fusion.locations import places
from actors.segmentation.fusion.scenes.measures import MEASURES, scene_measures
from actors.segmentation.fusion.scenes.odds import SceneWeights
from actors.segmentation.fusion.weights import FusionWeights
from tests.benchmarks import scenes
from tests.benchmarks.fit import logistic
from tests.benchmarks.fit.fusion import Fusible, fusible
from tests.benchmarks.fit.logistic import Table
from tests.benchmarks.fit.material import Entry
from tests.benchmarks.fit.recipe import CROSS_VALIDATED, FITTED, IN_SAMPLE, Recipe
from tests.benchmarks.fit.tracks import Shelf
from tests.benchmarks.fit.trees import MEASURES_TRIED, Boosting
from tests.benchmarks.scene_features import SceneFeatures
from tests.benchmarks.scoring import match, scene_zones, score_scenes

TREES = Boosting(trees=80, leaves=8, rate=0.05, least=30, draws=4)
"""For thousands of shots, a tenth of which begin a scene: chosen among a few by leaving collections out."""
TREES_PENALTY = 50.0
"""Quadratic penalty on the log odds of leaves, likewise. The recipe's penalty is that of the logistic
model."""
PROGRAMMES_COUNTED = 0.2
"""How often a generated programme counts, where a film that people marked counts once: they are plain, and
all of one kind. Less would cost scenes of programmes, more those of films; chosen with an eye on films of
collections that were left out."""
METHOD = (
    "Mean of the log odds of two models of the same rows. Logistic regression with a quadratic penalty on "
    "the weights of measures scaled to unit deviation, rounded to two decimals. Gradient boosting, "
    f"{MEASURES_TRIED} of the measures tried at each division, penalty {TREES_PENALTY:g} on leaves' log odds "
    f"(scikit-learn's HistGradientBoostingClassifier): {TREES}. A film's rows count by one over the square "
    f"root of their number, those of programmes {PROGRAMMES_COUNTED:g} times that."
)
NOTES = (
    "Cross-validated: by models that saw nothing of the film's collection, and nothing of the film. The "
    "windows, scales and sizes of the models were chosen by the first of these figures: films that nobody "
    "here has seen may be harder.",
    "Held out: programmes, whose pictures no model and no choice has seen; scenes by the picture alone.",
    "Compared: programmes with footage that the fitted ones have, too.",
)
BY_COLLECTION, BY_FILM = "without the collection", "without the film"


def fit(
    recipe: Recipe, entries: Sequence[Entry], shelf: Shelf, say: Callable[[str], None]
) -> tuple[dict[str, Any], dict[str, Any]]:
    """Values of the file, and the figures they reached."""
    films, more = _films(entries), _of_programmes(entries, shelf)
    values = fitted(films, more, recipe.penalty)
    told: dict[str, Any] = {CROSS_VALIDATED: {}}
    for how, group in ((BY_COLLECTION, "collection"), (BY_FILM, "name")):
        told[CROSS_VALIDATED][how] = _left_out(films, more, recipe.penalty, group)
        say(f"{how}: {told[CROSS_VALIDATED][how]['means']}")
    return values, told | measure(entries, shelf, values, say)


def measure(
    entries: Sequence[Entry], shelf: Shelf, values: Mapping[str, Any], _say: Callable[[str], None]
) -> dict[str, Any]:
    """Figures of values as the file has them."""
    weights = SceneWeights.of(values)
    films = _films(entries)
    programmes = fusible([one for one in entries if one.role != FITTED], shelf)
    return {
        IN_SAMPLE: _figures(films, {film.name: scenes.packaged(film, weights) for film in films}),
        **{
            role: {"scenes by the picture alone": _programmes(programmes, role, weights)}
            for role in dict.fromkeys(one.entry.role for one in programmes)
        },
    }


def fitted(films: Sequence[SceneFeatures], more: Sequence[SceneFeatures], penalty: float) -> dict[str, Any]:
    """Values of a file. more: programmes. ValueError for too few films."""
    table = table_of(films, more)
    slopes = logistic.fitted(table, penalty)
    trees = TREES.fitted(table, TREES_PENALTY)
    if slopes is None or trees is None:
        raise ValueError(f"{int(table.right.sum())} scenes are too few to fit.")
    return {"logistic": slopes, "trees": trees}


def table_of(films: Sequence[SceneFeatures], more: Sequence[SceneFeatures] = ()) -> Table:
    """A row for each shot but the first of each film; counted so that their mean is 1."""
    tables = []
    for film, share in (*((film, 1.0) for film in films), *((film, PROGRAMMES_COUNTED) for film in more)):
        rows = scene_measures(film.alike, film.lengths_s)[1:]
        each = np.full(len(rows), share * max(1, len(rows)) ** -0.5)
        tables.append(Table(MEASURES, rows, film.starts[1:], np.full(len(rows), film.name), each))
    table = Table.join(tables)
    return replace(table, counted=table.counted / table.counted.mean())


def _films(entries: Sequence[Entry]) -> list[SceneFeatures]:
    return [SceneFeatures.read(one.film.path) for one in entries if one.film.path.suffix == ".npz"]


def _of_programmes(entries: Sequence[Entry], shelf: Shelf) -> list[SceneFeatures]:
    """Of the shots that the library finds in the programmes that are fitted to."""
    weights, found = FusionWeights.packaged(), []
    usual = weights.unlike_embedding, weights.same_embedding
    for film in fusible([one for one in entries if one.role == FITTED], shelf):
        timeline = fuse_measured(film.plan, film.measured, FusionSettings(audio_weight=0.0))
        shots = timeline.level("shot")
        frames = [shot.start_frame for shot in shots]
        bounds = np.array([*frames, shots[-1].end_frame], np.int64)
        alike = find_alike(*places(film.measured.frames, film.measured.keyframes, bounds), usual)
        begins, _ = match(scene_zones(film.entry.film.labels), frames[1:])
        starts = np.isin(frames, list(begins.values()))
        times_s = np.array([*(shot.start_s for shot in shots), shots[-1].end_s])
        found.append(SceneFeatures(film.entry.film.title, times_s, alike, starts))
    return found


def _left_out(
    films: Sequence[SceneFeatures], more: Sequence[SceneFeatures], penalty: float, group: str
) -> dict[str, Any]:
    """Figures of films by models that saw nothing of their group, an attribute of films, but `more`."""
    log_odds = {}
    for name in dict.fromkeys(getattr(film, group) for film in films):
        others = [film for film in films if getattr(film, group) != name]
        values = fitted(others, more, penalty)
        weights = SceneWeights.of(values)
        mine = [film for film in films if getattr(film, group) == name]
        log_odds |= {film.name: scenes.packaged(film, weights) for film in mine}
    return _figures(films, log_odds)


def _figures(films: Sequence[SceneFeatures], log_odds: Mapping[str, scenes.Floats]) -> dict[str, Any]:
    scores = {film.name: scenes.scored(film, log_odds[film.name]) for film in films}
    curve = scenes.calibration(films, lambda film: log_odds[film.name])
    return {
        "means": scenes.by_collection(films, scores),
        "films": {name: asdict(score) for name, score in scores.items()},
        "probability said, share right, boundaries": [[one.said, one.right, one.boundaries] for one in curve],
    }


def _programmes(films: Sequence[Fusible], role: str, weights: SceneWeights) -> dict[str, float]:
    """F1 by film."""
    settings = FusionSettings(audio_weight=0.0)
    found = {}
    for film in films:
        if film.entry.role == role:
            timeline = fuse_measured(film.plan, film.measured, settings, scene_weights=weights)
            starts = [scene.start_frame for scene in timeline.level("scene")[1:]]
            found[film.entry.film.title] = round(score_scenes(film.entry.film.labels, starts).f1, 4)
    return found
