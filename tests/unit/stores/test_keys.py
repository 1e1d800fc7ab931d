"""Keys and filters: what belongs to a thing is a range, and nothing else is in it."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cluster.contract.vocabulary import LEVELS
from cluster.errors import UsageError
from cluster.stores.mongodb.keys import below, join_key
from cluster.stores.mongodb.segment_filter import SegmentFilter, segment_key

PARTS = st.text(st.characters(codec="ascii", exclude_characters=":"), min_size=1, max_size=6)


def is_in(key: str, range_: dict[str, str]) -> bool:
    return range_["$gte"] <= key < range_["$lt"]


@settings(deadline=None)
@given(PARTS, PARTS, PARTS)
def test_a_range_holds_what_begins_with_its_prefix_and_nothing_else(a: str, b: str, c: str) -> None:
    assert is_in(join_key(a, b), below(a))
    assert is_in(join_key(a, b, c), below(join_key(a, b)))
    assert is_in(join_key(c, b), below(a)) == (a == c)


@pytest.mark.parametrize("part", ["", "a:b", ":"])
def test_a_part_that_would_leave_its_range_is_refused(part: str) -> None:
    with pytest.raises(ValueError, match="part of a key"):
        join_key("a", part)


@settings(deadline=None)
@given(st.lists(st.tuples(st.sampled_from(LEVELS), st.integers(0, 99_999_999)), min_size=2))
def test_keys_sort_like_level_and_index(places: list[tuple[str, int]]) -> None:
    by_key = sorted(places, key=lambda place: segment_key("v:w", *place))
    assert by_key == sorted(places, key=lambda place: (LEVELS.index(place[0]), place[1]))


def test_a_query_is_no_wider_than_its_filter() -> None:
    assert SegmentFilter().to_query("v:w", None) == {"key": {"$gte": "v:w:", "$lt": "v:w;"}}
    assert SegmentFilter(level="scene").to_query("v:w", None) == {"key": {"$gte": "v:w:1:", "$lt": "v:w:1;"}}
    after = SegmentFilter(level="scene").to_query("v:w", ("scene", 7))
    assert after == {"key": {"$gt": "v:w:1:00000007", "$lt": "v:w:1;"}}
    before_the_level = SegmentFilter(level="chapter").to_query("v:w", ("shot", 7))
    assert before_the_level == {"key": {"$gt": "v:w:2:", "$lt": "v:w:2;"}}


def test_an_unknown_level_is_named_with_those_there_are() -> None:
    with pytest.raises(UsageError, match="shot, scene, chapter"):
        SegmentFilter(level="act")
