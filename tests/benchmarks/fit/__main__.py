"""`python -m tests.benchmarks.fit SET FOLDER`: fit a set of numbers anew and write its file.

SET: shots, scenes, sound or fusion. FOLDER: the labelled films and the sources of generated ones, as
`fit.recipe` names them below it. Films that have to be made, and tracks, are kept in --work: the first run
takes an hour or more, the next ones minutes. The same films, versions and code give the same file, but for
date and commit.
With --measure nothing is fitted: it prints the figures of the packaged numbers, or of those in a file.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, Protocol

from actors.segmentation import Models
from actors.segmentation.fusion import weights as fusion_weights
from actors.segmentation.fusion.scenes import odds
from actors.segmentation.shots import weights as shot_weights
from actors.segmentation.sound import weights as sound_weights
from actors.segmentation.weights_file import read_values
from cluster.settings import LogSettings, get_settings
from cluster.telemetry import logs
from tests.benchmarks.fit import fusion, scenes, shots, sound
from tests.benchmarks.fit.material import Entry, MissingError, entries_of, sources_of
from tests.benchmarks.fit.provenance import KEPT, kept_from, provenance, write
from tests.benchmarks.fit.recipe import RECIPES, Recipe
from tests.benchmarks.fit.tracks import Shelf

Say = Callable[[str], None]
"""Takes lines of progress."""


class FittedSet(Protocol):
    """A module that fits one set."""

    @property
    def METHOD(self) -> str:
        """How the numbers are found, for the file."""

    @property
    def NOTES(self) -> tuple[str, ...]:
        """What a reader of the figures has to know."""

    def fit(
        self, recipe: Recipe, entries: Sequence[Entry], shelf: Shelf, say: Say, /
    ) -> tuple[dict[str, Any], dict[str, Any]]:
        """Values of the file, and the figures they reached."""

    def measure(
        self, entries: Sequence[Entry], shelf: Shelf, values: Mapping[str, Any], say: Say, /
    ) -> dict[str, Any]:
        """Figures of values as the file has them."""


SETS: dict[str, tuple[FittedSet, Path]] = {
    "shots": (shots, shot_weights.FILE),
    "scenes": (scenes, odds.FILE),
    "sound": (sound, sound_weights.FILE),
    "fusion": (fusion, fusion_weights.FILE),
}
"""How a set is fitted, and the file that the library reads."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Fit, or only measure; 2 when the folder has not what the recipe names."""
    asked = _arguments(arguments)
    logs.configure(get_settings().with_values(log=LogSettings(level="WARNING")))
    how, packaged = SETS[asked.set]
    recipe, folder, work = RECIPES[asked.set], asked.folder.resolve(), asked.work.resolve()
    path = asked.file or packaged
    try:
        entries = entries_of(recipe.material, folder, work, _say)
    except MissingError as error:
        print(error, file=sys.stderr)
        return 2
    shelf = Shelf(work / "tracks", Models.load(threads=asked.threads), asked.processes)
    if asked.measure:
        figures = how.measure(entries, shelf, read_values(path), _say)
    else:
        figures = write_set(asked.set, recipe, folder, entries, shelf, path, _say)
    print(json.dumps(figures, indent=1))
    return 0


def write_set(
    name: str, recipe: Recipe, folder: Path, entries: Sequence[Entry], shelf: Shelf, path: Path, say: Say
) -> dict[str, Any]:
    """Fit a set to its films, write its file; the figures that were reached."""
    how = SETS[name][0]
    values, figures = how.fit(recipe, entries, shelf, say)
    sources = sources_of(recipe.material, folder)
    told = provenance(name, recipe, entries, sources, method=how.METHOD, figures=figures, notes=how.NOTES)
    if recipe.kept:
        told[KEPT] = kept_from(SETS[name][1], recipe)
    write(path, values, told)
    return figures


def _arguments(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="fit", description=__doc__)
    parser.add_argument("set", choices=sorted(SETS))
    parser.add_argument("folder", type=Path, help="labelled films and sources")
    parser.add_argument("--file", type=Path, help="instead of the library's file: written, or measured")
    parser.add_argument(
        "--work", type=Path, default=get_settings().var_dir / "fit", help="what is made on the way"
    )
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--processes", type=int, default=2, help="that make tracks side by side")
    parser.add_argument("--measure", action="store_true", help="fit nothing, print figures")
    return parser.parse_args(arguments)


def _say(text: str) -> None:
    print(f"{time.strftime('%H:%M:%S')} {text}", file=sys.stderr, flush=True)


if __name__ == "__main__":
    sys.exit(main())
