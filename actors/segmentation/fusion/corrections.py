"""Applies corrections that were made by hand to the starts of segments. Pure; knows no store.

Corrections have one of two forms. `exact` gives all starts of all levels: nothing is decided here. `locked`
and `removed` change what a fusion found: removed starts do not come back, locked ones are there, and a start
of a level is one of the levels below, too. Both are documents (JSON) with lists of entries by level. An entry
has `frame`, and may have `kind`, `title`, an extent (in frames as given by hand, else in seconds as stored
results have it) and evidence. An entry at the first frame only names the first segment.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import pairwise
from typing import Any

import numpy as np
import numpy.typing as npt

from actors.segmentation.fusion.assembly import SegmentStart
from actors.segmentation.timebase import FrameClock
from actors.segmentation.timeline import LEVELS

NEAR_FRAMES = 1
"""Frames: starts no further apart are the same one. Two runs of one detector agree to a frame, and no shot is
one frame long."""

Document = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Starts:
    """levels: the starts by level, ascending, without those of the first segments; without a picture there is
    no level "shot". first_titles: by level, the title given by hand to the first segment."""

    levels: Mapping[str, Sequence[SegmentStart]]
    first_titles: Mapping[str, str] = field(default_factory=dict)


def exact_starts(corrections: Document, clock: FrameClock, part: range) -> Starts:
    """The starts that `corrections["exact"]` lists for the frames `part`; other frames are left out."""
    listed = corrections["exact"]
    levels = {
        level: list(_entries(listed, level, clock, part).values()) for level in LEVELS if level in listed
    }
    return Starts(levels, _titles(listed, part))


def with_corrections(found: Starts, corrections: Document, clock: FrameClock, part: range) -> Starts:
    """`found`, without the starts that were removed and with those that are locked.

    What was removed from a level does not come back to it, nor to a coarser one. A start that is found within
    NEAR_FRAMES of a locked one is that one, at all levels. Locked starts win over removed ones.
    """
    locked, removed = corrections.get("locked") or {}, _Removed()
    nested_locks = _nested_locks(locked, clock, part)
    same: dict[int, int] = {}
    levels: dict[str, dict[int, SegmentStart]] = {}
    placed: dict[int, SegmentStart] = {}
    for level in reversed(LEVELS):
        removed.add((corrections.get("removed") or {}).get(level, ()), clock)
        if level not in found.levels:
            continue
        locks = nested_locks[level]
        at = np.array(sorted(locks), np.int64)
        kept: dict[int, SegmentStart] = {}
        for start in found.levels[level]:
            near = same.get(start.frame, _nearest(at, start.frame))
            if near in locks:
                same[start.frame] = near
                if near == start.frame:
                    locks[near] = _with_evidence(locks[near], start)
            elif start.frame in removed:
                continue
            elif near is None:
                kept[start.frame] = start
            else:  # of a finer level: here it is found, there it is locked
                at_lock = placed[near]
                kept[near] = replace(
                    start,
                    frame=near,
                    kind=at_lock.kind,
                    from_frame=at_lock.from_frame,
                    to_frame=at_lock.to_frame,
                )
        levels[level] = kept | locks
        placed |= levels[level]
    present = [level for level in LEVELS if level in levels]
    for above, below in pairwise(present):
        for frame, start in levels[above].items():
            levels[below].setdefault(frame, replace(start, title=None))
    ordered = {level: [starts[frame] for frame in sorted(starts)] for level, starts in levels.items()}
    return Starts(ordered, _titles(locked, part))


def _nested_locks(locked: Document, clock: FrameClock, part: range) -> dict[str, dict[int, SegmentStart]]:
    """By level, the locked starts, and those of coarser levels: they start there as well."""
    nested: dict[str, dict[int, SegmentStart]] = {}
    above: dict[int, SegmentStart] = {}
    for level in LEVELS:
        own = _entries(locked, level, clock, part, locked=True)
        above = {frame: replace(start, title=None) for frame, start in above.items()} | own
        nested[level] = dict(above)
    return nested


class _Removed:
    """Frames at which nothing starts any more: those of removed starts, and of their transitions."""

    def __init__(self) -> None:
        self._spans: list[tuple[int, int]] = []  # first and last frame, ascending and apart
        self._firsts: list[int] = []

    def add(self, entries: Iterable[Document], clock: FrameClock) -> None:
        spans = self._spans
        for entry in entries:
            frame = int(entry["frame"])
            first, last = _extent(entry, clock)
            spans.append((min(first, frame - NEAR_FRAMES), max(last, frame + NEAR_FRAMES)))
        self._spans = []
        for first, last in sorted(spans):
            if self._spans and first <= self._spans[-1][1]:
                first, before = self._spans.pop()
                last = max(last, before)
            self._spans.append((first, last))
        self._firsts = [first for first, _ in self._spans]

    def __contains__(self, frame: int) -> bool:
        place = bisect_right(self._firsts, frame) - 1
        return place >= 0 and frame <= self._spans[place][1]


def _entries(
    listed: Document, level: str, clock: FrameClock, part: range, *, locked: bool | None = None
) -> dict[int, SegmentStart]:
    """The starts of one level inside the part, by frame. locked: None for what each entry says."""
    found = {}
    for entry in listed.get(level, ()):
        frame, kind = int(entry["frame"]), entry.get("kind", "start")
        if kind == "start" or not part.start < frame < part.stop:
            continue
        first, last = _extent(entry, clock)
        found[frame] = SegmentStart(
            frame,
            kind,
            entry.get("confidence", 1.0),
            entry.get("visual", 0.0),
            entry.get("audio", 0.0),
            first,
            last,
            entry.get("scene_probability"),
            entry.get("topic"),
            entry.get("locked", False) if locked is None else locked,
            entry.get("title"),
        )
    return found


def _titles(listed: Document, part: range) -> dict[str, str]:
    return {
        level: entry["title"]
        for level in LEVELS
        for entry in listed.get(level, ())
        if entry["frame"] == part.start and entry.get("title") is not None
    }


def _extent(entry: Document, clock: FrameClock) -> tuple[int, int]:
    """First frame and exclusive end of a transition, with the start between them."""
    frame = int(entry["frame"])
    first, last = entry.get("from_frame"), entry.get("to_frame")
    if first is None or last is None:
        first, last = frame, frame
        if entry.get("from_s") is not None and entry.get("to_s") is not None:
            to_s = entry["to_s"]
            first = clock.frame_at(entry["from_s"])
            last = len(clock) if to_s >= clock.end_s else clock.frame_at(to_s)
    return max(0, min(first, frame)), min(len(clock), max(last, frame))


def _nearest(at: npt.NDArray[np.int64], frame: int) -> int | None:
    """The value of `at` (ascending) nearest to a frame, None if none is within NEAR_FRAMES."""
    place = int(np.searchsorted(at, frame))
    around = [int(one) for one in at[max(0, place - 1) : place + 1] if abs(int(one) - frame) <= NEAR_FRAMES]
    return min(around, key=lambda one: abs(one - frame)) if around else None


def _with_evidence(lock: SegmentStart, found: SegmentStart) -> SegmentStart:
    return replace(lock, visual=found.visual, audio=found.audio, scene=found.scene, topic=found.topic)
