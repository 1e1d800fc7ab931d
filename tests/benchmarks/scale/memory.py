"""How much memory our command takes for a film of two hours, where it must not grow with length."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from tests.benchmarks.detectors import OURS
from tests.benchmarks.timing.footage import FULL_HD, MEMORY_FILM_S


@dataclass(frozen=True)
class Memory:
    """Resident at most, of the process and its children."""

    film_s: float
    width_px: int
    height_px: int
    wall_s: float
    peak_rss_bytes: int


def measured(film: Path) -> Memory:
    """Segment the film of `footage.memory_film`. CommandError when the command fails."""
    cost = OURS.detect(film).cost
    return Memory(MEMORY_FILM_S, *FULL_HD, cost.wall_s, cost.peak_rss_bytes)
