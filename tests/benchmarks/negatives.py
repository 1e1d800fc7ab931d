"""False boundaries where something happens inside a shot that is easily taken for a transition, by kind.

Labels name such stretches (`hard_negatives`), as [first, last, what] each or as {"first-last, frame": what}.
Knows labels and frame numbers; not how anything was detected.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from fractions import Fraction

from tests.benchmarks.scoring import Labels, Transitions, inside_any, match

SLACK_FRAMES = 3
"""A boundary so near a stretch is its doing."""
DESCRIBED = "described by hand"
"""Kind of stretches whose labels are sentences."""


@dataclass(frozen=True)
class Negatives:
    """Stretches of one kind: how many, how long they are together, false boundaries in them."""

    stretches: int = 0
    seconds: float = 0.0
    false: int = 0

    def __add__(self, other: Negatives) -> Negatives:
        return Negatives(
            self.stretches + other.stretches, self.seconds + other.seconds, self.false + other.false
        )

    @property
    def false_per_hour(self) -> float:
        """Of such stretches; 0 where there are none."""
        return 3600 * self.false / self.seconds if self.seconds else 0.0


def negatives_of(labels: Labels, frames: Iterable[int]) -> dict[str, Negatives]:
    """By kind. frames: found boundaries, of which those that are right or not judged do not count. One in two
    stretches counts once for each kind."""
    wanted = Transitions.of(labels)
    _, left = match(wanted.zones, frames)
    false = [frame for frame in left if not inside_any(wanted.unjudged, frame)]
    fps = Fraction(labels["fps"])
    by_kind: dict[str, list[tuple[int, int]]] = {}
    for first, last, kind in _stretches(labels):
        by_kind.setdefault(kind, []).append((first, last))
    out = {}
    for kind, stretches in by_kind.items():
        near = [(first - SLACK_FRAMES, last + SLACK_FRAMES) for first, last in stretches]
        seconds = float(sum(last - first + 1 for first, last in stretches) / fps)
        out[kind] = Negatives(len(stretches), seconds, sum(inside_any(near, frame) for frame in false))
    return out


def summed(several: Iterable[Mapping[str, Negatives]]) -> dict[str, Negatives]:
    """Of several films, by kind."""
    out: dict[str, Negatives] = {}
    for one in several:
        for kind, found in one.items():
            out[kind] = out.get(kind, Negatives()) + found
    return out


def _stretches(labels: Labels) -> Iterator[tuple[int, int, str]]:
    told = labels.get("hard_negatives", ())
    if isinstance(told, Mapping):
        for places in told:
            for place in str(places).split(","):
                ends = [int(end) for end in place.strip().split("-")]
                yield ends[0], ends[-1], DESCRIBED
        return
    for first, last, what, *_ in told:
        yield int(first), int(last), str(what).split(":")[0].split(" by ")[0]
