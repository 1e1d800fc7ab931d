"""A zip archive made while it is sent: stored, not deflated, since video does not get smaller.

Nothing is kept but the directory, so archives may be of any size (ZIP64 where it must be). The same files and
date give the same bytes. The package zipstream-ng does not serve: it writes the present time and mode 0600
into entries that come from an iterator, and takes no others. Knows neither clips nor HTTP.
"""

from __future__ import annotations

import zipfile
from collections.abc import Callable, Iterable, Iterator
from typing import NamedTuple

_ATTRIBUTES = 0o644 << 16  # a plain file, as Unix tools unpack it
_BLOCK_BYTES = 1 << 20


class ZipEntry(NamedTuple):
    """A file of the archive. `read` opens its bytes when it is its turn."""

    name: str
    size: int
    read: Callable[[], Iterable[bytes]]


class _WriteBuffer:
    """What `zipfile` writes to: takes bytes, cannot be sought, is emptied now and then."""

    def __init__(self) -> None:
        self.pending = bytearray()

    def write(self, data: bytes) -> int:
        self.pending += data
        return len(data)

    def flush(self) -> None:
        """Nothing waits anywhere else."""

    def taken(self) -> bytes:
        block = bytes(self.pending)
        self.pending.clear()
        return block


def zip_blocks(members: Iterable[ZipEntry], date: tuple[int, int, int, int, int, int]) -> Iterator[bytes]:
    """The archive in blocks of about a MiB. `date`: of every file, the year from 1980 on."""
    outlet = _WriteBuffer()
    with zipfile.ZipFile(outlet, "w", zipfile.ZIP_STORED, allowZip64=True) as archive:  # type: ignore[call-overload]
        for member in members:
            info = zipfile.ZipInfo(member.name, date)
            info.external_attr = _ATTRIBUTES
            info.file_size = member.size  # decides on ZIP64 before the first byte is written
            with archive.open(info, "w") as file:
                for block in member.read():
                    file.write(block)
                    if len(outlet.pending) >= _BLOCK_BYTES:
                        yield outlet.taken()
    if outlet.pending:
        yield outlet.taken()
