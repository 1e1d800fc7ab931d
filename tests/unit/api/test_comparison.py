"""Which boundaries two results share."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from serve_app.videos.revising.comparison import compare

FPS = 25

Row = dict[str, Any]


def rows(*marks: int | tuple[int, int, int]) -> list[Row]:
    """Segments that start at 0 and at these frames; a transition as (middle, first, last)."""
    made = [boundary(0, 0, 0, "start")]
    for mark in marks:
        made.append(
            boundary(mark, mark, mark, "cut") if isinstance(mark, int) else boundary(*mark, "dissolve")
        )
    return made


def boundary(frame: int, first: int, last: int, kind: str) -> Row:
    return {
        "start_frame": frame,
        "start_s": frame / FPS,
        "start_boundary": {
            "kind": kind,
            "confidence": 0.9,
            "from_s": first / FPS,
            "to_s": last / FPS,
        },
    }


@pytest.mark.parametrize(
    ("before", "after", "found"),
    [
        (rows(), rows(), []),
        (rows(10, 50), rows(10, 50), ["kept", "kept"]),
        (rows(10), rows(11), ["moved"]),
        (rows(10), rows(12), ["removed", "added"]),
        (rows((50, 40, 60)), rows(43), ["moved"]),
        (rows(43), rows((50, 40, 60)), ["moved"]),
        (rows((50, 40, 60)), rows(61), ["removed", "added"]),
        (rows((50, 40, 60)), rows(45, 51), ["added", "moved"]),
        (rows(10, 11), rows(11), ["removed", "kept"]),
        (rows(20), rows(), ["removed"]),
        (rows(), rows(20, 30), ["added", "added"]),
    ],
)
def test_boundaries_are_matched_within_a_frame_or_a_transition(
    before: list[Row], after: list[Row], found: list[str]
) -> None:
    changes, counts = compare(before, after)
    assert [change.change for change in changes] == found
    assert counts == {kind: found.count(kind) for kind in ("kept", "moved", "added", "removed")}


frames = st.lists(st.integers(1, 200), unique=True).map(sorted)


@given(frames, frames)
def test_every_boundary_is_told_once(before: list[int], after: list[int]) -> None:
    changes, counts = compare(rows(*before), rows(*after))
    assert sorted(c.before.frame for c in changes if c.before) == before
    assert sorted(c.after.frame for c in changes if c.after) == after
    assert sum(counts.values()) == len(changes)
    back, _ = compare(rows(*after), rows(*before))
    assert sum(c.change == "added" for c in back) == counts["removed"]
