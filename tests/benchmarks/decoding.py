"""`python -m tests.benchmarks.decoding FOLDER`: what it costs the result that not every frame is decoded.

Each labelled film is analysed with every frame, with `auto` and with `referenced`: F1 of shots by its labels,
boundaries of `every` that are found again within a frame, frames decoded. Prints a table; writes nothing. In
this process, one film after the other; not for timing (`timing.codecs`).
"""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import mean

from actors.segmentation import Models, segment_file
from cluster.settings import LogSettings, get_settings
from cluster.telemetry import logs
from tests.benchmarks.films import Film, films_in
from tests.benchmarks.markdown import number, table
from tests.benchmarks.scoring import Score, score_shots

WAYS = ("every", "auto", "referenced")
"""Values of the setting `decoding`; the others are compared with the first."""
NEAR_FRAMES = 1


@dataclass(frozen=True)
class Way:
    """One film in one way. cuts: first frames of shots that the picture gives, without frame 0."""

    score: Score
    cuts: tuple[int, ...]
    frames: int
    decoded: int
    cpu_s: float


@dataclass(frozen=True)
class Sum:
    """All films in one way. again, gone, new: boundaries of `every` that are there too and that are not, and
    those that `every` does not have; moved: of those again, by a frame."""

    name: str
    mean_f1: float
    score: Score
    decoded: float
    cpu_s: float
    again: int
    moved: int
    gone: int
    new: int


def compared(cuts: Sequence[int], with_these: Sequence[int]) -> tuple[int, int, int, int]:
    """(again, moved, gone, new): how boundaries are those of the reference, within NEAR_FRAMES."""
    left = list(cuts)
    again = moved = 0
    for cut in with_these:
        nearest = min(left, key=lambda one: abs(one - cut), default=None)
        if nearest is not None and abs(nearest - cut) <= NEAR_FRAMES:
            left.remove(nearest)
            again += 1
            moved += nearest != cut
    return again, moved, len(with_these) - again, len(left)


def analysed(film: Film, way: str, models: Models) -> Way:
    """Segment it and score its shots."""
    start_s = time.process_time()
    timeline = segment_file(film.path, {"decoding": way}, models=models)
    cpu_s = time.process_time() - start_s
    cuts = tuple(
        shot.start_frame
        for shot in timeline.level("shot")
        if shot.start_boundary.kind not in ("start", "audio")
    )
    media = timeline.media
    return Way(
        score_shots(film.labels, cuts), cuts, int(media["frames"]), int(media["frames_decoded"]), cpu_s
    )


def summed(name: str, found: Sequence[Way], every: Sequence[Way]) -> Sum:
    """Over all films."""
    pairs = [compared(one.cuts, reference.cuts) for one, reference in zip(found, every, strict=True)]
    again, moved, gone, new = (sum(column) for column in zip(*pairs, strict=True))
    score = Score(*(sum(getattr(one.score, part) for one in found) for part in ("found", "missed", "false")))
    return Sum(
        name,
        mean(one.score.f1 for one in found),
        score,
        sum(one.decoded for one in found) / sum(one.frames for one in found),
        sum(one.cpu_s for one in found),
        again,
        moved,
        gone,
        new,
    )


def as_table(sums: Sequence[Sum]) -> str:
    """A row a way."""
    header = ["decoding", "frames decoded", "F1, mean of films", "F1 of all", "found", "missed", "false"]
    header += ["as with every frame", "of them a frame off", "gone", "new", "processor seconds"]
    rows = [
        [
            one.name,
            f"{100 * one.decoded:.1f} %",
            number(one.mean_f1, 4),
            number(one.score.f1, 4),
            one.score.found,
            one.score.missed,
            one.score.false,
            one.again,
            one.moved,
            one.gone,
            one.new,
            number(one.cpu_s, 1),
        ]
        for one in sums
    ]
    return table(header, rows)


def main() -> int:
    """Measure all films below the folders."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folders", nargs="+", type=Path, help="NAME beside NAME.labels.json, at any depth")
    asked = parser.parse_args()
    logs.configure(get_settings().with_values(log=LogSettings(level="WARNING")))
    films = [film for folder in asked.folders for film in films_in(folder)]
    if not films:
        print("No video with a .labels.json beside it below these folders.", file=sys.stderr)
        return 2
    models = Models.load()
    found: dict[str, list[Way]] = {way: [] for way in WAYS}
    for film in films:
        for way in WAYS:
            found[way].append(analysed(film, way, models))
        every, auto = found["every"][-1], found["auto"][-1]
        _, moved, gone, new = compared(auto.cuts, every.cuts)
        said = f"every {every.score.f1:.3f}, auto {auto.score.f1:.3f}; {moved} moved, {gone} gone, {new} new"
        print(f"{film.title}: {said}, {auto.decoded}/{auto.frames} decoded", file=sys.stderr, flush=True)
    print(as_table([summed(way, found[way], found["every"]) for way in WAYS]))
    return 0


if __name__ == "__main__":
    sys.exit(main())
