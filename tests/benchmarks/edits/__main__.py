"""`python -m tests.benchmarks.edits OUT --sources FOLDER --count N --seed S`: labelled edited films.

Cuts, dissolves, fades and wipes of many lengths and shapes, in films of many looks, with what is easily taken
for a transition in between; from the clean stretches of the labelled films and the stills below FOLDER.
With --each K also K films of every difficulty by itself (`KINDS`). Beside each film NAME stands
NAME.labels.json, exact to the frame, with the keys that the benchmark reads and: `hard_negatives` [first,
last, what], `sources`, `made` (size, looks, coding). A film that is there already is not made again. The same
versions, sources and seed give the same films.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Iterator, Sequence
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np

from tests.benchmarks.edits.cases import CASES, Maker
from tests.benchmarks.edits.coding import Coding, Tiny, encode
from tests.benchmarks.edits.decks import SCREENS
from tests.benchmarks.edits.film import Film, Manner, direct
from tests.benchmarks.edits.happenings import HAPPENINGS
from tests.benchmarks.edits.looks import LOOKS, combed, repeats
from tests.benchmarks.edits.passings import PASSINGS
from tests.benchmarks.edits.places import Place, Rgb, places_below
from tests.benchmarks.edits.takes import Rng
from tests.benchmarks.films import SUFFIX

SIZES = ((480, 270), (320, 180), (480, 270), (320, 180), (384, 288), (480, 200))
RATES = (*("24", "24000/1001", "25", "25", "25", "30000/1001", "30"), *("50", "60000/1001", "60"))
KINDS: dict[str, Maker] = {**CASES, **SCREENS, **HAPPENINGS, **PASSINGS}
"""Of films of one difficulty each."""
UNSEEN = 2.0
"""Mean change (of 255) across a labelled place, below which nobody could see a transition there."""
MOVING = 12.0
"""A larger change than this is seen at a cut, however much the picture moves around it."""


def main(arguments: list[str] | None = None) -> int:
    """Make the films; returns 2 if there is nothing to make them from."""
    parser = argparse.ArgumentParser(prog="edits", description="Make labelled edited films.")
    parser.add_argument("out", type=Path)
    parser.add_argument("--sources", type=Path, required=True, help="labelled films and stills")
    parser.add_argument("--count", type=int, default=40)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--first", type=int, default=0, help="number of the first film")
    parser.add_argument("--frames", type=int, default=1500, help="about so many in each film")
    parser.add_argument("--each", type=int, default=0, help="films of each difficulty by itself")
    options = parser.parse_args(arguments)
    places = places_below(options.sources)
    if len(places) < 2:
        print(
            f"Fewer than two places below {options.sources}: no stills, no labelled films.", file=sys.stderr
        )
        return 2
    options.out.mkdir(parents=True, exist_ok=True)
    for number in range(options.first, options.first + options.count):
        name = f"edit_{options.seed}_{number:03d}"
        if not list(options.out.glob(f"{name}.*.labels.json")):
            print(make(options.out, name, places, [options.seed, number], options.frames), flush=True)
    for number, kind in enumerate(KINDS):
        for k in range(options.each):
            path = case_path(options.out, kind, options.seed, k)
            if not path.with_name(path.name + SUFFIX).exists():
                make_case(path, KINDS[kind], places, [options.seed, number, k])
                print(path, flush=True)
    return 0


def case_path(out: Path, kind: str, seed: int, k: int) -> Path:
    """File of the k-th film of one difficulty."""
    return out / f"{kind.replace(' ', '_')}_{seed}_{k}.mp4"


def make(out: Path, name: str, places: list[Place], seed: list[int], frames: int = 1500) -> Path:
    """Write one film and, last, its labels. Returns the film's path."""
    rng = np.random.default_rng(seed)
    rate = Fraction(str(rng.choice(RATES)))
    manner = _manner(rng, float(rate), frames)
    film = direct(rng, places, manner)
    looks = _looks(rng)
    styled = [LOOKS[look](rng, manner.size, film.total) for look in looks]
    cadence = str(rng.choice(["", "combed", "pulldown", "twos", "stutter"], p=[0.74, 0.08, 0.06, 0.04, 0.08]))
    shown = [1] * film.total
    if cadence in ("pulldown", "twos", "stutter"):
        shown = repeats(rng, cadence, film.total)
    coding = _coding(rng, manner)

    def pictures() -> Iterator[Rgb]:
        for k, picture in enumerate(film.pictures()):
            for look in styled:
                picture = look(picture, k)
            for _ in range(shown[k]):
                yield picture

    path = out / f"{name}.{coding.suffix}"
    partial = out / f".{path.name}.partial"
    run = combed(pictures()) if cadence == "combed" else pictures()
    tiny = encode(partial, run, manner.size, rate, coding)
    partial.rename(path)
    labels = labels_of(film, shown, tiny)
    labels["fps"] = f"{rate.numerator}/{rate.denominator}"
    labels["sources"] = sorted({take.name for take in film.takes})
    labels["made"] = {
        "size": list(manner.size),
        "looks": [*looks, *([cadence] if cadence else [])],
        "coding": [coding.codec, coding.options, coding.gop],
        "pace": round(manner.pace, 2),
    }
    text = json.dumps(labels, indent=1)
    (out / f"{path.name}.labels.json").write_text(text + "\n")
    return path


