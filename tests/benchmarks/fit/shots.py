"""Fits the models of transitions (`shots/weights.json`): logistic regression on candidates of labelled films.

First, without the network, on all candidates: these models say what the network is asked about. Then, with
it, on the candidates that it is asked about. Films are the groups of the cross-validation. Knows films,
tracks and tables; does not know where films come from.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from actors.segmentation.shots.weights import FEATURES, ShotWeights, names_of
from actors.segmentation.tracks import FrameTrack
from tests.benchmarks.fit.candidates import blind, cut_table, gradual_tables
from tests.benchmarks.fit.logistic import (
    Table,
    Weights,
    average_precision,
    cross_validated,
    fitted,
    fold_of,
    log_loss,
)
from tests.benchmarks.fit.material import Entry
from tests.benchmarks.fit.recipe import FITTED, Recipe
from tests.benchmarks.fit.tracks import Shelf, gated
from tests.benchmarks.fit.whole import Outcome, figures, outcome
from tests.benchmarks.scoring import Labels

METHOD = (
    "Logistic regression with a quadratic penalty on the weights of features scaled to unit deviation, one "
    "model a kind; first without the network's features on all candidates (unseen), then with them on the "
    "candidates that the models without would ask the network about (seen). Each film's candidates count as "
    "often as `counted` says. Rounded to two decimals."
)
NOTES = (
    "Cross-validated: five fits, each measured on films that it was not fitted to; but the generated films "
    "share their footage with the hand-labelled and with each other, so this is kinder than new films are.",
    "Held out: footage that is in no fitted film. No number and no part of the recipe was chosen by it.",
    "Figures are of transitions found in tracks of the whole film, the network asked where the fitted models "
    "are in doubt; the benchmark runs the command and may differ in the last place.",
)
FOLDS = 5
Values = dict[str, dict[str, Weights]]


class TooFewError(ValueError):
    """The films have too few examples of a kind of transition to fit a model of it."""


@dataclass(frozen=True)
class Tracked:
    """A film with its track, in which the network looked everywhere."""

    entry: Entry
    frames: FrameTrack

    @property
    def title(self) -> str:
        """Of the film."""
        return self.entry.film.title

    @property
    def labels(self) -> Labels:
        """For as many frames as the track has."""
        return self.entry.film.labels_for(len(self.frames))


def tracked(entries: Sequence[Entry], shelf: Shelf, say: Callable[[str], None]) -> list[Tracked]:
    """All films with their tracks. ValueError for a film with other frames than its labels have."""
    found = []
    for entry in entries:
        one = Tracked(entry, shelf.looked_everywhere(entry.film.path))
        if len(one.frames) != one.labels["frames"]:
            raise ValueError(
                f"{one.title} has {len(one.frames)} frames, its labels {one.labels['frames']}: other labels?"
            )
        found.append(one)
        say(f"{one.title}: {len(one.frames)} frames")
    return found


def fit(
    recipe: Recipe, entries: Sequence[Entry], shelf: Shelf, say: Callable[[str], None]
) -> tuple[dict[str, Any], dict[str, Any]]:
    """Values of the file, and the figures they reached."""
    films = tracked(entries, shelf, say)
    mine = [film for film in films if film.entry.role == FITTED]
    models: dict[str, Any] = {}
    values = fit_values(mine, recipe.penalty, models)
    for name, worth in models.items():
        say(f"{name}: {worth}")
    weights = ShotWeights.of(values)
    told: dict[str, Any] = {"models, cross-validated": models}
    told |= _by_role(films, [_outcome(film, weights) for film in films])
    folds = fold_of([film.title for film in mine], FOLDS)
    left_out: list[tuple[Tracked, Outcome]] = []
    for fold in range(FOLDS):
        say(f"cross-validation, fold {fold + 1} of {FOLDS}")
        rest = [film for film in mine if folds[film.title] != fold]
        if len(rest) == len(mine):
            continue
        others = ShotWeights.of(fit_values(rest, recipe.penalty))
        left_out += [(film, _outcome(film, others)) for film in mine if folds[film.title] == fold]
    told["cross-validated"] = _by_group([film for film, _ in left_out], [one for _, one in left_out])
    return {view: dict(kinds) for view, kinds in values.items()}, told


def measure(
    entries: Sequence[Entry], shelf: Shelf, values: Mapping[str, Any], say: Callable[[str], None]
) -> dict[str, Any]:
    """Figures of values as the file has them."""
    films, weights = tracked(entries, shelf, say), ShotWeights.of(values)
    return _by_role(films, [_outcome(film, weights) for film in films])


def fit_values(films: Sequence[Tracked], penalty: float, told: dict[str, Any] | None = None) -> Values:
    """All eight models. `told`: gets a line on each. TooFewError when one cannot be fitted."""
    unseen = _models("unseen", [replace(film, frames=blind(film.frames)) for film in films], penalty, told)
    asking = ShotWeights(unseen, unseen)  # no candidate was seen yet
    asked = [replace(film, frames=gated(film.frames, film.labels, asking)) for film in films]
    return {"seen": _models("seen", asked, penalty, told), "unseen": unseen}


def _models(
    view: str, films: Sequence[Tracked], penalty: float, told: dict[str, Any] | None
) -> dict[str, Weights]:
    seen = view == "seen"
    cuts = [_counted(cut_table(f.frames, f.labels, f.title, seen), f) for f in films]
    found = {"cut": _model("cut", view, cuts, penalty, told)}
    tables = [gradual_tables(f.frames, f.labels, f.title, seen, found["cut"]) for f in films]
    for kind in FEATURES:
        if kind != "cut":
            parts = [_counted(of[kind], f) for of, f in zip(tables, films, strict=True)]
            found[kind] = _model(kind, view, parts, penalty, told)
    return found


def _model(
    kind: str, view: str, tables: Sequence[Table], penalty: float, told: dict[str, Any] | None
) -> Weights:
    table = Table.join(tables)
    wanted = names_of(kind, view)
    columns = [table.names.index(name) for name in wanted]
    table = replace(table, names=wanted, rows=table.rows[:, columns])
    found = fitted(table, penalty)
    if found is None:
        right = int(table.right.sum())
        raise TooFewError(f"{kind}, {view}: {right} right of {len(table)} candidates are too few to fit.")
    if told is not None:
        probability = cross_validated(table, penalty)
        there = ~np.isnan(probability)
        told[f"{view} {kind}"] = {
            "candidates": len(table),
            "right": int(table.right.sum()),
            "bits": round(log_loss(table.right[there], probability[there]), 3),
            "average_precision": round(average_precision(table.right[there], probability[there]), 3),
        }
    return found


def _counted(table: Table, film: Tracked) -> Table:
    return replace(table, counted=table.counted * film.entry.counted)


def _outcome(film: Tracked, weights: ShotWeights) -> Outcome:
    return outcome(film.title, film.frames, film.labels, True, weights)


def _by_role(films: Sequence[Tracked], outcomes: Sequence[Outcome]) -> dict[str, Any]:
    names = {FITTED: "in sample"}
    roles = dict.fromkeys(film.entry.role for film in films)
    return {
        names.get(role, role): _by_group(
            [film for film in films if film.entry.role == role],
            [one for film, one in zip(films, outcomes, strict=True) if film.entry.role == role],
        )
        for role in roles
    }


def _by_group(films: Sequence[Tracked], outcomes: Sequence[Outcome]) -> Mapping[str, Any]:
    groups = dict.fromkeys(film.entry.film.group for film in films)
    return {
        group: figures(
            [one for film, one in zip(films, outcomes, strict=True) if film.entry.film.group == group]
        )
        for group in groups
    }
