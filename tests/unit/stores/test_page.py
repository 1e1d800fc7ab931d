"""Cursors are opaque, come back as they were, and forged ones are refused."""

from __future__ import annotations

import string

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cluster.errors import UsageError
from cluster.stores.page import decode_cursor, encode_cursor


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
