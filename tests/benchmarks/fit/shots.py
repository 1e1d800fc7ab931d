"""Fits the models of transitions (`shots/weights.json`) on candidates of labelled films: logistic regression
for fades, trees for the others.

First, without the network, on all candidates: these models say what the network is asked about. Then, with
it, on the candidates that it is asked about. Films are the groups of the cross-validation. Knows films,
tracks and tables; does not know where films come from.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from typing import Any

import numpy as np

from actors.segmentation.shots.confidence import blind_log_odds, with_blind
from actors.segmentation.shots.rate import transitions_at_any_rate
from actors.segmentation.shots.transitions import CUTS
from actors.segmentation.shots.trees import Trees
from actors.segmentation.shots.weights import (
    BIAS,
    BLIND,
    FEATURES,
    FILE,
    NETWORK_FEATURES,
    OF_TREES,
    ShotWeights,
    jump_model_of,
    model_of,
    models_of,
    names_of,
)
from actors.segmentation.tracks import FrameTrack
from actors.segmentation.weights_file import read_values
from tests.benchmarks.fit import logistic, trees
from tests.benchmarks.fit.candidates import cut_table, gradual_tables, jump_table
from tests.benchmarks.fit.folds import Method, cross_validated
from tests.benchmarks.fit.logistic import Table, average_precision, log_loss, offset
from tests.benchmarks.fit.material import Entry
from tests.benchmarks.fit.recipe import CROSS_VALIDATED, FITTED, IN_SAMPLE, Recipe
from tests.benchmarks.fit.tracks import Shelf
from tests.benchmarks.fit.whole import Outcome, figures, outcome
from tests.benchmarks.scoring import Labels, Transitions

METHOD = (
    "First without the network's features on all candidates (unseen). Then with them, and with the log odds "
    "of models without them that had not seen the film, on the candidates that those would ask the network "
    "about (seen). Each film's candidates count as often as `counted` says. Cuts, dissolves, "
    f"wipes: {trees.METHOD} Fades: logistic regression with a quadratic penalty on the weights of features "
    "scaled to unit deviation, rounded to two decimals. Offsets: such that, of transitions found in whole "
    "films by models without the network that had not seen them, as many are right as the confidences say. "
    f"Jump: {trees.SMALL}, on the labelled cuts of films whose labels tell jump cuts from others."
)
NOTES = (
    "Cross-validated: each film by models without the network, fitted to other films; but the generated "
    "films share their footage with the hand-labelled and with each other, so this is kinder than new films.",
    "Held out: footage that is in no fitted film, and no number was fitted to it. But figures of it were "
    "looked at while candidates, measures and kinds of generated films were chosen: films that nobody here "
    "has seen are harder.",
    "Models that are kept are of the fit told under `kept`; one whose measures were moved to other columns "
    "meanwhile names the new ones. Figures are of all models, cross-validated ones of kept models in sample.",
)


class TooFewError(ValueError):
    """The films have too few examples of a kind of transition to fit a model of it."""


CONSIDERED = {("cut", "seen"): (*NETWORK_FEATURES, BLIND)}
"""Features that some trees are fitted to, where not to all: of the few cuts that are in doubt the others
teach them nothing that the model without the network does not know better (cross-validated)."""


@dataclass(frozen=True)
class Fitted:
    """A model as the file has it. others: by film, one that was fitted without it."""

    values: Any
    others: Mapping[str, Any]


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
    """Values of the file, and the figures they reached: cross-validated ones of the films that they are
    fitted to, as those in sample would take as long again and say less; `measure` has them."""
    told: dict[str, Any] = {"models, cross-validated": {}}
    values, left_out = fit_values([one for one in entries if one.role == FITTED], recipe, shelf, say, told)
    for name, worth in told["models, cross-validated"].items():
        say(f"{name}: {worth}")
    told[CROSS_VALIDATED] = _by_group(left_out)
    return values, told | measure([one for one in entries if one.role != FITTED], shelf, values, say)


def measure(
    entries: Sequence[Entry], shelf: Shelf, values: Mapping[str, Any], say: Callable[[str], None]
) -> dict[str, Any]:
    """Figures of values as the file has them."""
    weights = ShotWeights.of(values)
    shelf.make([entry.film.path for entry in entries], weights)
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
    entries: Sequence[Entry], recipe: Recipe, shelf: Shelf, say: Callable[[str], None], told: dict[str, Any]
) -> tuple[dict[str, Any], list[tuple[Entry, Outcome]]]:
    """All nine models and the offsets; what models without the network find in films that they had not seen.

    told: gets a line on each model. TooFewError when one cannot be fitted.
    """
    paths = [entry.film.path for entry in entries]
    shelf.make(paths, None)
    films = [_tracked(entry, shelf.blind(entry.film.path)) for entry in entries]
    say(f"{len(films)} films without the network")
    worth = told["models, cross-validated"]
    kept = read_values(FILE) if recipe.kept else {}
    unseen = _models("unseen", films, recipe, worth, {}, kept)
    jump = _jump(films, recipe, worth)
    others = _others(films, unseen, jump)
    offset = offsets(films, others) | {kind: kept["offset"][kind] for kind in recipe.kept}
    made = {id(weights): replace(weights, offset=offset) for weights in others}
    others = [made[id(weights)] for weights in others]
    left_out = [
        (film.entry, outcome(film.title, film.frames, film.labels, weights))
        for film, weights in zip(films, others, strict=True)
    ]
    if not set(FEATURES) - set(recipe.kept):
        return {**kept, "jump": jump.values}, left_out
    for one in made.values():
        shelf.make([path for path, weights in zip(paths, others, strict=True) if weights is one], one)
    films = [
        _tracked(entry, shelf.asked(entry.film.path, weights))
        for entry, weights in zip(entries, others, strict=True)
    ]
    say(f"{len(films)} films with the network where it is asked")
    seen = _models("seen", films, recipe, worth, unseen, kept)
    views = {
        view: {kind: one.values for kind, one in models.items()}
        for view, models in (("seen", seen), ("unseen", unseen))
    }
    return {**views, "jump": jump.values, "offset": offset}, left_out


def _others(films: Sequence[Tracked], unseen: Mapping[str, Fitted], jump: Fitted) -> list[ShotWeights]:
    """For each film, the models without the network that had not seen it: what they doubt is what will be
    doubted in new films."""
    made: dict[tuple[int, ...], ShotWeights] = {}
    found = []
    for film in films:
        values = {kind: one.others.get(film.title, one.values) for kind, one in unseen.items()}
        jumps = jump.others.get(film.title, jump.values)
        fold = (id(jumps), *(id(one) for one in values.values()))  # many films share their models
        if fold not in made:
            made[fold] = without_network(values, jumps)
        found.append(made[fold])
    return found


def offsets(films: Sequence[Tracked], others: Sequence[ShotWeights]) -> dict[str, float]:
    """By kind: what has to be added to log odds so that, of the transitions that are found in films by models
    that had not seen them (`others`, one a film), as many are right as their confidences say."""
    judged: dict[str, list[tuple[float, bool]]] = {kind: [] for kind in FEATURES}
    for film, weights in zip(films, others, strict=True):
        found = transitions_at_any_rate(film.frames, float(Fraction(film.labels["fps"])), weights)
        right = Transitions.of(film.labels).found_by({one.frame: one.kind for one in found}).values()
        for one in found:
            judged["cut" if one.kind in CUTS else one.kind].append((one.confidence, one.frame in right))
    return {kind: offset(pairs) for kind, pairs in judged.items()}


def without_network(unseen: Mapping[str, Any], jump: Any) -> ShotWeights:
    """Models without the network, by which it is asked; what it says changes nothing yet."""
    seen = {kind: {**dict.fromkeys((*names_of(kind, "seen"), BIAS), 0.0), BLIND: 1.0} for kind in FEATURES}
    return ShotWeights(seen, models_of(unseen, "unseen"), jump_model_of(jump))


def _tracked(entry: Entry, frames: FrameTrack) -> Tracked:
    """ValueError for a film with other frames than its labels have."""
    film = Tracked(entry, frames)
    if len(frames) != film.labels["frames"]:
        raise ValueError(f"{film.title} has {len(frames)} frames, its labels have {film.labels['frames']}.")
    return film


def _models(
    view: str,
    films: Sequence[Tracked],
    recipe: Recipe,
    told: dict[str, Any],
    blind: Mapping[str, Fitted],
    kept: Mapping[str, Any],
) -> dict[str, Fitted]:
    """blind: the models without the network, when those with it are fitted. kept: values of the file, of
    which the recipe keeps some."""
    seen = view == "seen"
    found = {kind: Fitted(kept[view][kind], {}) for kind in recipe.kept}
    if "cut" not in found:
        cuts = [_counted(cut_table(f.frames, f.labels, f.title, seen), f) for f in films]
        found["cut"] = _model("cut", view, cuts, recipe, told, blind)
    rest = [kind for kind in FEATURES if kind not in found]
    if not rest:
        return found
    judge = Trees.of((blind or found)["cut"].values, len(names_of("cut", "unseen")), "cut, unseen")
    tables = [gradual_tables(f.frames, f.labels, f.title, seen, judge) for f in films]
    for kind in rest:
        parts = [_counted(of[kind], f) for of, f in zip(tables, films, strict=True)]
        found[kind] = _model(kind, view, parts, recipe, told, blind)
    return found


def _model(
    kind: str,
    view: str,
    tables: Sequence[Table],
    recipe: Recipe,
    told: dict[str, Any],
    blind: Mapping[str, Fitted],
) -> Fitted:
    names = names_of(kind, view)
    if blind:
        tables = [_with_blind(one, kind, blind[kind]) for one in tables]
    table = Table.join(tables)
    columns = [k for k, name in enumerate(names) if name in CONSIDERED.get((kind, view), names)]
    used = tuple(names[k] for k in columns)
    table = replace(table, names=used, rows=table.rows[:, [table.names.index(name) for name in used]])
    how: Method = logistic
    if kind in OF_TREES:
        how = trees.SMALL if blind else trees.LARGE
    found = _best(table, how, f"{view} {kind}", recipe, told)
    return replace(found, values=trees.placed(found.values, columns)) if kind in OF_TREES else found


def _jump(films: Sequence[Tracked], recipe: Recipe, told: dict[str, Any]) -> Fitted:
    """The model that tells jump cuts from other cuts; it never needs the network."""
    tables = [_counted(jump_table(f.frames, f.labels, f.title), f) for f in films]
    return _best(Table.join(tables), trees.SMALL, "jump", recipe, told)


def _best(table: Table, how: Method, name: str, recipe: Recipe, told: dict[str, Any]) -> Fitted:
    """A model of a table, and those of its folds; a line on what they are worth. TooFewError as above."""
    values = how.fitted(table, recipe.penalty)
    if values is None:
        right = int(table.right.sum())
        raise TooFewError(f"{name}: {right} right of {len(table)} candidates are too few to fit.")
    probability, others = cross_validated(how, table, recipe.penalty, recipe.folds)
    there = ~np.isnan(probability)
    told[name] = {
        "candidates": len(table),
        "right": int(table.right.sum()),
        "bits": round(log_loss(table.right[there], probability[there]), 3),
        "average_precision": round(average_precision(table.right[there], probability[there]), 3),
    }
    return Fitted(values, others)


def _with_blind(table: Table, kind: str, blind: Fitted) -> Table:
    """With the log odds, for each film, of a model without the network that was fitted to other films: of one
    that knows the film they would be better than of any new film."""
    column = np.zeros(len(table))
    for group in dict.fromkeys(table.group.tolist()):
        mine = table.group == group
        model = model_of(blind.others.get(group, blind.values), kind, "unseen")
        column[mine] = blind_log_odds(kind, table.rows[mine], model)
    return replace(table, names=(*table.names, BLIND), rows=with_blind(table.rows, column))


def _counted(table: Table, film: Tracked) -> Table:
    return replace(table, counted=table.counted * film.entry.counted)


def _by_group(found: Sequence[tuple[Entry, Outcome]]) -> dict[str, Any]:
    groups = dict.fromkeys(entry.film.group for entry, _ in found)
    return {group: figures([one for entry, one in found if entry.film.group == group]) for group in groups}