def make_case(path: Path, maker: Maker, places: Sequence[Place], seed: list[int]) -> None:
    """Write one film of one difficulty (MP4) and, last, its labels."""
    rng = np.random.default_rng(seed)
    size = SIZES[int(rng.integers(2))]
    case = maker(rng, places, size)
    rate = Fraction(case.fps or int(rng.choice([24, 25, 30])))
    coding = Coding("mp4", "libx264", {"preset": "veryfast", "crf": str(int(rng.integers(18, 34)))}, 50)
    encode(path, case.pictures, size, rate, coding)
    labels = {
        "fps": f"{rate}/1",
        "frames": len(case.pictures),
        "cuts": case.cuts,
        "jump_cuts": case.jump_cuts,
        "gradual": case.gradual,
        "optional": [],
        "edges": [],
        "hard_negatives": case.negatives,
    }
    path.with_name(path.name + SUFFIX).write_text(json.dumps(labels) + "\n")


def _manner(rng: Rng, fps: float, frames: int) -> Manner:
    style = rng.random()
    pace = float(rng.uniform(1.2, 3.5))
    gradual, disturbed = float(rng.uniform(0.3, 0.7)), float(rng.choice([0.0, 0.4, 0.8, 1.2]))
    if style < 0.12:
        pace, gradual = 0.6, 0.15
    elif style < 0.30:
        pace, disturbed = 6.0, 1.5
    return Manner(
        size=SIZES[int(rng.integers(len(SIZES)))],
        fps=fps,
        frames=frames,
        pace=pace,
        shake=float(rng.choice([0, 0, 0, 0.004, 0.01, 0.025])),
        gradual=gradual,
        disturbed=disturbed,
        hidden=float(rng.choice([0, 0.1, 0.3])),
        subtitles=bool(rng.random() < 0.25),
    )


def _looks(rng: Rng) -> list[str]:
    count = int(rng.choice([0, 1, 2], p=[0.4, 0.4, 0.2]))
    order = list(LOOKS)
    chosen = rng.permutation(order)[:count].tolist()
    if {"dark", "flat"} <= set(chosen):
        chosen.remove("flat")
    return sorted(chosen, key=order.index)


def _coding(rng: Rng, manner: Manner) -> Coding:
    gop = int(rng.choice([12, 15, 25, 50, 100, 250]))
    kind = rng.random()
    if kind < 0.74:
        options = {"preset": "veryfast", "crf": str(int(rng.integers(18, 39)))}
        return Coding("mp4", "libx264", options, gop)
    if kind < 0.88:
        rate = manner.size[0] * manner.size[1] * manner.fps * rng.uniform(0.08, 0.35)
        return Coding("mpg", "mpeg2video", {"bf": str(int(rng.integers(0, 3)))}, min(gop, 18), int(rate))
    options = {"crf": str(int(rng.integers(24, 55))), "deadline": "realtime", "cpu-used": "8"}
    return Coding("webm", "libvpx-vp9", options, gop, 0)


def labels_of(film: Film, shown: list[int], tiny: Tiny) -> dict[str, Any]:
    """The film's labels in frames of the file. `shown`: how often each of the film's pictures is shown.

    tiny: what became of the pictures. Where the picture is the same before and after, nothing can be found:
    such a place is optional.
    """
    ends = np.cumsum(shown)
    first = [int(e - s) for e, s in zip(ends, shown, strict=True)]
    last = [int(e - 1) for e in ends]
    cuts, gradual, optional = [], [], []
    for cut in film.cuts:
        at = first[cut]
        if _unseen(tiny, at):
            optional.append([at - 1, at, "hardly seen"])
        else:
            cuts.append(at)
    for a, b, kind in film.gradual:
        zone = [first[a], last[b], kind]
        if kind != "fade" and _change(tiny, first[a] - 1, last[b] + 1) < UNSEEN:
            optional.append([first[a], last[b], "hardly seen"])
        else:
            gradual.append(zone)
    return {
        "frames": len(tiny),
        "cuts": cuts,
        "gradual": gradual,
        "optional": sorted(optional),
        "edges": [[first[a], last[b], *rest] for a, b, *rest in film.edges],
        "hard_negatives": sorted(
            [first[a], last[min(b, film.total - 1)], what] for a, b, what in film.negatives
        ),
    }


def _unseen(tiny: Tiny, cut: int) -> bool:
    """Whether the picture changes hardly at all at a cut, or little and no more than around it anyway."""
    across, before, after = (_change(tiny, cut + k, cut + k + 3) for k in (-2, -5, 1))
    return _change(tiny, cut - 1, cut) < UNSEEN or across < min(MOVING, 1.2 * max(before, after))


def _change(tiny: Tiny, before: int, after: int) -> float:
    return float(np.abs(tiny[min(after, len(tiny) - 1)] - tiny[max(before, 0)]).mean())


if __name__ == "__main__":
    sys.exit(main())
