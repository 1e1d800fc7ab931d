"""How long each detector takes for one long film, as a multiple of what ffmpeg takes to decode it.

Everything runs one after the other, in rounds; a ratio is taken within its round, because seconds of one
machine, and of one minute on it, say little about another. Knows commands; not how good they are.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import median

import av

from tests.benchmarks.detectors import Decode, Detector
from tests.benchmarks.timing.timed import CommandError, Cost

_READ_BYTES = 1 << 24


@dataclass(frozen=True)
class Row:
    """Medians over the rounds. `times_decode`: of time on the wall; None if the decoder's is not known."""

    name: str
    times_decode: float | None = None
    wall_s: float | None = None
    cpu_s: float | None = None
    peak_rss_bytes: int | None = None
    error: str | None = None


@dataclass(frozen=True)
class Speed:
    """One film, all commands; ffmpeg's decode first."""

    film: str
    film_s: float
    width_px: int
    height_px: int
    rounds: int
    rows: tuple[Row, ...]

    def row(self, name: str) -> Row | None:
        """What was measured of a command."""
        return next((row for row in self.rows if row.name == name), None)


def raced(film: Path, detectors: Sequence[Detector], rounds: int, say: Callable[[str], None]) -> Speed:
    """Run ffmpeg and every detector `rounds` times over the film."""
    _warm(film)
    costs: dict[str, list[Cost]] = {Decode.name: [], **{detector.name: [] for detector in detectors}}
    errors: dict[str, str] = {}
    for number in range(rounds):
        for name in costs:
            if name in errors:
                continue
            try:
                costs[name].append(_cost(name, film, detectors))
                say(f"round {number + 1}: {name} {costs[name][-1].wall_s:.1f} s")
            except CommandError as error:
                errors[name] = str(error)
                say(f"round {number + 1}: {name} failed: {error}")
    decode = [] if Decode.name in errors else costs[Decode.name]
    rows = [
        Row(name, error=errors[name]) if name in errors else _row(name, found, decode)
        for name, found in costs.items()
    ]
    with av.open(str(film)) as container:
        picture = container.streams.video[0]
        size = picture.width, picture.height
        film_s = (container.duration or 0) / av.time_base
    return Speed(film.name, film_s, *size, rounds, tuple(rows))


def _cost(name: str, film: Path, detectors: Sequence[Detector]) -> Cost:
    if name == Decode.name:
        return Decode.run(film)
    return next(detector for detector in detectors if detector.name == name).detect(film).cost


def _row(name: str, costs: Sequence[Cost], decode: Sequence[Cost]) -> Row:
    ratios = [cost.wall_s / base.wall_s for cost, base in zip(costs, decode, strict=False)]
    return Row(
        name,
        median(ratios) if ratios else None,
        median(cost.wall_s for cost in costs),
        median(cost.cpu_s for cost in costs),
        max(cost.peak_rss_bytes for cost in costs),
    )


def _warm(film: Path) -> None:
    """Read the file once: the first command is not to pay for the disk."""
    with film.open("rb") as file:
        while file.read(_READ_BYTES):
            pass
