"""Walks the boxes of an ISO media file (ISO/IEC 14496-12) the way FFmpeg's demuxer does.

Only boxes into which FFmpeg descends are entered, so a comment or a `free` box may contain any name. Sizes
of 64 bits and of 0 (to the end of the parent) are understood, and one that reaches past its parent ends
with it. Reads heads of boxes only, so memory does not grow with the file. Knows no table (`iso.tables`) and
no track; imports no PyAV.
"""

from __future__ import annotations

import os
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Protocol

CONTAINERS = frozenset(
    (
        *(b"moov", b"trak", b"mdia", b"minf", b"stbl", b"edts", b"udta", b"mvex", b"moof", b"traf", b"dinf"),
        *(b"sinf", b"schi", b"wave", b"tref", b"gmhd", b"iprp", b"ipco", b"ilst", b"meta", b"cmov", b"hoov"),
        b"stsd",
    )
)
"""Boxes in which FFmpeg looks for boxes (libavformat/mov.c, mov_default_parse_table)."""
_MAX_DEPTH = 10
"""Nesting at which FFmpeg gives up ("Atoms too deeply nested")."""
MAX_BOXES = 8_000_000
"""Boxes that are looked at, which takes half a minute. A day in fragments of half a second, three tracks
each, has 2.6 million; one in pieces of 0.2 s, two tracks apart, 6.9 million."""
_META_SCAN_BYTES = 1 << 20
"""Bytes of `meta` that are searched for the box `hdlr`, with which its content begins; it stands in front."""
_HEADER_BYTES = 32 << 20
"""Most bytes of a compressed header (`cmov`) when unpacked. Programs of the 1990s wrote it, for headers of
a few hundred kB."""
_SOUND_HEADS = (36, 52, 72)
_VIDEO_HEAD = 86
"""Bytes of a sample entry in front of the boxes in it: sound of version 0, 1 and 2, and pictures."""
_PALETTE_BYTES = 8
"""Bytes in front of the colours of a palette, and of each colour."""
_BLOCK_BYTES = 4096
"""Bytes that are read for one head: the heads of a fragment lie side by side. The pool tells by bytes
read that a task gets on, and single heads of a long film on a slow disk would be too few."""


class TooManyBoxesError(Exception):
    """The file has more boxes than are looked at."""


class HeaderTooLargeError(Exception):
    """A compressed header states, or has, more bytes than are unpacked."""


class Source(Protocol):
    """Bytes with a length."""

    size: int

    def read(self, at: int, count: int) -> bytes:
        """At most `count` bytes from `at` on; fewer at the end."""


class FileSource:
    """An open file, read without a position of its own."""

    def __init__(self, descriptor: int) -> None:
        self._descriptor = descriptor
        self.size = os.fstat(descriptor).st_size
        self._block, self._block_at = b"", 0

    def read(self, at: int, count: int) -> bytes:
        """At most `count` bytes from `at` on; fewer at the end. OSError."""
        if count > _BLOCK_BYTES:
            return os.pread(self._descriptor, count, at)
        into = at - self._block_at
        if not 0 <= into <= len(self._block) - count:
            self._block, self._block_at, into = os.pread(self._descriptor, _BLOCK_BYTES, at), at, 0
        return self._block[into : into + count]


class BytesSource:
    """Bytes in memory."""

    def __init__(self, content: bytes) -> None:
        self._content = content
        self.size = len(content)

    def read(self, at: int, count: int) -> bytes:
        """At most `count` bytes from `at` on; fewer at the end."""
        return self._content[at : at + count]


@dataclass(frozen=True, slots=True)
class Box:
    """A box: its type, and where its content lies in `source`. `leaving`: all boxes in it have been told."""

    kind: bytes
    source: Source
    start: int
    end: int
    leaving: bool = False

    @property
    def size(self) -> int:
        """Bytes of the content."""
        return self.end - self.start

    def read(self, count: int, at: int = 0) -> bytes:
        """At most `count` bytes of the content, from offset `at` on."""
        return self.source.read(self.start + at, max(0, min(count, self.size - at)))


def walk(source: Source, start: int = 0) -> Iterator[Box]:
    """All boxes in the file's order; a container is told before and, as `leaving`, after what it contains.

    A second `moov` is passed over, as FFmpeg does. Where there is none, a `free` box with a header in it
    counts as one. TooManyBoxesError, HeaderTooLargeError; OSError when the file cannot be read.
    """
    walker = _Walker()
    yield from walker.children(Box(b"root", source, start, source.size), 0)
    if not walker.found_movie:
        walker.retrying = True
        yield from walker.children(Box(b"root", source, 0, source.size), 0)


