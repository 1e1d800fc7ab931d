"""How well the told extents of gradual transitions agree with the labelled ones: intersection over union.

Knows labels and our documents.
"""

from __future__ import annotations

from collections.abc import Mapping
from fractions import Fraction
from typing import Any

from tests.benchmarks.scoring import Labels, Transitions, match


def overlaps(labels: Labels, document: Mapping[str, Any]) -> tuple[float, ...]:
    """Of each labelled gradual transition that was found, 0..1; 0 where it was told as a cut."""
    shots = [shot for shot in document["segments"] if shot["level"] == "shot"]
    if not shots:
        return ()
    fps, start_s = float(Fraction(labels["fps"])), shots[0]["start_s"]
    told = {shot["start_frame"]: shot["start_boundary"] for shot in shots[1:]}
    wanted = Transitions.of(labels)
    found, _ = match(wanted.zones, [frame for frame, one in told.items() if one["kind"] != "audio"])
    cuts = len(wanted.kinds) - len(labels["gradual"])
    out = []
    for number, frame in sorted(found.items()):
        if number < cuts:
            continue
        first, last, *_ = labels["gradual"][number - cuts]
        from_f, to_f = ((told[frame][key] - start_s) * fps for key in ("from_s", "to_s"))
        out.append(shared((first, last + 1), (from_f, to_f)))
    return tuple(out)


def shared(one: tuple[float, float], other: tuple[float, float]) -> float:
    """Intersection over union of two spans from..to, 0..1; the first is not empty."""
    both = min(one[1], other[1]) - max(one[0], other[0])
    either = max(one[1], other[1]) - min(one[0], other[0])
    return max(0.0, both) / either
