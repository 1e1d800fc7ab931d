"""Lets the starts of coarser levels follow the cuts that a cut list moves.

A scene starts where a shot does. A list of shots alone leaves the scenes as they are, so a cut that begins a
scene and was moved by some frames would be there twice: where it was, for the scene, and where it is. So the
scene moves too. Pure: knows no file and no server.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from itertools import pairwise
from typing import Any

from cluster.contract.vocabulary import LEVELS, Level
from cluster.cut_lists.starts import LISTS
from cluster.errors import UsageError

REACH_S = 0.5
"""Seconds between two transitions that are taken for one that was moved; nearly every shot lasts longer."""
_NAMED = 5
"""Starts that a message names; a list of another film lacks hundreds."""

Lists = Mapping[str, Sequence[Mapping[str, Any]]]
_Span = tuple[int, int]


def with_coarser(
    lists: Lists, segments: Iterable[Mapping[str, Any]], *, fps: float
) -> dict[str, list[dict[str, Any]]]:
    """`lists`, with those of the coarser levels that are left out and have starts to move.

    `segments`: of all levels, of the result that is corrected. `fps`: its frames a second. UsageError with
    the starts that the list of the level below lacks, and that have no start near them.
    """
    made = {name: [dict(one) for one in entries] for name, entries in lists.items()}
    by_level: dict[Level, dict[int, Mapping[str, Any]]] = {}
    for segment in segments:
        by_level.setdefault(segment["level"], {})[segment["start_frame"]] = segment
    levels: list[Level] = [level for level in LEVELS if level in by_level]
    reach = max(1, round(REACH_S * fps))
    for below, level in pairwise(levels):
        if LISTS[level] in made or LISTS[below] not in made:
            continue
        spans = {one["start_frame"]: _span_of_entry(one) for one in made[LISTS[below]]}
        moved = _moved(by_level[level], spans, reach, level, below)
        if moved:
            made[LISTS[level]] = _entries(by_level[level], moved)
    return made


def _moved(
    old: Mapping[int, Mapping[str, Any]], spans: Mapping[int, _Span], reach: int, level: Level, below: Level
) -> dict[int, int]:
    """Start → where it goes, for each of `old` that `spans`, the starts below, lack; but the first, which all
    levels have."""
    lost: list[int] = []
    moved: dict[int, int] = {}
    free = spans.keys() - old.keys()
    for frame in sorted(old)[1:]:
        if frame in spans:
            continue
        span = _span_of_segment(old[frame])
        near = [
            (_gap(span, spans[other]), abs(other - frame), other)
            for other in free
            if _gap(span, spans[other]) <= reach
        ]
        if near:
            moved[frame] = min(near)[-1]
            free.remove(moved[frame])
        else:
            lost.append(frame)
    if lost:
        named = ", ".join(str(frame) for frame in lost[:_NAMED])
        more = f" and {len(lost) - _NAMED} more" if len(lost) > _NAMED else ""
        raise UsageError(
            f"A {level} starts at frame {named}{more}, where no {below} starts in the file, nor near it. "
            f"Keep a start there; or correct the {LISTS[level]} first (--level {level}), or both in one .csv "
            "or .json."
        )
    return moved


def _entries(old: Mapping[int, Mapping[str, Any]], moved: Mapping[int, int]) -> list[dict[str, Any]]:
    """All starts of a level; those that moved take the title that was given to them along."""
    found: list[dict[str, Any]] = []
    for frame, segment in old.items():
        entry: dict[str, Any] = {"start_frame": moved.get(frame, frame)}
        if frame in moved and segment.get("title_source") == "human":
            entry["title"] = segment["title"]
        found.append(entry)
    return sorted(found, key=lambda entry: entry["start_frame"])


def _span_of_entry(entry: Mapping[str, Any]) -> _Span:
    frame = entry["start_frame"]
    return entry.get("from_frame", frame), entry.get("to_frame", frame)


def _span_of_segment(segment: Mapping[str, Any]) -> _Span:
    """The extent of its transition; results of earlier versions have no frames there."""
    frame, boundary = segment["start_frame"], segment["start_boundary"]
    first, last = boundary.get("from_frame"), boundary.get("to_frame")
    return (frame if first is None else first), (frame if last is None else last)


def _gap(one: _Span, other: _Span) -> int:
    """Frames between two extents, 0 where they touch."""
    return max(0, one[0] - other[1], other[0] - one[1])