class _Walker:
    def __init__(self) -> None:
        self.found_movie = False
        self.retrying = False
        self._seen = 0

    def children(self, parent: Box, depth: int) -> Iterator[Box]:
        """Boxes inside a container, and inside those."""
        if depth > _MAX_DEPTH:
            return
        at = parent.start
        while at + 8 <= parent.end:
            self._seen += 1
            if self._seen > MAX_BOXES:
                raise TooManyBoxesError
            head = parent.source.read(at, 16)
            if len(head) < 8:
                return
            length, kind = int.from_bytes(head[:4], "big"), head[4:8]
            head_bytes = 8
            if length == 1 and at + 16 <= parent.end and len(head) == 16:
                length, head_bytes = int.from_bytes(head[8:], "big"), 16
            # FFmpeg takes off 8 bytes of a size of 64 bits before it asks whether it is 0
            if length == head_bytes - 8:
                length = parent.end - at
            if not head_bytes <= length < 1 << 63:
                return
            if kind in (b"trak", b"mdat") and parent.kind not in (b"root", b"moov"):
                return  # FFmpeg: "Broken file, trak/mdat not at top-level", and leaves the container
            end = min(at + length, parent.end)
            box = Box(self._meant(kind, head, parent, at), parent.source, at + head_bytes, end)
            yield from self._told(box, depth)
            at = end

    def _meant(self, kind: bytes, head: bytes, parent: Box, at: int) -> bytes:
        """`moov` for a box that FFmpeg takes for one."""
        hidden = kind == b"hoov" or (kind == b"free" and self.retrying)
        if hidden and parent.source.read(at + 12, 4) in (b"mvhd", b"cmov"):
            return b"moov"
        return kind

    def _told(self, box: Box, depth: int) -> Iterator[Box]:
        yield box
        if box.kind not in CONTAINERS or (box.kind == b"moov" and self.found_movie):
            return
        if box.kind == b"meta":
            start = _content_of_meta(box)
            if start is not None:
                yield from self.children(Box(box.kind, box.source, start, box.end), depth + 1)
        elif box.kind == b"stsd":
            yield from self._sample_entries(box, depth + 1)
        elif box.kind == b"cmov":
            unpacked = _unpacked(box)
            if unpacked is not None:
                inside = Box(b"moov", BytesSource(unpacked), 0, len(unpacked))
                yield from self.children(inside, depth + 1)
        else:
            yield from self.children(box, depth + 1)
        if box.kind == b"moov":
            self.found_movie = True
        yield Box(box.kind, box.source, box.start, box.end, leaving=True)

    def _sample_entries(self, box: Box, depth: int) -> Iterator[Box]:
        """Boxes behind the fixed part of each sample entry, whose length depends on what it describes."""
        at = box.start + 8
        while at + 16 <= box.end:
            head = box.source.read(at, _VIDEO_HEAD + _PALETTE_BYTES)
            length = int.from_bytes(head[:4], "big")
            if length < 16:
                return
            end = min(at + length, box.end)
            for front in (16, *_SOUND_HEADS, _VIDEO_HEAD, _behind_palette(head)):
                if at + front + 8 <= end:
                    yield from self.children(Box(b"entry", box.source, at + front, end), depth + 1)
            at = end


def _behind_palette(head: bytes) -> int:
    """Bytes of a picture's sample entry with a palette in it, as QuickTime has it for few colours."""
    first, last = int.from_bytes(head[86:90], "big"), int.from_bytes(head[92:94], "big")
    colours = last - first + 1 if first <= last <= 255 else 0
    return _VIDEO_HEAD + _PALETTE_BYTES * (1 + colours)


def _content_of_meta(box: Box) -> int | None:
    """Where the boxes in `meta` begin: at `hdlr`, with or without a version in front; None without one."""
    text = box.read(_META_SCAN_BYTES)
    found = text.find(b"hdlr")
    while found >= 0 and found % 4:
        found = text.find(b"hdlr", found + 1)
    return box.start + found - 4 if found >= 0 else None


def _unpacked(box: Box) -> bytes | None:
    """The header in `cmov`: the box `dcom`, then `cmvd`, whose content is packed. None if it is none."""
    head = box.read(24)
    if head[4:8] != b"dcom" or head[8:12] != b"zlib" or head[16:20] != b"cmvd":
        return None
    stated = int.from_bytes(head[20:24], "big")
    if stated > _HEADER_BYTES or box.size > _HEADER_BYTES:
        raise HeaderTooLargeError
    try:
        return zlib.decompressobj().decompress(box.read(box.size, 24), stated) if stated else None
    except zlib.error:
        return None
