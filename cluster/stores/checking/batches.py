"""A stream in pieces of bounded length. Knows nothing of what is in it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import islice
from typing import TypeVar

T = TypeVar("T")


def batches(items: Iterable[T], most: int) -> Iterator[list[T]]:
    """Yields the items in lists of `most`; the last may be shorter."""
    stream = iter(items)
    while batch := list(islice(stream, most)):
        yield batch
