"""Tables of parallel numpy arrays, checked when they are made, and how a column becomes bytes.

The base of the tables in `tracks`. Knows dtypes, shapes and bytes; does not know what the columns mean.
Imports numpy and the standard library alone.
"""

from __future__ import annotations

import zlib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, ClassVar, TypeVar

import numpy as np
import numpy.typing as npt

_ZLIB_LEVEL = 6
"""zlib's default. No measurement."""

Array = npt.NDArray[Any]
TableT = TypeVar("TableT", bound="TrackTable")


class TracksError(ValueError):
    """Arrays or stored bytes are not tracks of this format: damaged, or written by another version."""


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class TrackTable:
    """Columns: parallel arrays of equal length. LAYOUT: each one's dtype and the shape of one row.

    TracksError when an array does not fit. The repr shows shapes, not values.
    """

    LAYOUT: ClassVar[dict[str, tuple[str, tuple[int, ...]]]] = {}

    def __post_init__(self) -> None:
        length: int | None = None
        for name, (dtype, row) in self.LAYOUT.items():
            array = getattr(self, name)
            if array.dtype != np.dtype(dtype) or array.shape[1:] != row or array.ndim != len(row) + 1:
                raise TracksError(f"{name}: want {dtype}{('n', *row)}, got {array.dtype}{array.shape}")
            if length is not None and len(array) != length:
                raise TracksError(f"{name}: has {len(array)} rows where the others have {length}")
            length = len(array)

    def __len__(self) -> int:
        return len(getattr(self, next(iter(self.LAYOUT))))

    def __eq__(self, other: object) -> bool:
        """Bitwise: the same dtypes, shapes and bytes (so a NaN equals itself)."""
        if type(other) is not type(self):
            return NotImplemented
        mine = (getattr(self, name).tobytes() for name in self.LAYOUT)
        return all(a == getattr(other, name).tobytes() for a, name in zip(mine, self.LAYOUT, strict=True))

    __hash__ = None  # type: ignore[assignment]

    def __repr__(self) -> str:
        return (
            f"{type(self).__name__}({', '.join(f'{n}{list(getattr(self, n).shape)}' for n in self.LAYOUT)})"
        )

    @classmethod
    def empty(cls: type[TableT], length: int = 0) -> TableT:
        """A table of zeros."""
        return cls(*(np.zeros((length, *row), dtype) for dtype, row in cls.LAYOUT.values()))

    @classmethod
    def join(cls: type[TableT], parts: Sequence[TableT]) -> TableT:
        """One table with the rows of `parts` in order; empty if there are none."""
        if not parts:
            return cls.empty()
        if len(parts) == 1:  # a film analysed as one chunk: a copy would be a hundred megabytes
            return parts[0]
        return cls(*(np.concatenate([getattr(p, name) for p in parts]) for name in cls.LAYOUT))

    def put(self: TableT, start: int, part: TableT) -> None:
        """Overwrite the rows from `start` on with `part`. ValueError when there are fewer than it has."""
        if not 0 <= start <= len(self) - len(part):
            raise ValueError(f"rows {start}..{start + len(part)} are not within 0..{len(self)}")
        for name in self.LAYOUT:
            getattr(self, name)[start : start + len(part)] = getattr(part, name)

    @property
    def size_bytes(self) -> int:
        """Bytes of the arrays in memory."""
        return sum(getattr(self, name).nbytes for name in self.LAYOUT)

    def rows(self: TableT, start: int, stop: int) -> TableT:
        """Rows start .. stop as views."""
        return type(self)(*(getattr(self, name)[start:stop] for name in self.LAYOUT))


def pack(array: Array) -> bytes:
    """Compress a column; `unpack` is the inverse."""
    return zlib.compress(_filtered(array), _ZLIB_LEVEL)


def _filtered(array: Array) -> bytes:
    """Bytes that compress well: pictures as differences to the row before (delta filter), numbers of several
    bytes as one plane for each byte (shuffle filter)."""
    if array.dtype == np.uint8 and array.ndim > 1:
        delta = array.copy()
        delta[1:] -= array[:-1]
        return delta.tobytes()
    if array.dtype.itemsize > 1:
        return _bytes_of(array).T.tobytes()
    return array.tobytes()


def unpack(block: memoryview, dtype: np.dtype[Any], shape: tuple[int, ...]) -> Array:
    """Decompress a column of a dtype and shape. TracksError when the bytes are not of that size."""
    size = int(np.prod(shape, dtype=np.int64)) * dtype.itemsize
    inflater = zlib.decompressobj()
    raw = inflater.decompress(block, size + 1)  # bounded: a small block could inflate to gigabytes
    if len(raw) != size or not inflater.eof:
        raise TracksError(f"{len(raw)} bytes where {dtype}{shape} needs {size}")
    flat = np.frombuffer(raw, np.uint8)
    if dtype == np.uint8 and len(shape) > 1:
        return np.add.accumulate(flat.reshape(shape), axis=0, dtype=np.uint8)
    if dtype.itemsize > 1:
        return np.ascontiguousarray(flat.reshape(dtype.itemsize, -1).T).view(dtype).reshape(shape)
    return flat.view(dtype).reshape(shape)


def _bytes_of(array: Array) -> npt.NDArray[np.uint8]:
    little = np.ascontiguousarray(array, dtype=array.dtype.newbyteorder("<"))
    return little.reshape(-1).view(np.uint8).reshape(-1, array.dtype.itemsize)
