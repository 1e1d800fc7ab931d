"""The order of what is found in two ways, and the places of its pages."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cluster.errors import UnavailableError, UsageError
from cluster.stores.page import encode_cursor
from cluster.stores.postgres.search.ranks import (
    MOST_FUSED,
    Place,
    after,
    asks_for_meaning,
    check_goes_on,
    fused,
    place_of,
    score_of_rest,
    ways_of,
)

IDS = st.lists(st.integers(1, 40), unique=True, max_size=30)


def test_what_is_first_in_both_ways_is_worth_a_million() -> None:
    assert fused([7, 8], [7, 9]) == [(1_000_000, 7), (491_935, 8), (491_935, 9)]
    assert fused([7], []) == [(500_000, 7)]


def test_what_is_found_in_both_ways_goes_before_what_is_first_in_one() -> None:
    order = [id_ for _, id_ in fused([1, 2, 3, 4], [5, 6, 4])]
    assert order[0] == 4
    assert set(order) == {1, 2, 3, 4, 5, 6}


@given(IDS, IDS, st.integers(1, 7))
def test_pages_give_everything_once_and_in_order(
    by_words: list[int], by_meaning: list[int], size: int
) -> None:
    order = fused(by_words, by_meaning)
    seen: list[tuple[int, int]] = []
    place: Place | None = None
    while page := after(order, place)[:size]:
        seen += page
        place = Place("both", *page[-1])
    assert seen == order
    assert {id_ for _, id_ in order} == {*by_words, *by_meaning}


def test_what_follows_is_worth_less_than_all_that_was_fused() -> None:
    lowest = min(ppm for ppm, _ in fused(range(MOST_FUSED), ()))
    assert score_of_rest(1_000_000) < lowest


@pytest.mark.parametrize("place", [Place("words", 5, 6), Place("both", 5, 6), Place("rest", 5, 6)])
def test_a_place_is_read_from_its_cursor(place: Place) -> None:
    assert place_of(encode_cursor(*place.key)) == place


@pytest.mark.parametrize("key", [("other", 1, 2), (1,), ("both", 1), ("both", "1", 2), ("both", -1, 2)])
def test_other_cursors_are_refused(key: tuple[str | int, ...]) -> None:
    with pytest.raises(UsageError) as refused:
        place_of(encode_cursor(*key))
    assert refused.value.code == "bad_cursor"


@pytest.mark.parametrize(
    ("q", "wanted"),
    [("how much money", True), ("money", True), ('"money"', False), ("money -cash", False), ("!?", False)],
)
def test_quotes_and_exclusions_ask_for_words_alone(q: str, wanted: bool) -> None:
    assert asks_for_meaning(q, None) is wanted


def test_a_search_goes_on_as_it_began() -> None:
    assert asks_for_meaning("money", encode_cursor("both", 1, 2))
    assert not asks_for_meaning("money", encode_cursor(1, 2))
    check_goes_on(Place("words", 1, 2), has_question=False)
    check_goes_on(Place("rest", 1, 2), has_question=True)
    with pytest.raises(UnavailableError):
        check_goes_on(Place("both", 1, 2), has_question=False)


def test_the_ways_of_a_moment() -> None:
    assert ways_of(1, {1: 0}, {1: 0}) == ("words", "meaning")
    assert ways_of(1, {}, {1: 0}) == ("meaning",)
