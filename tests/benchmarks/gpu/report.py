"""The results as JSON for programs and Markdown for people; whether two sets of boundaries are the same.

Knows numbers; measures nothing.
"""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, field

from tests.benchmarks.gpu.crowd import Crowd
from tests.benchmarks.gpu.stages import Found, Rate
from tests.benchmarks.markdown import table

MEGABYTE = 1e6


@dataclass(frozen=True)
class Same:
    """Boundaries against those of the processor in float32: in both, only here, only there; of those in both,
    other kinds and the largest difference of confidence."""

    what: str
    both: int
    only_here: int
    only_there: int
    other_kinds: int
    confidence_apart: float

    @property
    def same(self) -> bool:
        """The same boundaries, whatever their confidence."""
        return not (self.only_here or self.only_there or self.other_kinds)


@dataclass
class Measured:
    """Everything that is told. busy: how many actors the device takes. left_out: what was not done, why."""

    device: str
    system: str
    film: str
    rates: list[Rate] = field(default_factory=list)
    same: list[Same] = field(default_factory=list)
    crowds: list[Crowd] = field(default_factory=list)
    busy: str = ""
    left_out: list[str] = field(default_factory=list)


def compared(what: str, reference: Found, found: Found) -> Same:
    """Boundaries found in one way, beside those of the processor."""
    both = reference.boundaries.keys() & found.boundaries.keys()
    pairs = [(reference.boundaries[k], found.boundaries[k]) for k in both]
    return Same(
        what,
        len(both),
        len(found.boundaries.keys() - both),
        len(reference.boundaries.keys() - both),
        sum(a[0] != b[0] for a, b in pairs),
        max((abs(a[1] - b[1]) for a, b in pairs), default=0.0),
    )


def as_json(measured: Measured) -> str:
    """Every number, unrounded."""
    return json.dumps(asdict(measured), indent=1, ensure_ascii=False) + "\n"


def as_markdown(measured: Measured) -> str:
    """One table a question."""
    rates = [(one.stage, f"{one.per_s:,.0f} {one.units}/s", one.path) for one in measured.rates]
    same = [
        (one.what, one.both, one.only_here, one.only_there, one.other_kinds, f"{one.confidence_apart:.4f}")
        for one in measured.same
    ]
    crowds = [
        (
            one.actors,
            one.how,
            one.threads,
            f"{one.frames_per_s:,.0f}",
            f"{one.device_bytes / MEGABYTE:,.0f}",
            f"{one.process_bytes / MEGABYTE:,.0f}",
        )
        for one in measured.crowds
    ]
    parts = [
        "# GPU",
        f"GPU: {measured.device}. {measured.system}. Film: {measured.film}.",
        "## Stages",
        table(("stage", "speed", "where"), rates),
        "## Boundaries, against the processor in float32",
        table(("how", "in both", "only here", "only there", "other kinds", "confidence apart"), same),
        "## Actors on one device",
        table(
            (
                "actors",
                "by",
                "threads each",
                "frames/s together",
                "MB on the device each",
                "MB of memory each",
            ),
            crowds,
        ),
        *([measured.busy] if measured.busy else []),
        *(f"Left out: {one}." for one in measured.left_out),
    ]
    return "\n\n".join(parts) + "\n"
