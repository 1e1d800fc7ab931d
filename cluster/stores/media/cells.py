"""How a growing object is divided into the parts of an S3 multipart upload: a fixed grid, by offset alone.

Because a part's number and place follow from its offset, nobody has to remember them: whoever writes the same
bytes of the same file again, after a crash or beside another replica, replaces the same part. Parts of one
size would be too many for a long film or too large to begin with: the later ones are larger. Knows no S3.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from cluster.errors import LimitExceededError

SMALL_BYTES = 8 << 20
"""What a part of an upload has by default: such a part is stored as it comes. (S3 wants 5 MiB at least.)"""

_LARGE_BYTES = 32 << 20  # of memory, too, while it is put together
_SMALL_COUNT = 5_000  # S3 takes 10,000 parts in all
_LARGE_COUNT = 5_000
_SMALL_END = _SMALL_COUNT * SMALL_BYTES
MAX_BYTES = _SMALL_END + _LARGE_COUNT * _LARGE_BYTES
"""About 195 GiB."""


@dataclass(frozen=True, slots=True)
class Cell:
    """Bytes `start` (inclusive) to `end` (exclusive) of the object; `number` counts from 1."""

    number: int
    start: int
    end: int

    @property
    def bytes(self) -> int:
        """Its length."""
        return self.end - self.start


def cell_at(offset: int) -> Cell:
    """The cell a byte lies in. LimitExceededError beyond MAX_BYTES."""
    if offset >= MAX_BYTES:
        raise LimitExceededError(f"A file in an object store has at most {MAX_BYTES} bytes here.")
    if offset < _SMALL_END:
        index = offset // SMALL_BYTES
        return Cell(index + 1, index * SMALL_BYTES, (index + 1) * SMALL_BYTES)
    index = (offset - _SMALL_END) // _LARGE_BYTES
    start = _SMALL_END + index * _LARGE_BYTES
    return Cell(_SMALL_COUNT + index + 1, start, start + _LARGE_BYTES)


def full_cells(total: int) -> Iterator[Cell]:
    """The cells that a file of `total` bytes fills, in order; what is left over is not among them."""
    at = 0
    while at < total and (cell := cell_at(at)).end <= total:
        yield cell
        at = cell.end
