"""What tables of an ISO media file claim, beside the bytes that they have for it.

FFmpeg reads as many rows as a table states, also past the end of its box, and for some boxes reserves
memory for all of them first. So a table that states many more rows than its own box holds is refused. Reads
counts and, where `rows_of` is asked, the rows themselves; knows nothing of tracks. Layouts: ISO/IEC
14496-12, 23001-7, QuickTime.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import numpy.typing as npt

from actors.segmentation.demux.iso.walker import Box
from actors.segmentation.errors import MediaError, MediaErrorCode

TOLERATED_ROWS = 4096
"""Rows beyond its box that a table may claim. Damage gives such tables, and FFmpeg makes of it what it can;
so few cost nothing."""
MOST_ROWS_READ = 5_000_000
"""Rows of one table that are read at most, 60 MB. A day of PCM that is written in packets of 1024 samples has
4 million chunks."""
_PER_SAMPLE_FLAGS = (0x100, 0x200, 0x400, 0x800)
"""Flags of `trun` that say that each sample has a duration, a size, flags, an offset of its time: 4 bytes
each."""
_TRACK_RUN_FLAGS = (0x1, 0x4)
"""Flags of `trun` for a number of 4 bytes in front of the samples."""


def claimed_rows(box: Box) -> int:
    """Rows that a table states; 0 for boxes that are no tables. MediaError when its box cannot hold them.

    Of `trun`, `senc` and `saiz` rows may take no bytes; those are counted as the others are.
    """
    shape = _SHAPES.get(box.kind)
    head = box.read(_HEAD_BYTES) if shape is not None else b""
    found = shape(box, head) if shape is not None and len(head) >= 4 else None
    if found is None:
        return 0
    rows, row_bits, front = found
    if row_bits and rows - TOLERATED_ROWS > max(0, box.size - front) * 8 // row_bits:
        name = box.kind.decode("ascii")
        raise MediaError(
            MediaErrorCode.TRUNCATED,
            f"The table {name!r} in the file's index states {rows} entries, but has only {box.size} bytes. "
            "The file is damaged: export or upload it again.",
        )
    return rows


def rows_of(box: Box, columns: int, front: int = 8) -> npt.NDArray[np.int64]:
    """int64[rows, columns]: the rows of a table of unsigned 32-bit numbers, as many as it states and holds,
    at most MOST_ROWS_READ. `front`: bytes before them."""
    head = box.read(front)
    stated = int.from_bytes(head[front - 4 :], "big")
    rows = min(stated, max(0, box.size - front) // (4 * columns), MOST_ROWS_READ)
    cells = np.frombuffer(box.read(4 * columns * rows, front), ">u4").astype(np.int64)
    return cells[: len(cells) // columns * columns].reshape(-1, columns)


def segments_of(box: Box) -> tuple[int, int]:
    """(where in the file the segments of a `sidx` begin, bytes of all together)."""
    wide = box.read(1) > b"\0"
    offset = int.from_bytes(box.read(8, 20) if wide else box.read(4, 16), "big")
    sizes = rows_of(box, 3, 32 if wide else 24)[:, 0] & 0x7FFF_FFFF  # the bit above tells of what kind it is
    return box.end + offset, int(sizes.sum())


_Shape = tuple[int, int, int]
"""(rows, bits of a row, bytes in front of the rows); 0 bits: rows take none."""
_HEAD_BYTES = 32


def _plain(row_bytes: int) -> Callable[[Box, bytes], _Shape | None]:
    return lambda _box, head: (_number(head, 4), 8 * row_bytes, 8)


def _number(head: bytes, at: int, count: int = 4) -> int:
    return int.from_bytes(head[at : at + count], "big")


def _edits(_box: Box, head: bytes) -> _Shape:
    return _number(head, 4), 8 * (20 if head[0] == 1 else 12), 8


def _sizes(_box: Box, head: bytes) -> _Shape:
    return _number(head, 8), 0 if _number(head, 4) else 32, 12


def _small_sizes(_box: Box, head: bytes) -> _Shape:
    return _number(head, 8), head[7] if len(head) > 7 else 8, 12


def _groups(_box: Box, head: bytes) -> _Shape:
    front = 12 if head[0] == 1 else 8
    return _number(head, front), 64, front + 4


def _segments(_box: Box, head: bytes) -> _Shape:
    front = 32 if head[0] else 24
    return _number(head, front - 2, 2), 96, front


def _track_run(_box: Box, head: bytes) -> _Shape:
    flags = _number(head, 1, 3)
    front = 8 + 4 * sum(bool(flags & one) for one in _TRACK_RUN_FLAGS)
    return _number(head, 4), 32 * sum(bool(flags & one) for one in _PER_SAMPLE_FLAGS), front


def _encrypted(_box: Box, head: bytes) -> _Shape:
    subsamples = bool(head[3] & 2)  # a count of 2 bytes at least; how long the vectors are stands elsewhere
    return _number(head, 4), 16 if subsamples else 0, 8


def _auxiliary_front(head: bytes) -> int:
    return 12 if head[3] & 1 else 4  # a type and its parameter


def _auxiliary_sizes(_box: Box, head: bytes) -> _Shape:
    front = _auxiliary_front(head)
    return _number(head, front + 1), 0 if head[front : front + 1] > b"\0" else 8, front + 5


def _auxiliary_offsets(_box: Box, head: bytes) -> _Shape:
    front = _auxiliary_front(head)
    return _number(head, front), 64 if head[0] else 32, front + 4


def _key_ids(_box: Box, head: bytes) -> _Shape | None:
    return (_number(head, 20), 128, 24) if head[0] else None


def _locations(_box: Box, head: bytes) -> _Shape:
    count_bytes = 4 if head[0] >= 2 else 2
    # an item has its number, where its data is, and how many parts it has
    row_bytes = count_bytes + (2 if head[0] else 0) + 2 + 2
    return _number(head, 6, count_bytes), 8 * row_bytes, 6 + count_bytes


def _items(_box: Box, head: bytes) -> _Shape:
    count_bytes = 4 if head[0] else 2
    return _number(head, 4, count_bytes), 8 * 8, 4 + count_bytes  # each is a box


def _associations(_box: Box, head: bytes) -> _Shape:
    return _number(head, 4), 8 * (5 if head[0] else 3), 8


def _random_access(_box: Box, head: bytes) -> _Shape:
    return _number(head, 12), 8 * (19 if head[0] else 11), 16


_SHAPES: dict[bytes, Callable[[Box, bytes], _Shape | None]] = {
    b"stts": _plain(8),
    b"ctts": _plain(8),
    b"stsc": _plain(12),
    b"stco": _plain(4),
    b"co64": _plain(8),
    b"stss": _plain(4),
    b"stps": _plain(4),
    b"keys": _plain(8),
    b"dref": _plain(12),
    b"elst": _edits,
    b"stsz": _sizes,
    b"stz2": _small_sizes,
    b"sbgp": _groups,
    b"sgpd": lambda _box, head: (_number(head, 12 if head[0] else 8), 8, 16 if head[0] else 12),
    b"sidx": _segments,
    b"trun": _track_run,
    b"senc": _encrypted,
    b"saiz": _auxiliary_sizes,
    b"saio": _auxiliary_offsets,
    b"pssh": _key_ids,
    b"iloc": _locations,
    b"iinf": _items,
    b"ipma": _associations,
    b"tfra": _random_access,
}
"""How each table states its rows."""
