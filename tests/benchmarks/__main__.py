"""`make bench BENCH_ARGS=FOLDER`: quality and speed on labelled videos, beside what people use today.

Writes bench.json, bench.md, figure.svg and figure.png to var/bench and prints the tables. Progress goes to
stderr. Exit codes: 0 measured (whatever came of it), 2 wrong usage.
"""

from __future__ import annotations

import argparse
import importlib.util
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from contextlib import nullcontext
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeVar

from actors.segmentation import FusionSettings, MediaError, Models, split
from cluster.settings import LogSettings, get_settings
from cluster.telemetry import logs
from tests.benchmarks import ablation, consistency, quality, reliability, report, scenes
from tests.benchmarks.analysis import Analysed, Workers, whole, workers
from tests.benchmarks.detectors import INSTALL, OURS, OURS_EVERY, Detection, Detector, installed_peers
from tests.benchmarks.films import Film, demonstration, films_in
from tests.benchmarks.results import Results
from tests.benchmarks.scale import memory
from tests.benchmarks.scene_features import FeaturesError, read_folder
from tests.benchmarks.timing import codecs, footage, speed
from tests.benchmarks.timing.refusion import refused
from tests.benchmarks.timing.timed import CommandError

T = TypeVar("T")


def main() -> int:
    """Measure everything that was asked for, one thing after the other."""
    asked = _arguments()
    out: Path = asked.out
    out.mkdir(parents=True, exist_ok=True)
    films = films_in(asked.folder) if asked.folder else [demonstration(out)]
    if not films:
        print(f"No video with a .labels.json beside it below {asked.folder}.", file=sys.stderr)
        return 2
    logs.configure(get_settings().with_values(log=LogSettings(level="WARNING")))
    notes: list[str] = []
    peers: list[Detector] = []
    if asked.peers:
        peers, missing = installed_peers()
        notes += [missing] if missing else []
    for note in notes:
        _say(note)
    results = _measured(films, peers, notes, asked)
    (out / "bench.json").write_text(report.as_json(results), encoding="utf-8")
    (out / "bench.md").write_text(report.as_markdown(results), encoding="utf-8")
    print(report.as_markdown(results))
    _draw(results, out)
    return 0


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="make bench", description=__doc__)
    parser.add_argument("folder", nargs="?", type=Path, help="NAME beside NAME.labels.json, at any depth")
    parser.add_argument("--out", type=Path, default=get_settings().var_dir / "bench")
    parser.add_argument("--no-peers", dest="peers", action="store_false", help="only ourselves")
    parser.add_argument("--no-speed", dest="speed", action="store_false", help="only quality")
    parser.add_argument(
        "--no-consistency", dest="consistency", action="store_false", help="no analysis by four processes"
    )
    parser.add_argument("--codecs", action="store_true", help="speed by codec, size and rate: ten minutes")
    parser.add_argument("--speed-film", type=Path, help="measure speed on this file")
    parser.add_argument("--rounds", type=int, default=1, help="how often each command runs for its speed")
    parser.add_argument(
        "--memory-film", action="store_true", help="make two hours of 1080p and measure memory: takes long"
    )
    asked = parser.parse_args()
    for path in (asked.folder, asked.speed_film):
        if path is not None and not path.exists():
            parser.error(f"there is no {path}")
    if asked.rounds < 1:
        parser.error("--rounds must be at least 1")
    return asked


@dataclass
class _Kept:
    """What is collected film by film."""

    quality: list[quality.Row] = field(default_factory=list)
    ablation: list[ablation.Row] = field(default_factory=list)
    judged: list[reliability.Judged] = field(default_factory=list)
    consistency: list[consistency.Row] = field(default_factory=list)


