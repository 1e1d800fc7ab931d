"""Numbers of segments as text, such as `0-3,7`: how an address names some of a level's segments.

Standard library only. Knows no segments.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterable
from dataclasses import dataclass

MAX_CHARS = 6000
"""Longest text of a request: with path and other parameters it fits in the 8 KiB that proxies commonly take
as an address."""
MAX_INDEX = 10**9
PATTERN = r"^[0-9]{1,10}(-[0-9]{1,10})?(,[0-9]{1,10}(-[0-9]{1,10})?)*$"


@dataclass(frozen=True, slots=True)
class IndexRanges:
    """Ranges of numbers, each (first, last), in order and apart from each other."""

    ranges: tuple[tuple[int, int], ...]

    @property
    def last(self) -> int:
        """The largest number."""
        return self.ranges[-1][1]

    def __contains__(self, index: int) -> bool:
        place = bisect_right(self.ranges, (index, MAX_INDEX))
        return place > 0 and index <= self.ranges[place - 1][1]

    def __str__(self) -> str:
        return ",".join(str(first) if first == last else f"{first}-{last}" for first, last in self.ranges)


def parse_index_ranges(text: str) -> IndexRanges:
    """Reads `0-3,7`, in any order, also overlapping. ValueError with a sentence where it is no such text."""
    if not re.fullmatch(PATTERN, text):
        raise ValueError("Write numbers and ranges, such as 0-3,7.")
    pairs = []
    for part in text.split(","):
        first, _, last = part.partition("-")
        pairs.append((int(first), int(last or first)))
        if pairs[-1][0] > pairs[-1][1]:
            raise ValueError(f"The range {part} ends before it begins.")
        if pairs[-1][1] > MAX_INDEX:
            raise ValueError(f"There is no number above {MAX_INDEX}.")
    return IndexRanges(_merged(pairs))


def index_ranges(indices: Iterable[int]) -> IndexRanges:
    """The ranges of these numbers. ValueError for none."""
    pairs = [(index, index) for index in indices]
    if not pairs:
        raise ValueError("Name at least one number.")
    return IndexRanges(_merged(pairs))


def _merged(pairs: list[tuple[int, int]]) -> tuple[tuple[int, int], ...]:
    merged: list[tuple[int, int]] = []
    for first, last in sorted(pairs):
        if merged and first <= merged[-1][1] + 1:
            merged[-1] = (merged[-1][0], max(last, merged[-1][1]))
        else:
            merged.append((first, last))
    return tuple(merged)
