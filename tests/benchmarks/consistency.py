"""Whether chunks leave a trace: the same film by our command, as one chunk, and in small chunks by several
processes must give the same segments.

Knows documents of segments; not how they were made.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from actors.segmentation import FusionSettings, fuse
from tests.benchmarks.analysis import Analysed

IDENTICAL, SAME_FRAMES = "identical", "same frames"

Segments = Sequence[Mapping[str, Any]]


@dataclass(frozen=True)
class Row:
    """One film: how the segments of each other way compare with those of our command.

    "identical": every number; "same frames": boundaries and their kinds; else how many differ.
    """

    film: str
    one_chunk: str
    small_chunks: str | None

    @property
    def holds(self) -> bool:
        """Whether every way gave the same frames."""
        return {self.one_chunk, self.small_chunks} <= {IDENTICAL, SAME_FRAMES, None}


def segments_of(analysed: Analysed, settings: FusionSettings) -> Segments:
    """As they would be read back from JSON."""
    document = fuse(analysed.plan, analysed.tracks, settings).to_document()
    segments: Segments = json.loads(json.dumps(document["segments"]))
    return segments


def compared(one: Segments, other: Segments) -> str:
    """How alike two lists of segments are."""
    if list(one) == list(other):
        return IDENTICAL
    different = _places(one) ^ _places(other)
    return f"{len(different)} differ" if different else SAME_FRAMES


def _places(segments: Segments) -> set[tuple[Any, ...]]:
    return {(s["level"], s["start_frame"], s["end_frame"], s["start_boundary"]["kind"]) for s in segments}