def _measured(
    films: Sequence[Film], peers: Sequence[Detector], notes: list[str], asked: argparse.Namespace
) -> Results:
    """Speed first, while nothing else has been started; the notes grow."""
    detectors = [OURS, *peers]
    out: Path = asked.out
    raced = used = None
    encoded: list[codecs.Row] = []
    if asked.speed:
        raced = _if_possible(
            "speed",
            lambda: speed.raced(
                asked.speed_film or footage.speed_film(films, out),
                [OURS, OURS_EVERY, *peers],
                asked.rounds,
                _say,
            ),
            notes,
        )
    if asked.codecs:
        encoded = _if_possible("speed by codec", lambda: _by_codec(films, asked), notes) or []
    if asked.memory_film:
        used = _if_possible("memory", lambda: memory.measured(footage.memory_film(films, out)), notes)
    kept = _Kept()
    models = Models.load()
    with workers() if asked.consistency else nullcontext() as several:
        for film in films:
            rows = [quality.measured(film, detector) for detector in detectors]
            kept.quality += [row for row, _ in rows]
            _say(f"{film.title}: {_summary([row for row, _ in rows])}")
            ours = rows[0][1]
            if ours is not None:
                _look_inside(film, ours, models, several, kept)
    return Results(
        quality=kept.quality,
        means=quality.means(kept.quality),
        ablation=ablation.Ablation.of(kept.ablation),
        reliability=reliability.curve(kept.judged),
        consistency=kept.consistency,
        speed=raced,
        refusion=refused() if asked.speed else None,
        memory=used,
        codecs=encoded,
        notes=notes,
        features=_features(asked.folder, notes),
    )


def _by_codec(films: Sequence[Film], asked: argparse.Namespace) -> list[codecs.Row]:
    with tempfile.TemporaryDirectory(prefix="codecs-") as folder:
        return codecs.measured(asked.speed_film or footage.speed_film(films, asked.out), Path(folder), _say)


def _features(folder: Path | None, notes: list[str]) -> scenes.Measured | None:
    """Of all films below the folder of which only features are known."""
    homes = sorted({path.parent for path in folder.rglob("*.npz")}) if folder else []
    try:
        films = [film for home in homes for film in read_folder(home)]
        if len({film.name for film in films}) < len(films):
            raise FeaturesError("two files have one name; give a folder with one of them.")
    except FeaturesError as error:
        notes.append(f"No scenes by features of shots: {error}")
        return None
    return scenes.measured(films) if films else None


def _look_inside(film: Film, ours: Detection, models: Models, several: Workers | None, kept: _Kept) -> None:
    """What the command's result does not tell: from tracks of our own."""
    settings = split(ours.document["settings"])[1]
    try:
        one = whole(film.path, models)
        kept.judged += reliability.judged(film.labels, reliability.boundaries_of(one, settings))
        if film.labels.get("scenes"):
            kept.ablation.append(ablation.ablated(film, one, settings))
        kept.consistency.append(_sameness(film, ours, one, several, settings))
    except MediaError as error:
        kept.consistency.append(consistency.Row(film.title, f"failed: {error}", None))


def _sameness(
    film: Film, ours: Detection, one: Analysed, several: Workers | None, settings: FusionSettings
) -> consistency.Row:
    segments = ours.document["segments"]
    small = None
    if several is not None:
        apart = several.in_small_chunks(film.path)
        small = consistency.compared(segments, consistency.segments_of(apart, settings))
    whole_film = consistency.compared(segments, consistency.segments_of(one, settings))
    return consistency.Row(film.title, whole_film, small)


def _if_possible(what: str, measure: Callable[[], T], notes: list[str]) -> T | None:
    try:
        return measure()
    except CommandError as error:
        notes.append(f"No {what}: {error}")
        _say(notes[-1])
        return None


def _summary(rows: Sequence[quality.Row]) -> str:
    found = [(row.detector, "failed" if row.shots is None else f"{row.shots.f1:.4f}") for row in rows]
    return "shots F1 " + ", ".join(f"{name} {f1}" for name, f1 in found)


def _draw(results: Results, out: Path) -> None:
    if importlib.util.find_spec("matplotlib") is None:
        _say(f"No figure: matplotlib is not installed. {INSTALL} installs it.")
        return
    from tests.benchmarks import figure

    for path in figure.draw(results, out):
        _say(f"wrote {path}")


def _say(text: str) -> None:
    print(f"{time.strftime('%H:%M:%S')} {text}", file=sys.stderr, flush=True)


if __name__ == "__main__":
    sys.exit(main())
