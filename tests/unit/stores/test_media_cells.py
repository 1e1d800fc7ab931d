"""The grid of an object's parts."""

from __future__ import annotations

import pytest

from cluster.errors import LimitExceededError
from cluster.stores.media.cells import MAX_BYTES, cell_at, full_cells

S3_PARTS, S3_PART_BYTES = 10_000, 5 << 20  # at most, at least


def test_cells_tile_the_object_within_what_s3_takes() -> None:
    cells = list(full_cells(MAX_BYTES))
    assert [cell.number for cell in cells] == list(range(1, S3_PARTS + 1))
    assert [cell.start for cell in cells] == [0, *(cell.end for cell in cells[:-1])]
    assert cells[-1].end == MAX_BYTES
    assert min(cell.bytes for cell in cells) >= S3_PART_BYTES
    for cell in cells[::500]:
        assert cell_at(cell.start) == cell_at(cell.end - 1) == cell


def test_what_does_not_fill_a_cell_is_left_over() -> None:
    first = cell_at(0)
    assert list(full_cells(first.end - 1)) == []
    assert list(full_cells(first.end + 1)) == [first]


def test_beyond_the_last_cell_there_is_nothing() -> None:
    with pytest.raises(LimitExceededError, match=str(MAX_BYTES)):
        cell_at(MAX_BYTES)
