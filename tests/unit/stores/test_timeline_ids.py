"""Which timelines a finished job may remove."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cluster.stores.mongodb.timeline_ids import NotOutdated, epoch_of, revision_of, timeline_id


@given(st.text("abc-_:", min_size=1), st.integers(0, 99), st.integers(0, 10**9))
def test_the_epoch_is_found_again_in_the_name(video_id: str, revision: int, epoch: int) -> None:
    assert epoch_of(timeline_id(video_id, revision, epoch)) == epoch
    assert revision_of(timeline_id(video_id, revision, epoch)) == revision
    assert revision_of(timeline_id(video_id, f"{revision}.x1", epoch)) == revision


@pytest.mark.parametrize(
    ("name", "kept"),
    [
        ("v:2:7", True),  # its own
        ("v:3:8", True),  # of a younger lease
        ("v:1:3", True),  # a revision that is kept
        ("v:2:6", False),  # of an attempt that was overtaken
        ("v:1:2", False),
        ("written by something else", True),
    ],
)
def test_only_what_older_leases_left_is_removed(name: str, kept: bool) -> None:
    assert (name in NotOutdated(7, {"v:1:3"})) is kept


@pytest.mark.parametrize(
    ("name", "kept"),
    [
        ("v:4.late:7", False),  # its number was given away to another
        ("v:5.kept:7", True),
        ("v:5.late:7", False),
        ("v:6.soon:7", True),  # it may become a revision
        ("v:4:8", True),  # a younger lease numbers anew
        ("x:7", True),
    ],
)
def test_what_can_never_become_a_revision_is_removed(name: str, kept: bool) -> None:
    assert (name in NotOutdated(7, {"v:5.kept:7"}, newest=5)) is kept
