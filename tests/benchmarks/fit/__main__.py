"""`python -m tests.benchmarks.fit FOLDER...`: fit the models of `shots.confidence` to labelled films.

Analyses the films (the network looks at every frame; tracks are kept in --cache), collects candidates with
their features, fits one logistic model for each kind of transition, with what the network says and without,
and prints the weights as `shots.confidence` holds them. Films are the groups of the cross-validation; with
--held-out, other films are only measured. --weights measures weights that were written by --out.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

import numpy as np

from actors.segmentation import Models
from actors.segmentation.tracks import FrameTrack
from cluster.settings import LogSettings, get_settings
from cluster.telemetry import logs
from tests.benchmarks.films import Film, films_in
from tests.benchmarks.fit.candidates import blind, cut_table, gradual_tables
from tests.benchmarks.fit.logistic import (
    Bools,
    Rows,
    Table,
    Weights,
    average_precision,
    cross_validated,
    fitted,
    log_loss,
    predicted,
)
from tests.benchmarks.fit.tracks import gated, looked_everywhere
from tests.benchmarks.fit.whole import Outcome, mean_f1, outcome, weights
from tests.benchmarks.reliability import curve

Tracks = list[tuple[Film, FrameTrack]]


def main(arguments: Sequence[str] | None = None) -> int:
    """Fit, or only measure; 2 when there are no films."""
    asked = _arguments(arguments)
    films = [film for folder in asked.folders for film in films_in(folder)]
    held_out = [film for folder in asked.held_out for film in films_in(folder)]
    if not films:
        print("No video with a .labels.json beside it.", file=sys.stderr)
        return 2
    logs.configure(get_settings().with_values(log=LogSettings(level="WARNING")))
    models = Models.load(threads=asked.threads)
    tracks, others = (_analysed(some, models, asked.cache) for some in (films, held_out))
    if asked.weights:
        values = json.loads(asked.weights.read_text(encoding="utf-8"))
    else:
        values = _fitted(tracks, others, asked.penalty, asked.gate)
        print(_as_python(values))
        if asked.out:
            asked.out.write_text(json.dumps(values, indent=1) + "\n", encoding="utf-8")
    for title, some in (("fitted films", tracks), ("held-out films", others)):
        if some:
            with weights(values):
                _report(title, [outcome(f.title, t, f.labels, asked.gate) for f, t in some], asked.verbose)
    return 0


def _arguments(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="fit", description=__doc__)
    parser.add_argument("folders", nargs="+", type=Path, help="NAME beside NAME.labels.json, at any depth")
    parser.add_argument("--held-out", nargs="*", type=Path, default=[], help="films only measured")
    parser.add_argument("--cache", type=Path, help="where tracks are kept from run to run")
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--penalty", type=float, default=1.0, help="of squared weights of scaled features")
    parser.add_argument("--out", type=Path, help="write the weights here as JSON")
    parser.add_argument("--weights", type=Path, help="measure these; fit nothing")
    parser.add_argument("--no-gate", dest="gate", action="store_false", help="the network looks everywhere")
    parser.add_argument("--verbose", action="store_true", help="one line for each film")
    return parser.parse_args(arguments)


def _analysed(films: Sequence[Film], models: Models, cache: Path | None) -> Tracks:
    out = []
    for film in films:
        begun = time.perf_counter()
        frames = looked_everywhere(film.path, models, cache)
        if len(frames) != film.labels["frames"]:
            print(
                f"{film.title}: {len(frames)} frames where the labels have {film.labels['frames']}; left out"
            )
            continue
        out.append((film, frames))
        _say(f"{film.title}: {len(frames)} frames, {time.perf_counter() - begun:.1f} s")
    return out


def _fitted(tracks: Tracks, others: Tracks, penalty: float, gate: bool) -> dict[str, Weights]:
    """Weights by the names of `shots.confidence`, with a line on each model.

    Without the network first, on all candidates: these weights then say what the network is asked about, and
    with it the models are fitted to just that. Without a gate it is asked about everything.
    """
    values: dict[str, Weights] = {}
    print("model             rows  right | cross-validated: bits  AP | held out: rows  right  bits  AP")
    _fit_all("_UNSEEN", [[(f, blind(t)) for f, t in some] for some in (tracks, others)], penalty, values)
    views = [tracks, others]
    if gate:
        with weights(values):
            views = [[(f, gated(t, f.labels)) for f, t in some] for some in views]
    _fit_all("", views, penalty, values)
    return values


def _fit_all(suffix: str, views: Sequence[Tracks], penalty: float, values: dict[str, Weights]) -> None:
    """All models of one kind; views: films to fit, films held out."""
    seen = not suffix
    mine, theirs = (_joined(cut_table(t, f.labels, f.title, seen) for f, t in some) for some in views)
    cuts = _fit_one(f"_CUT{suffix}", mine, theirs, penalty, values)
    if cuts is None:
        return
    mine_of, theirs_of = (
        [gradual_tables(t, f.labels, f.title, seen, cuts) for f, t in some] for some in views
    )
    for name in ("dissolve", "wipe", "fade"):
        mine, theirs = (_joined(part[name] for part in some) for some in (mine_of, theirs_of))
        _fit_one(f"_{name.upper()}{suffix}", mine, theirs, penalty, values)


def _joined(parts: Iterable[Table]) -> Table | None:
    every = list(parts)
    return Table.join(every) if every else None


def _fit_one(
    label: str, table: Table | None, other: Table | None, penalty: float, values: dict[str, Weights]
) -> Weights | None:
    """Fit, keep in `values` and print what it is worth."""
    assert table is not None
    found = fitted(table, penalty)
    if found is None:
        print(f"{label:16}{len(table):6}{int(table.right.sum()):7} | too few to fit; not changed")
        return None
    values[label] = found
    probability = cross_validated(table, penalty)
    told = ~np.isnan(probability)
    line = f"{label:16}{len(table):6}{int(table.right.sum()):7} | {'':16}"
    line += _worth(table.right[told], probability[told]) if told.any() else "     -     -"
    if other is not None:
        line += f" | {len(other):14}{int(other.right.sum()):7}"
        line += _worth(other.right, predicted(other.names, other.rows, found))
    print(line)
    return found


def _worth(right: Bools, probability: Rows) -> str:
    return f"{log_loss(right, probability):6.3f}{average_precision(right, probability):6.3f}"


def _as_python(values: Mapping[str, Weights]) -> str:
    lines = []
    for name, table in values.items():
        inside = "".join(f'    "{feature}": {value:.2f},\n' for feature, value in table.items())
        lines.append(f"{name} = {{\n{inside}}}")
    return "\n".join(lines)


def _report(title: str, outcomes: Sequence[Outcome], verbose: bool) -> None:
    found, missed, false = (sum(getattr(o.score, k) for o in outcomes) for k in ("found", "missed", "false"))
    print(f"\n{title}: {len(outcomes)}, mean F1 {mean_f1(outcomes):.4f}")
    kinds = sum(o.kinds_right for o in outcomes) / max(1, found)
    print(f"found {found}, missed {missed}, false {false}, of those found of the right kind {kinds:.3f}")
    print(f"the network looked at {np.mean([o.looked for o in outcomes]):.3f} of the frames")
    for kind in ("cut", "dissolve", "fade", "wipe"):
        hits, wanted = (sum(o.found[kind][k] for o in outcomes) for k in (0, 1))
        print(f"  {kind:9}{hits:5} of {wanted}")
    for o in sorted(outcomes, key=lambda o: o.score.f1) if verbose else []:
        print(f"  {o.name:36} F1 {o.score.f1:.3f} P {o.score.precision:.3f} R {o.score.recall:.3f}")
    reliability = curve([judgement for one in outcomes for judgement in one.judged])
    print("confidence  boundaries  mean  right")
    for part in reliability.bins:
        if part.boundaries:
            means = f"{part.mean_confidence:8.3f} {part.share_right:6.3f}"
            print(f" {part.low:.1f}-{part.high:.1f} {part.boundaries:10} {means}")
    print(f"calibration error {reliability.expected_calibration_error}, Brier {reliability.brier_score}")


def _say(text: str) -> None:
    print(f"{time.strftime('%H:%M:%S')} {text}", file=sys.stderr, flush=True)


if __name__ == "__main__":
    sys.exit(main())
