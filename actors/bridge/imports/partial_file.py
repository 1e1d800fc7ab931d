"""A file that is on its way into the media store, in parts that survive a crash of the process.

Parts of PART_BYTES lie below the video's folder until the file is whole; what came beyond the last whole part
is in memory. When the source has become another file everything begins anew under another number
(`generation`), which keeps a late writer of the old file away from the new one. Knows the media store; no
source, no lease: `record` says what is stored.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from typing import TYPE_CHECKING

import structlog

from cluster.errors import UsageError
from cluster.remote.errors import SourceBrokeError, SourceError
from cluster.stores.media.keys import fetched_key, source_key
from cluster.stores.media.store import MediaStore
from cluster.stores.postgres.intake.imports import Import

if TYPE_CHECKING:
    from hashlib import _Hash

PART_BYTES = 8 << 20
"""As much as a crash may cost, and the size from which S3 takes parts of a multipart upload (5 MiB)."""
EMPTY_FILE = "empty_file"

log = structlog.get_logger(__name__)


class PartialFile:
    """What is here of a file. `total_bytes` and `validator` (its version) as the source last told them.

    `record(self)` is called after every change of what is stored for good; what it raises is raised here.
    """

    def __init__(self, claimed: Import, media: MediaStore, record: Callable[[PartialFile], None]) -> None:
        self._video_id = claimed.video_id
        self._media = media
        self._record = record
        self.generation = claimed.generation
        self.validator = claimed.validator
        self.total_bytes = claimed.total_bytes
        self.stored_bytes = claimed.stored_bytes
        self._tail = bytearray()
        # None: the beginning was stored by another process; it is read back in the end
        self._digest: _Hash | None = hashlib.sha256() if not claimed.stored_bytes else None

    @property
    def bytes_here(self) -> int:
        """Stored or in memory."""
        return self.stored_bytes + len(self._tail)

    @property
    def is_complete(self) -> bool:
        """Whether an earlier holder stored everything and died before it could say so."""
        return self.total_bytes is not None and 0 < self.total_bytes == self.stored_bytes

    def add(self, block: bytes) -> None:
        """The next bytes of the file."""
        self._tail += block

    def store_whole_parts(self) -> None:
        """Store what is in memory as far as it fills parts."""
        while len(self._tail) >= PART_BYTES:
            self._store(PART_BYTES)

    def store_rest(self) -> None:
        """Store what is in memory, however little."""
        if self._tail:
            self._store(len(self._tail))

    def begin_anew(self) -> None:
        """Forget what is here."""
        old_key = self._part_key
        self.generation += 1
        self.stored_bytes, self.validator, self.total_bytes = 0, None, None
        self._tail.clear()
        self._digest = hashlib.sha256()
        self._record(self)
        self._media.delete(old_key)

    def finish(self, check: Callable[[], None]) -> str:
        """Put the whole file in its place; its SHA-256 in hexadecimal. `check` is called while it is read.

        SourceError for a file without bytes, SourceBrokeError when stored parts are gone.
        """
        if not self.bytes_here:
            raise SourceError("The file has no bytes. Choose a video that is not empty.", code=EMPTY_FILE)
        if self._tail:
            self.total_bytes = self.bytes_here
            self.store_rest()
        self._join_parts()
        if self._digest is None:
            self._digest = hashlib.sha256()
            for block in self._media.read_range(source_key(self._video_id), 0, self.stored_bytes):
                check()
                self._digest.update(block)
        return self._digest.hexdigest()

    @property
    def _part_key(self) -> str:
        return fetched_key(self._video_id, self.generation)

    def _store(self, size_bytes: int) -> None:
        part = bytes(self._tail[:size_bytes])
        self._media.write_at(self._part_key, self.stored_bytes, part)
        if self._digest is not None:
            self._digest.update(part)
        del self._tail[:size_bytes]
        self.stored_bytes += size_bytes
        self._record(self)

    def _join_parts(self) -> None:
        """The parts as one file in its place. An earlier holder may have died after any step of it."""
        target = source_key(self._video_id)
        try:
            self._media.finish_parts(self._part_key, self.stored_bytes)
        except (UsageError, FileNotFoundError):
            if self._media.exists(target) and self._media.size(target) == self.stored_bytes:
                return
            log.warning("parts of the file are missing, fetching it anew", video_id=self._video_id)
            self.begin_anew()
            raise SourceBrokeError("What was stored of the file is not there any more.") from None
        self._media.move(self._part_key, target)
