"""Cursors are opaque, come back as they were, and forged ones are refused."""

from __future__ import annotations

import string
from datetime import UTC, datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cluster.errors import UsageError
from cluster.stores.page import decode_cursor, decode_time_cursor, encode_cursor, page_of, time_place


@settings(deadline=None)
@given(st.text(max_size=40), st.integers(0, 2**63 - 1))
def test_a_cursor_comes_back_as_it_was(text: str, number: int) -> None:
    assert decode_cursor(encode_cursor(text, number), str, int) == (text, number)


@settings(deadline=None)
@given(st.text(max_size=40))
def test_a_cursor_fits_into_a_url_as_it_is(text: str) -> None:
    assert set(encode_cursor(text)) <= set(string.ascii_letters + string.digits + "-_")


@settings(deadline=None)
@given(st.text())
def test_any_other_text_is_refused_politely(text: str) -> None:
    with pytest.raises(UsageError) as caught:
        decode_cursor(text, str, str, str)
    assert caught.value.code == "bad_cursor"


@pytest.mark.parametrize("types", [(str,), (int, str), (str, int, int), (str, str), ()])
def test_a_cursor_of_another_listing_is_refused(types: tuple[type[str] | type[int], ...]) -> None:
    with pytest.raises(UsageError):
        decode_cursor(encode_cursor("a", 1), *types)


@pytest.mark.parametrize("number", [-1, 2**63, 10**30])
def test_numbers_that_no_store_holds_are_refused(number: int) -> None:
    with pytest.raises(UsageError) as caught:
        decode_cursor(encode_cursor(number), int)
    assert caught.value.code == "bad_cursor"


def test_a_truth_value_is_no_number() -> None:
    with pytest.raises(UsageError):
        decode_cursor("W3RydWVd", int)  # [true]


@given(st.integers(0, 6), st.integers(1, 5))
def test_a_page_leads_on_where_the_store_had_one_more(count: int, limit: int) -> None:
    found = list(range(100, 100 + count))[: limit + 1]
    page = page_of(found, limit, lambda item: (item, "x"))

    assert page.items == tuple(found[:limit])
    if count > limit:
        assert page.next_cursor is not None
        assert decode_cursor(page.next_cursor, int, str) == (page.items[-1], "x")
    else:
        assert page.next_cursor is None


@given(st.datetimes(timezones=st.just(UTC)))
def test_a_place_in_a_listing_by_time_comes_back(created_at: datetime) -> None:
    cursor = encode_cursor(*time_place(created_at, "0123-abc"))

    assert decode_time_cursor(cursor) == (created_at, "0123-abc")


@pytest.mark.parametrize(
    ("time", "id_"), [("yesterday", "a"), ("2026-01-05T10:00:00+00:00", "\x00"), ("", "\ud800")]
)
def test_what_is_no_place_in_a_listing_by_time_is_refused(time: str, id_: str) -> None:
    with pytest.raises(UsageError) as caught:
        decode_time_cursor(encode_cursor(time, id_))
    assert caught.value.code == "bad_cursor"
