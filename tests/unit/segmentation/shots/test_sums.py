"""Sums of bytes, distances of distributions and matches of blocks, against the plain ways to compute them."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pytest

from actors.segmentation.shots.comparing.byte_sums import block_sums, byte_sums
from actors.segmentation.shots.comparing.distances import change_of, clamped, distribution_distance
from actors.segmentation.shots.comparing.matching import BLOCK_PX, MOST_BLOCKS, REACH_PX, most_of, residual
from actors.segmentation.shots.known_rows import KnownRows

Bytes = npt.NDArray[np.uint8]


def pictures(count: int, *shape: int, seed: int = 1) -> Bytes:
    """Random ones, of which the first is as bright as can be: sums are largest there."""
    out = np.random.default_rng(seed).integers(0, 256, (count, *shape), dtype=np.uint8)
    out[:1] = 255
    return out


@pytest.mark.parametrize("length", [8, 16, 144, 1024, 1032, 3888, 100_000, 7, 3889])
def test_sums_of_bytes_are_exact(length: int) -> None:
    values = pictures(5, length)
    assert byte_sums(values).tolist() == values.astype(np.int64).sum(axis=1).tolist()


def test_rows_with_gaps_between_them_are_added_up_too() -> None:
    values = pictures(6, 64)[::2, ::2]
    assert byte_sums(values).tolist() == values.astype(np.int64).sum(axis=1).tolist()


@pytest.mark.parametrize("rows", [1, 9, 32])
def test_sums_of_blocks_are_exact(rows: int) -> None:
    values = pictures(4, 2 * rows, 48)
    plain = values.astype(np.int64).reshape(4, 2, rows, 6, 8).sum(axis=(2, 4))
    assert np.array_equal(block_sums(values, rows), plain)


def test_blocks_whose_sum_would_not_fit_are_refused() -> None:
    with pytest.raises(ValueError, match="at most 32 rows"):
        block_sums(pictures(1, 66, 48), 33)


def test_the_change_of_pictures_is_their_mean_absolute_difference() -> None:
    a, b = pictures(7, 27, 48, 3), pictures(7, 27, 48, 3, seed=2)
    b[0] = 0
    plain = np.abs(a.astype(np.int64) - b).reshape(7, -1).mean(axis=1)
    assert change_of(a, b) == pytest.approx(plain, rel=1e-6)
    assert change_of(a, b)[0] == 255


def test_two_distributions_are_as_far_apart_as_their_sorted_values() -> None:
    a, b = pictures(7, 27, 48, 3), pictures(7, 27, 48, 3, seed=2) // 2
    one, other = (np.sort(x.reshape(7, -1, 3), axis=1).astype(np.int64) for x in (a, b))
    assert distribution_distance(a, b) == pytest.approx(np.abs(one - other).mean(axis=(1, 2)), rel=1e-6)


def test_each_block_is_matched_where_it_fits_best() -> None:
    old, new = pictures(11, 27, 48), pictures(11, 27, 48, seed=2)
    down, right = REACH_PX
    wide = np.pad(old.astype(np.int64), ((0, 0), (down, down), (right, right)), mode="edge")
    high, broad = BLOCK_PX
    sums = [
        np.abs(wide[:, y : y + 27, x : x + 48] - new)
        .reshape(11, 27 // high, high, 48 // broad, broad)
        .sum(axis=(2, 4))
        for y in range(2 * down + 1)
        for x in range(2 * right + 1)
    ]
    best = np.sort(np.min(sums, axis=0).reshape(11, -1), axis=1) / (high * broad)
    mean, most = residual(old, new)
    assert mean == pytest.approx(best.mean(axis=1), rel=1e-5)
    assert most == pytest.approx(best[:, -MOST_BLOCKS:].mean(axis=1), rel=1e-5)


def test_no_pairs_have_no_matches() -> None:
    nothing = pictures(0, 27, 48)
    assert [len(one) for one in (*residual(nothing, nothing), *most_of(nothing, nothing))] == [0] * 4


def test_frame_numbers_beyond_the_ends_are_those_of_the_ends() -> None:
    assert clamped(np.array([[-3, 0], [4, 9]]), 0, 5).tolist() == [[0, 0], [4, 5]]


def test_what_is_known_of_a_window_is_not_computed_again() -> None:
    asked: list[list[list[int]]] = []

    def lengths(windows: npt.NDArray[np.int64]) -> npt.NDArray[np.int64]:
        asked.append(windows.tolist())
        return np.diff(windows, axis=1)

    known = KnownRows(np.zeros((0, 1), np.int64))
    first = known.of(np.array([[3, 9], [1, 2], [3, 9]]), lengths)
    second = known.of(np.array([[1, 2], [4, 8]]), lengths)
    third = known.of(np.array([[4, 8]]), lengths)
    assert [one[:, 0].tolist() for one in (first, second, third)] == [[6, 1, 6], [1, 4], [4]]
    assert asked == [[[3, 9], [1, 2]], [[4, 8]]]
    assert known.of(np.zeros((0, 2), np.int64), lengths).shape == (0, 1)
