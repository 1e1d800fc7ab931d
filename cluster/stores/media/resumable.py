"""Resumable uploads on S3: a file that arrives over several requests, in any process, becomes one object.

Whole cells of the grid (see `cells.py`) become parts of one multipart upload. Bytes that do not fill a cell
wait as small objects beside it until the cell is full. S3 alone keeps the state: the upload of a key
(ListMultipartUploads) and its parts (ListParts). So there is no second record to differ from it after a
crash, and any replica can go on. Names are whole keys of the bucket; does not know prefixes nor the rules for
keys.
"""

from __future__ import annotations

import threading
from collections.abc import Callable

from cachetools import LRUCache

from cluster.errors import UsageError
from cluster.stores.media.cells import Cell, cell_at, full_cells
from cluster.stores.media.errors import parts_missing
from cluster.stores.media.s3_requests import S3Requests, StoredPart

_UPLOADS_REMEMBERED = (
    4096  # upload ids kept in memory, which saves a ListMultipartUploads a part; no measurement
)
_PIECE_MARK = ".part-"
_OFFSET_DIGITS = 20  # enough for any 64-bit offset, so that pieces sort by name


class ResumableUploads:
    """Resumable uploads of one bucket. Safe to share between threads.

    `size_of` gives the bytes of an object, None if there is none.
    """

    def __init__(self, requests: S3Requests, size_of: Callable[[str], int | None]) -> None:
        self._requests = requests
        self._size_of = size_of
        self._lock = threading.Lock()
        self._known: LRUCache[str, str] = LRUCache(_UPLOADS_REMEMBERED)

    def write_at(self, name: str, offset: int, data: bytes) -> None:
        """Stores whole cells as parts of the upload, and each other piece as an object until its cell is
        full.

        Writing the same bytes again is fine. UsageError (`parts_missing`) when earlier bytes of a cell were
        never written; LimitExceededError beyond MAX_BYTES of the grid.
        """
        left = memoryview(data)
        while left:
            cell = cell_at(offset)
            piece = left[: cell.end - offset]
            if offset + len(piece) == cell.end:
                before = self._piecewise(name, cell.start, offset)
                self._put_part(name, cell.number, before + piece)
            else:
                self._requests.put(_piece_name(name, offset), bytes(piece))
            left = left[len(piece) :]
            offset += len(piece)

    def finish(self, name: str, total: int) -> None:
        """Completes the upload. Only the bytes of the last, partial cell pass through this process."""
        try:
            self._join(name, total)
        except (UsageError, FileNotFoundError) as error:
            # It may have been completed before, with its parts and pieces removed; or just now, by a request
            # that got no answer and was repeated.
            if self._size_of(name) != total:
                raise error if isinstance(error, UsageError) else parts_missing(0, total) from error
        self._requests.delete(self.pieces(name))

    def abort_below(self, name: str) -> None:
        """Aborts the unfinished uploads of `name` and of all keys below `name/`."""
        for key, upload in self._requests.uploads(name):
            if key == name or key.startswith(f"{name}/"):
                self._requests.abort(key, upload)
        self._forget(name)

    def pieces(self, name: str) -> list[str]:
        """Keys of the small objects that wait until their cells are full."""
        return self._requests.listed(name + _PIECE_MARK)

    def _put_part(self, name: str, number: int, data: bytes) -> None:
        try:
            self._requests.put_part(name, self._upload_of(name), number, data)
        except FileNotFoundError:  # the upload we remembered was ended by another replica
            self._forget(name)
            self._requests.put_part(name, self._upload_of(name), number, data)

    def _upload_of(self, name: str) -> str:
        """The id of the multipart upload of this name; begins one if there is none."""
        with self._lock:
            known = self._known.get(name)
        if known is not None:
            return known
        upload = self._find(name)
        if upload is None:
            begun = self._requests.begin(name)
            upload = self._find(name) or begun
            if upload != begun:  # another process began one at the same moment: all use the older one
                self._requests.abort(name, begun)
        with self._lock:
            self._known[name] = upload
        return upload

    def _find(self, name: str) -> str | None:
        return next((upload for found, upload in self._requests.uploads(name) if found == name), None)

    def _forget(self, name: str) -> None:
        with self._lock:
            self._known.pop(name, None)

    def _join(self, name: str, total: int) -> None:
        cells = list(full_cells(total))
        if not cells:
            self._requests.put(name, self._piecewise(name, 0, total))
            return
        upload = self._find(name)
        stored = self._requests.parts(name, upload) if upload else {}
        etags = {cell.number: stored[cell.number].etag for cell in cells if _is_full(cell, stored)}
        for cell in cells:
            if upload is None or cell.number not in etags:
                raise parts_missing(cell.start, total)
        assert upload is not None, "parts are those of an upload"
        if (at := cells[-1].end) < total:
            number = cell_at(at).number
            rest = self._piecewise(name, at, total)
            etags[number] = self._requests.put_part(name, upload, number, rest)
        self._requests.complete(name, upload, etags)
        self._forget(name)

    def _piecewise(self, name: str, start: int, end: int) -> bytes:
        """Joins bytes `start` to `end` of one cell from the small objects that hold them.

        An object that reaches beyond `end` is cut off: it was written and never acknowledged.
        """
        found = bytearray()
        while (at := start + len(found)) < end:
            try:
                found += self._requests.get(_piece_name(name, at), 0, end - at)
            except FileNotFoundError:
                raise parts_missing(at, end) from None
        return bytes(found)


def _piece_name(name: str, offset: int) -> str:
    return f"{name}{_PIECE_MARK}{offset:0{_OFFSET_DIGITS}d}"


def _is_full(cell: Cell, stored: dict[int, StoredPart]) -> bool:
    return cell.number in stored and stored[cell.number].bytes == cell.bytes
