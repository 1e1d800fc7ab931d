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
from tests.benchmarks.fit.candidates import cut_table, gradual_tables
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
from tests.benchmarks.fit.recipe import CROSS_VALIDATED, FITTED, IN_SAMPLE, Recipe
from tests.benchmarks.fit.tracks import Shelf
from tests.benchmarks.fit.whole import Outcome, figures, outcome
from tests.benchmarks.scoring import Labels

METHOD = (
    "Logistic regression with a quadratic penalty on the weights of features scaled to unit deviation, one "
    "model a kind; first without the network's features on all candidates (unseen), then with them on the "
    "candidates that the models without would ask the network about (seen). Each film's candidates count as "
    "often as `counted` says. Rounded to two decimals."
)
NOTES = (
    "Cross-validated: each film by a fit that had not seen it; but the generated films "
    "share their footage with the hand-labelled and with each other, so this is kinder than new films are.",
    "Held out: footage that is in no fitted film. No number and no part of the recipe was chosen by it.",
)
Values = dict[str, dict[str, Weights]]


class TooFewError(ValueError):
    """The films have too few examples of a kind of transition to fit a model of it."""


@dataclass(frozen=True)
class Tracked:
    """A film with a track: without the network, or with it where some weights were in doubt."""

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


def fit(
    recipe: Recipe, entries: Sequence[Entry], shelf: Shelf, say: Callable[[str], None]
) -> tuple[dict[str, Any], dict[str, Any]]:
    """Values of the file, and the figures they reached."""
    mine = [entry for entry in entries if entry.role == FITTED]
    models: dict[str, Any] = {}
    values = fit_values(mine, shelf, recipe.penalty, say, models)
    for name, worth in models.items():
        say(f"{name}: {worth}")
    told: dict[str, Any] = {"models, cross-validated": models}
    told |= measure(entries, shelf, values, say)
    folds = fold_of([entry.film.title for entry in mine], recipe.folds)
    left_out: list[tuple[Entry, Outcome]] = []
    for fold in sorted(set(folds.values())):
        say(f"cross-validation, fold {fold + 1} of {recipe.folds}")
        rest = [entry for entry in mine if folds[entry.film.title] != fold]
        others = ShotWeights.of(fit_values(rest, shelf, recipe.penalty, say))
        left_out += [
            (entry, outcome_of(entry, shelf, others)) for entry in mine if folds[entry.film.title] == fold
        ]
    told[CROSS_VALIDATED] = _by_group(left_out)
    return dict(values), told


def measure(
    entries: Sequence[Entry], shelf: Shelf, values: Mapping[str, Any], say: Callable[[str], None]
) -> dict[str, Any]:
    """Figures of values as the file has them."""
    weights = ShotWeights.of(values)
    found = []
    for entry in entries:
        found.append((entry, outcome_of(entry, shelf, weights)))
        say(f"{entry.film.title}: F1 {found[-1][1].score.f1:.4f}")
    roles = dict.fromkeys(entry.role for entry in entries)
    return {
        IN_SAMPLE if role == FITTED else role: _by_group([one for one in found if one[0].role == role])
        for role in roles
    }


def outcome_of(entry: Entry, shelf: Shelf, weights: ShotWeights) -> Outcome:
    """What the weights find in a film."""
    film = _tracked(entry, shelf.asked(entry.film.path, weights))
    return outcome(film.title, film.frames, film.labels, weights)


def fit_values(
    entries: Sequence[Entry],
    shelf: Shelf,
    penalty: float,
    say: Callable[[str], None],
    told: dict[str, Any] | None = None,
) -> Values:
    """All eight models. `told`: gets a line on each. TooFewError when one cannot be fitted."""
    films = [_tracked(entry, shelf.blind(entry.film.path)) for entry in entries]
    say(f"{len(films)} films without the network")
    unseen = _models("unseen", films, penalty, told)
    in_doubt = ShotWeights(unseen, unseen)  # nothing was seen yet
    films = [_tracked(entry, shelf.asked(entry.film.path, in_doubt)) for entry in entries]
    say(f"{len(films)} films with the network where it is asked")
    return {"seen": _models("seen", films, penalty, told), "unseen": unseen}


def _tracked(entry: Entry, frames: FrameTrack) -> Tracked:
    """ValueError for a film with other frames than its labels have."""
    film = Tracked(entry, frames)
    if len(frames) != film.labels["frames"]:
        raise ValueError(f"{film.title} has {len(frames)} frames, its labels have {film.labels['frames']}.")
    return film


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


def _by_group(found: Sequence[tuple[Entry, Outcome]]) -> dict[str, Any]:
    groups = dict.fromkeys(entry.film.group for entry, _ in found)
    return {group: figures([one for entry, one in found if entry.film.group == group]) for group in groups}
