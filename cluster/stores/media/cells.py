"""Divides a growing object into the parts of an S3 multipart upload: a fixed grid that depends on the offset
only.

A part's number and range follow from its offset, so no state is kept. A writer that sends the same bytes
again, after a crash or beside another replica, replaces the same part. S3 takes 10,000 parts at most: with
one size, parts would be too many for a long film or too large for a short one, so later parts are larger.
Knows no S3.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from cluster.errors import LimitExceededError

SMALL_BYTES = 8 << 20
"""Bytes of an early cell: the default size of an upload's part, which is then stored without joining. (S3's
least is 5 MiB.)
"""

_LARGE_BYTES = 32 << 20  # bytes of a later cell; also of memory, while the cell is joined from smaller parts
_SMALL_COUNT = 5_000  # half of the 10,000 parts that S3 takes
_LARGE_COUNT = 5_000
_SMALL_END = _SMALL_COUNT * SMALL_BYTES
MAX_BYTES = _SMALL_END + _LARGE_COUNT * _LARGE_BYTES
"""Bytes of the largest object that the grid holds, about 195 GiB."""


@dataclass(frozen=True, slots=True)
class Cell:
    """One cell of the grid: bytes `start` (inclusive) to `end` (exclusive); parts are numbered from 1."""

    number: int
    start: int
    end: int

    @property
    def bytes(self) -> int:
        """Length of the cell in bytes."""
        return self.end - self.start


def cell_at(offset: int) -> Cell:
    """The cell that holds the byte at `offset`. LimitExceededError beyond MAX_BYTES."""
    if offset >= MAX_BYTES:
        raise LimitExceededError(f"A file in an object store has at most {MAX_BYTES} bytes here.")
    if offset < _SMALL_END:
        index = offset // SMALL_BYTES
        return Cell(index + 1, index * SMALL_BYTES, (index + 1) * SMALL_BYTES)
    index = (offset - _SMALL_END) // _LARGE_BYTES
    start = _SMALL_END + index * _LARGE_BYTES
    return Cell(_SMALL_COUNT + index + 1, start, start + _LARGE_BYTES)


def full_cells(total: int) -> Iterator[Cell]:
    """The cells that a file of `total` bytes fills whole, in order; a partial last cell is left out."""
    at = 0
    while at < total and (cell := cell_at(at)).end <= total:
        yield cell
        at = cell.end
