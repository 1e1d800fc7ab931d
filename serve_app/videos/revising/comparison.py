"""Compares the boundaries of two results of one level: kept, moved, added, removed. Pure; knows no store.

Two boundaries match when they are at most NEAR_FRAMES apart, or when one lies within the other's gradual
transition. Each is matched once, the nearest pairs first.
"""

from __future__ import annotations

import bisect
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

from cluster.contract.revisions import Change, Mark
from cluster.contract.vocabulary import CHANGE_KINDS, VIDEO_START, ChangeKind

NEAR_FRAMES = 1  # largest distance of two boundaries that match


def compare(
    before: Sequence[Mapping[str, Any]], after: Sequence[Mapping[str, Any]]
) -> tuple[list[Change], dict[ChangeKind, int]]:
    """The changes in time order, and their number by kind.

    `before`, `after`: the segments of one level in time order, as the result store has them. The start of the
    video does not count as a boundary.
    """
    old, new = _marks(before), _marks(after)
    partner = _matched(old, new)
    changes = [_change(mark, new[partner[i]] if i in partner else None) for i, mark in enumerate(old)]
    taken = set(partner.values())
    changes += [
        Change(change="added", before=None, after=mark) for j, mark in enumerate(new) if j not in taken
    ]
    changes.sort(key=_frame)
    found = Counter(change.change for change in changes)
    return changes, {kind: found[kind] for kind in CHANGE_KINDS}


def _marks(segments: Sequence[Mapping[str, Any]]) -> list[Mark]:
    return [
        Mark(
            frame=segment["start_frame"],
            s=segment["start_s"],
            kind=segment["start_boundary"]["kind"],
            confidence=segment["start_boundary"]["confidence"],
            from_s=segment["start_boundary"]["from_s"],
            to_s=segment["start_boundary"]["to_s"],
        )
        for segment in segments
        if segment["start_boundary"]["kind"] != VIDEO_START
    ]


def _matched(old: Sequence[Mark], new: Sequence[Mark]) -> dict[int, int]:
    """Index in `old` → index in `new`, for boundaries that match."""
    pairs = {(i, j) for i, mark in enumerate(old) for j in _near(mark, new)}
    pairs |= {(i, j) for j, mark in enumerate(new) for i in _near(mark, old)}
    partner: dict[int, int] = {}
    taken: set[int] = set()
    for i, j in sorted(pairs, key=lambda pair: (abs(old[pair[0]].frame - new[pair[1]].frame), pair)):
        if i not in partner and j not in taken:
            partner[i] = j
            taken.add(j)
    return partner


def _change(before: Mark, after: Mark | None) -> Change:
    if after is None:
        return Change(change="removed", before=before, after=None)
    return Change(change="kept" if before.frame == after.frame else "moved", before=before, after=after)


def _near(mark: Mark, others: Sequence[Mark]) -> range:
    """Range of indices in `others` that covers those within NEAR_FRAMES or within the mark's transition."""
    by_frame = range(
        bisect.bisect_left(others, mark.frame - NEAR_FRAMES, key=lambda other: other.frame),
        bisect.bisect_right(others, mark.frame + NEAR_FRAMES, key=lambda other: other.frame),
    )
    by_time = range(
        bisect.bisect_left(others, mark.from_s, key=lambda other: other.s),
        bisect.bisect_right(others, mark.to_s, key=lambda other: other.s),
    )
    filled = [places for places in (by_frame, by_time) if places]
    if not filled:
        return range(0)
    return range(min(places.start for places in filled), max(places.stop for places in filled))


def _frame(change: Change) -> int:
    mark = change.after or change.before
    assert mark is not None
    return mark.frame
