"""The films of a recipe: found below a folder of labelled films, or made of what is there.

Knows files, labels and generators; does not know what is fitted to them.
"""

from __future__ import annotations

import csv
import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from fractions import Fraction
from pathlib import Path
from typing import Any

from tests.benchmarks.edits.__main__ import KINDS, case_path, make, make_case
from tests.benchmarks.edits.places import Place, places_below
from tests.benchmarks.edits.textures import textures
from tests.benchmarks.films import SUFFIX, Film, films_in
from tests.benchmarks.fit import programmes
from tests.benchmarks.fit.recipe import (
    DRAWN,
    THIRD,
    TWO_THIRDS,
    Cases,
    Edits,
    Features,
    Labelled,
    Material,
    Programmes,
    Takes,
)
from tests.benchmarks.fit.tracks import sha256_of


@dataclass(frozen=True)
class Entry:
    """A film with its part in the fit. `film.group`: the folder it is from, or what generated it."""

    film: Film
    role: str
    counted: int
    sha256: str


class MissingError(FileNotFoundError):
    """Below the folder there is nothing of what the recipe names."""


def entries_of(
    material: tuple[Material, ...], folder: Path, work: Path, say: Callable[[str], None]
) -> list[Entry]:
    """All films of a recipe, in its order. Films that have to be made are made in `work`, once.

    MissingError names the part of the recipe for which there is nothing.
    """
    found = []
    for part in material:
        films = _films(part, folder, work, say)
        if not films:
            raise MissingError(f"There is nothing below {folder} for {part}.")
        counted = 1 if isinstance(part, (Takes, Features)) else part.counted
        found += [Entry(film, part.role, counted, sha256_of(film.path)) for film in films]
    return found


def sources_of(material: tuple[Material, ...], folder: Path) -> dict[str, str]:
    """Path below the folder -> SHA-256 of everything that films are made of."""
    names: set[str] = set()
    for part in material:
        if isinstance(part, Programmes):
            names |= {*programmes.sources_of(programmes.pool_of(folder, part.pool))}
            names.add(programmes.GENERATOR.as_posix())
        elif isinstance(part, (Edits, Cases)):
            names |= {path.relative_to(folder).as_posix() for path in _sources(part, folder)}
    return {name: sha256_of(folder / name) for name in sorted(names)}


def _films(part: Material, folder: Path, work: Path, say: Callable[[str], None]) -> list[Film]:
    if isinstance(part, Labelled):
        return [replace(film, group=part.folder) for film in films_in(folder / part.folder)]
    if isinstance(part, Features):
        return [Film(path, part.folder, {}) for path in sorted((folder / part.folder).glob("*.npz"))]
    if isinstance(part, Takes):
        return [Film(path, part.folder, labels) for path, labels in _takes(folder / part.folder, part.part)]
    if isinstance(part, Programmes):
        group = f"programmes {part.pool}"
        say(f"{group}: seeds {part.seeds}")
        paths = programmes.made(folder, work / "programmes", part.pool, part.seeds)
        return [Film(path, group, _labels(path)) for path in paths]
    if isinstance(part, Cases):
        say(f"cases of {part.folder or 'drawn places'}: {part.each} of each kind, seed {part.seed}")
        return [Film(path, f"case {kind}", _labels(path)) for kind, path in _cases(part, folder, work)]
    group = f"edits of {' and '.join(part.sources)}"
    say(f"{group}: {part.count} of seed {part.seed}")
    return [Film(path, group, _labels(path)) for path in _edits(part, folder, work)]


def _edits(part: Edits, folder: Path, work: Path) -> Iterator[Path]:
    out = work / "-".join(("edits", str(part.seed), *part.sources))
    out.mkdir(parents=True, exist_ok=True)
    names = [f"edit_{part.seed}_{number:03d}" for number in range(part.count)]
    there = {name: list(out.glob(f"{name}.*{SUFFIX}")) for name in names}
    places = [] if all(there.values()) else places_below(_staged(part, folder, out / "sources"))
    for number, name in enumerate(names):
        if there[name]:
            yield there[name][0].with_name(there[name][0].name.removesuffix(SUFFIX))
        else:
            yield make(out, name, places, [part.seed, number])


def _cases(part: Cases, folder: Path, work: Path) -> Iterator[tuple[str, Path]]:
    """Kind and path of each."""
    out = work / f"cases-{part.seed}-{part.folder or 'drawn'}-{part.part.replace(' ', '-')}"
    out.mkdir(parents=True, exist_ok=True)
    kinds = {kind: KINDS[kind] for kind in part.kinds or KINDS}
    wanted = [(kind, case_path(out, kind, part.seed, k)) for kind in kinds for k in range(part.each)]
    places: list[Place] = []
    if not all(path.with_name(path.name + SUFFIX).exists() for _, path in wanted):
        drawn = part.folder == DRAWN
        places = textures(part.seed) if drawn else places_below(_staged(part, folder, out / "sources"))
    for number, (kind, path) in enumerate(wanted):
        if not path.with_name(path.name + SUFFIX).exists():
            make_case(path, kinds[kind], places, [part.seed, number])
        yield kind, path


def _staged(part: Edits | Cases, folder: Path, stage: Path) -> Path:
    """A folder with links to the sources; takes are given labels, without which no film is a source."""
    for path in _sources(part, folder):
        link = stage / path.relative_to(folder)
        link.parent.mkdir(parents=True, exist_ok=True)
        if not link.exists():
            link.symlink_to(path.resolve())
    for name in _folders(part):
        for path, labels in _takes(folder / name, part.part):
            told = stage / name / f"{path.name}{SUFFIX}"
            told.write_text(json.dumps(labels), encoding="utf-8")
    return stage


def _folders(part: Edits | Cases) -> tuple[str, ...]:
    if isinstance(part, Edits):
        return part.sources
    return () if part.folder == DRAWN else (part.folder,)


def _sources(part: Edits | Cases, folder: Path) -> list[Path]:
    """Files below the part's folders; of takes, those of the part alone."""
    found: list[Path] = []
    for name in _folders(part):
        takes = [path for path, _ in _takes(folder / name, part.part)]
        found += takes or [path for path in sorted((folder / name).rglob("*")) if path.is_file()]
    return found


def _takes(folder: Path, part: str) -> Iterator[tuple[Path, dict[str, Any]]]:
    """Each take of a part of the folder's list, with labels that say that nothing happens; none without a
    list."""
    listing = folder / programmes.TAKES_LIST.name
    if not listing.exists():
        return
    with listing.open(encoding="utf-8", newline="") as file:
        rows = sorted(csv.DictReader(file, delimiter="\t"), key=lambda row: row["file"])
        for number, row in enumerate(rows):
            if part in (THIRD, TWO_THIRDS) and (number % 3 == 0) != (part == THIRD):
                continue
            labels = {
                "fps": str(Fraction(row["fps"])),
                "frames": int(row["frames"]),
                "cuts": [],
                "gradual": [],
            }
            yield folder / row["file"], labels


def _labels(path: Path) -> dict[str, Any]:
    labels: dict[str, Any] = json.loads(path.with_name(path.name + SUFFIX).read_text(encoding="utf-8"))
    return labels
