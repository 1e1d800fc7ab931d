"""Builds MP4 and QuickTime files box by box (ISO/IEC 14496-12), with tables that may claim anything.

The defaults make a file that is well formed. Writes bytes; encodes nothing.
"""

from __future__ import annotations

import struct
from collections.abc import Sequence
from dataclasses import dataclass, field

IDENTITY = struct.pack(">9I", 1 << 16, 0, 0, 0, 1 << 16, 0, 0, 0, 1 << 30)
"""The display matrix that neither turns nor mirrors."""
TIMESCALE = 1000
"""Ticks a second of the movie and of every track."""


def box(kind: bytes, *content: bytes, size: int | None = None) -> bytes:
    """A box; `size` is what it states in place of its own length."""
    body = b"".join(content)
    return struct.pack(">I", len(body) + 8 if size is None else size) + kind + body


def large_box(kind: bytes, *content: bytes, size: int | None = None) -> bytes:
    """A box whose size is stated in 64 bits."""
    body = b"".join(content)
    return struct.pack(">I", 1) + kind + struct.pack(">Q", len(body) + 16 if size is None else size) + body


def full_box(
    kind: bytes, *content: bytes, version: int = 0, flags: int = 0, size: int | None = None
) -> bytes:
    """A box that begins with a version and flags."""
    return box(kind, struct.pack(">I", version << 24 | flags), *content, size=size)


def table(
    kind: bytes, rows: Sequence[tuple[int, ...]], claimed: int | None = None, head: bytes = b""
) -> bytes:
    """A table of 32-bit numbers; `claimed` is the number of rows that it states."""
    cells = b"".join(struct.pack(f">{len(row)}I", *(cell & 0xFFFF_FFFF for cell in row)) for row in rows)
    return full_box(kind, head, struct.pack(">I", len(rows) if claimed is None else claimed), cells)


def stsz(size_bytes: int, count: int, sizes: Sequence[int] = ()) -> bytes:
    """Sizes of samples: all alike, or one for each where `size_bytes` is 0."""
    return full_box(b"stsz", struct.pack(">II", size_bytes, count), struct.pack(f">{len(sizes)}I", *sizes))


VIDEO_ENTRY = box(
    b"mp4v",
    bytes(6),
    struct.pack(">H", 1),
    bytes(16),
    struct.pack(">HH", 64, 48),
    bytes(14 + 32),
    b"\0\x18\xff\xff",
)
"""Sample entry of MPEG-4 Part 2, 64 x 48 pixels."""


def sound_entry(kind: bytes = b"sowt") -> bytes:
    """Sample entry of sound: mono, 16 bits, 8000 Hz."""
    return box(
        kind, bytes(6), struct.pack(">H", 1), bytes(8), struct.pack(">HHHHI", 1, 16, 0, 0, 8000 << 16)
    )  # fmt: skip


@dataclass(frozen=True)
class Track:
    """A track and its tables, of one sample of four bytes each. `more`: boxes behind those of `stbl`."""

    handler: bytes = b"vide"
    entry: bytes = VIDEO_ENTRY
    stts: bytes = table(b"stts", [(1, 40)])
    stsc: bytes = table(b"stsc", [(1, 1, 1)])
    sizes: bytes = stsz(4, 1)
    stco: bytes = table(b"stco", [(48,)])
    more: Sequence[bytes] = field(default_factory=tuple)
    edits: bytes = b""
    duration_ticks: int = 40

    def to_box(self, number: int = 1) -> bytes:
        """The box `trak`."""
        tkhd = full_box(
            b"tkhd",
            struct.pack(">IIIII", 0, 0, number, 0, self.duration_ticks),
            bytes(16),
            IDENTITY,
            struct.pack(">II", 64 << 16, 48 << 16),
            flags=3,
        )
        mdhd = full_box(b"mdhd", struct.pack(">IIIIHH", 0, 0, TIMESCALE, self.duration_ticks, 0x55C4, 0))
        hdlr = full_box(b"hdlr", bytes(4), self.handler, bytes(13))
        stsd = full_box(b"stsd", struct.pack(">I", 1), self.entry)
        stbl = box(b"stbl", stsd, self.stts, self.stsc, self.sizes, self.stco, *self.more)
        return box(b"trak", tkhd, self.edits, box(b"mdia", mdhd, hdlr, box(b"minf", stbl)))


def edit_list(rows: Sequence[tuple[int, int]], claimed: int | None = None) -> bytes:
    """The box `edts`; rows: (duration, time in the media), in ticks."""
    return box(b"edts", table(b"elst", [(duration, at, 1 << 16) for duration, at in rows], claimed))


def movie(*tracks: Track | bytes, more: Sequence[bytes] = (), media: bytes = bytes(64)) -> bytes:
    """A whole file: `ftyp`, `mdat` with its content from byte 48 on at the latest, `moov`."""
    mvhd = full_box(
        b"mvhd",
        struct.pack(">IIII", 0, 0, TIMESCALE, 40),
        bytes(16),
        IDENTITY,
        bytes(24),
        struct.pack(">I", 99),
    )
    boxes = [track.to_box(n) if isinstance(track, Track) else track for n, track in enumerate(tracks, 1)]
    ftyp = box(b"ftyp", b"isom", bytes(4), b"isommp41")
    return ftyp + box(b"mdat", bytes(16), media) + box(b"moov", mvhd, *boxes, *more)
