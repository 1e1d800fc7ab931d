"""Numbers of segments as text: read, written, and what is refused."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cluster.contract.index_ranges import MAX_INDEX, index_ranges, parse_index_ranges

NUMBERS = st.sets(st.integers(0, 60), min_size=1)


@given(NUMBERS)
def test_what_is_written_is_read_as_the_same_numbers(numbers: set[int]) -> None:
    read = parse_index_ranges(str(index_ranges(numbers)))

    assert {number for number in range(70) if number in read} == numbers
    assert read.last == max(numbers)


@given(NUMBERS)
def test_no_shorter_text_has_the_same_ranges(numbers: set[int]) -> None:
    ranges = index_ranges(numbers).ranges

    assert all(before[1] + 1 < after[0] for before, after in pairwise(ranges))


def test_order_and_overlap_do_not_matter() -> None:
    assert str(parse_index_ranges("7,3-5,0,4-6,9-9")) == "0,3-7,9"


def test_a_range_costs_no_memory_for_its_numbers() -> None:
    assert MAX_INDEX in parse_index_ranges(f"0-{MAX_INDEX}")


@pytest.mark.parametrize(
    "text", ["", "a", "1,", ",1", "-1", "1-", "1--2", "1 ,2", "1.5", "٣", "12345678901", "1\n"]
)
def test_what_is_no_list_of_numbers_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="0-3,7"):
        parse_index_ranges(text)


def test_a_range_that_ends_before_it_begins_and_too_large_numbers_are_refused() -> None:
    with pytest.raises(ValueError, match="5-3 ends before"):
        parse_index_ranges("0,5-3")
    with pytest.raises(ValueError, match="no number above"):
        parse_index_ranges(str(MAX_INDEX + 1))
    with pytest.raises(ValueError, match="at least one"):
        index_ranges([])
