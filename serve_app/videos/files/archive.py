"""Streams a zip archive: writes it block by block while it is sent. Entries are stored, not deflated.

Deflating would not make video smaller. Only the central directory is held in memory, so an archive may have
any size (ZIP64 where needed). The same files and date give the same bytes. The package zipstream-ng is not
used: for an entry whose bytes come from an iterator it writes the current time and mode 0600, and lets the
caller set neither. Knows neither clips nor HTTP.
"""

from __future__ import annotations

import zipfile
from collections.abc import Callable, Iterable, Iterator
from typing import NamedTuple

_ATTRIBUTES = 0o644 << 16  # a plain file, as Unix tools unpack it
_BLOCK_BYTES = 1 << 20


class ZipEntry(NamedTuple):
    """A file of the archive. `size` in bytes; `read` opens the content when the entry is written."""

    name: str
    size: int
    read: Callable[[], Iterable[bytes]]


class _WriteBuffer:
    """Write-only file object for `zipfile`: collects the bytes until they are taken. Cannot seek."""

    def __init__(self) -> None:
        self.pending = bytearray()

    def write(self, data: bytes) -> int:
        self.pending += data
        return len(data)

    def flush(self) -> None:
        """Does nothing: there is no buffer behind this one."""

    def taken(self) -> bytes:
        block = bytes(self.pending)
        self.pending.clear()
        return block


def zip_blocks(entries: Iterable[ZipEntry], date: tuple[int, int, int, int, int, int]) -> Iterator[bytes]:
    """The archive in blocks of about 1 MiB.

    `date`: (year from 1980, month, day, hour, minute, second), the same for every entry.
    """
    outlet = _WriteBuffer()
    with zipfile.ZipFile(outlet, "w", zipfile.ZIP_STORED, allowZip64=True) as archive:  # type: ignore[call-overload]
        for entry in entries:
            info = zipfile.ZipInfo(entry.name, date)
            info.external_attr = _ATTRIBUTES
            info.file_size = entry.size  # decides on ZIP64 before the first byte is written
            with archive.open(info, "w") as file:
                for block in entry.read():
                    file.write(block)
                    if len(outlet.pending) >= _BLOCK_BYTES:
                        yield outlet.taken()
    if outlet.pending:
        yield outlet.taken()
