"""Media as objects of S3 and what speaks like it (MinIO, Ceph, SeaweedFS …), through fsspec's s3fs.

What ObjectMedia does by reading and writing again, the store does here by itself: a stream, an upload in
parts and a copy are each one multipart upload, and no byte passes through this process twice. The exception
are parts that do not fit the grid of `cells.py`: they wait as small objects until their cell is full.

The state of an upload in parts is kept by S3 alone: which upload belongs to a key (ListMultipartUploads) and
which parts it has (ListParts). There is nothing that could disagree with it after a crash, and any replica
can go on. What a process that died never finished is aborted by `delete`; a lifecycle rule of the bucket
(AbortIncompleteMultipartUpload) takes what nobody deletes. Knows nothing of which keys are good.
"""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Iterable

from cluster.errors import NotFoundError, ScenestreamError, UnavailableError, UsageError
from cluster.stores.media.cells import Cell, cell_at, full_cells
from cluster.stores.media.errors import parts_missing
from cluster.stores.media.multipart import Multipart
from cluster.stores.media.objects import PART_MARK, ObjectMedia, part_suffix
from cluster.stores.media.s3_requests import (
    DRIVER_ERRORS,
    Head,
    Part,
    S3Requests,
    client_options,
    error_code,
)

_SENT_AT_ONCE = 3  # parts of one stream on their way: this many times a cell's bytes of memory
_COPIED_AT_ONCE = 8  # they take no memory
_COPY_BYTES = 256 << 20  # a request copies so much; the protocol allows 5 GiB, in minutes
_UPLOADS_REMEMBERED = 4096
# What S3-compatible servers of the last years do not know. Every request's content is signed or goes by TLS.
_NO_EXTRA_CHECKSUMS = {
    "request_checksum_calculation": "when_required",
    "response_checksum_validation": "when_required",
}
_PATIENCE = {
    "connect_timeout": 5,
    "read_timeout": 60,  # a part of 32 MiB on a slow line; the store answers copies only when they are done
    "retries": {"mode": "standard", "max_attempts": 3},
}

_TRIES = 2  # of s3fs, which tries again what botocore (above) has given up, in fewer cases


class S3Media(ObjectMedia):
    """`s3://bucket/prefix`. Credentials, region and AWS_ENDPOINT_URL: from where AWS tools look for them."""

    _away = DRIVER_ERRORS

    def __init__(self, url: str) -> None:
        super().__init__(url, config_kwargs={**_NO_EXTRA_CHECKSUMS, **_PATIENCE}, **client_options())
        self._files.retries = _TRIES
        bucket, _, prefix = self._root.partition("/")
        self._prefix = f"{prefix.rstrip('/')}/" if prefix.strip("/") else ""
        self._requests = S3Requests(self._files, bucket)
        self._bucket_seen = False
        self._lock = threading.Lock()
        self._known: OrderedDict[str, str] = OrderedDict()

    def put_stream(self, key: str, chunks: Iterable[bytes], *, durable: bool) -> int:
        """As one multipart upload, or one request when it is small; nothing is there before all of it is."""
        waiting = bytearray()
        stream = iter(chunks)
        for chunk in stream:
            waiting += chunk
            if len(waiting) >= cell_at(0).bytes:
                break
        else:
            with self._translated(key):
                self._requests.put(self._name(key), bytes(waiting))
            return len(waiting)
        return self._put_large(key, waiting, stream)

    def write_at(self, key: str, offset: int, data: bytes) -> None:
        """Whole cells become parts of the upload, the rest an object each until its cell is full.

        The same bytes again replace themselves. UsageError (`parts_missing`) when bytes before them in their
        cell were never written; LimitExceededError beyond what S3 takes.
        """
        left = memoryview(data)
        while left:
            cell = cell_at(offset)
            piece = left[: cell.end - offset]
            with self._translated(key):
                if offset + len(piece) == cell.end:
                    before = self._piecewise(key, cell.start, offset)
                    self._put_part(key, cell.number, before + piece)
                else:
                    self._requests.put(self._name(key) + part_suffix(offset), bytes(piece))
            left = left[len(piece) :]
            offset += len(piece)

    def finish_parts(self, key: str, total: int) -> None:
        """Completes the upload. Of the content, only what no full cell holds passes through here."""
        with self._translated(key):
            try:
                self._join(key, total)
            except (UsageError, FileNotFoundError) as error:
                # Done before, and what it was made of is gone, perhaps in part; or just now, and the driver,
                # which got no answer, asked for it once more.
                if not self.exists(key) or self.size(key) != total:
                    raise error if isinstance(error, UsageError) else parts_missing(0, total) from error
            self._requests.delete(self._pieces(key))

    def size(self, key: str) -> int:
        """Bytes."""
        return self._head(key).bytes

    def exists(self, key: str) -> bool:
        """Whether there is an object of just this name."""
        try:
            self._head(key)
        except NotFoundError:
            return False
        return True

    def describe(self, key: str) -> tuple[int, str]:
        """Bytes and entity tag."""
        head = self._head(key)
        return head.bytes, head.etag

    def move(self, source: str, target: str) -> None:
        """Copies within the store, then removes: readers of `target` never see less than all of it."""
        try:
            size = self.size(source)
        except NotFoundError:
            if self.exists(target):
                return
            raise
        with self._translated(source):
            self._copy(self._name(source), self._name(target), size)
            self._requests.delete([self._name(source)])

    def delete(self, prefix: str) -> None:
        """The object, its parts, every object below, and uploads of any of them that were never finished."""
        name = self._name(prefix)
        with self._translated(prefix):
            for key, upload in self._requests.uploads(name):
                if key == name or key.startswith(f"{name}/"):
                    self._requests.abort(key, upload)
            self._forget(prefix)
            found = [key for key, _ in self._requests.listed(f"{name}/")]
            self._requests.delete([*found, *self._pieces(prefix), name])

    def _put_large(self, key: str, waiting: bytearray, stream: Iterable[bytes]) -> int:
        with self._translated(key):
            upload = Multipart(self._requests, self._name(key), _SENT_AT_ONCE)
        with upload:
            at = self._put_full(key, upload, waiting, 0)
            for chunk in stream:
                waiting += chunk
                at = self._put_full(key, upload, waiting, at)
            with self._translated(key):
                if waiting:
                    upload.put(cell_at(at).number, bytes(waiting))
                upload.complete()
        return at + len(waiting)

    def _put_full(self, key: str, upload: Multipart, waiting: bytearray, at: int) -> int:
        """Sends every full cell of what is waiting; how far the stream is stored."""
        while len(waiting) >= (cell := cell_at(at)).bytes:
            with self._translated(key):
                upload.put(cell.number, bytes(waiting[: cell.bytes]))
            del waiting[: cell.bytes]
            at = cell.end
        return at

    def _put_part(self, key: str, number: int, data: bytes) -> None:
        name = self._name(key)
        try:
            self._requests.put_part(name, self._upload_of(key), number, data).result()
        except FileNotFoundError:  # the upload we remembered was ended by another replica
            self._forget(key)
            self._requests.put_part(name, self._upload_of(key), number, data).result()

    def _upload_of(self, key: str) -> str:
        """The upload in parts of this key, begun now if there is none."""
        with self._lock:
            if key in self._known:
                self._known.move_to_end(key)
                return self._known[key]
        upload = self._find(key)
        if upload is None:
            begun = self._requests.begin(self._name(key))
            upload = self._find(key) or begun
            if upload != begun:  # somebody began one at the same moment: the older one is everybody's
                self._requests.abort(self._name(key), begun)
        with self._lock:
            self._known[key] = upload
            while len(self._known) > _UPLOADS_REMEMBERED:
                self._known.popitem(last=False)
        return upload

    def _find(self, key: str) -> str | None:
        name = self._name(key)
        return next((upload for found, upload in self._requests.uploads(name) if found == name), None)

    def _forget(self, key: str) -> None:
        with self._lock:
            self._known.pop(key, None)

    def _join(self, key: str, total: int) -> None:
        name = self._name(key)
        cells = list(full_cells(total))
        if not cells:
            self._requests.put(name, self._piecewise(key, 0, total))
            return
        upload = self._find(key)
        stored = self._requests.parts(name, upload) if upload else {}
        etags = {cell.number: stored[cell.number].etag for cell in cells if _is_full(cell, stored)}
        for cell in cells:
            if upload is None or cell.number not in etags:
                raise parts_missing(cell.start, total)
        assert upload is not None, "parts are those of an upload"
        if (at := cells[-1].end) < total:
            number = cell_at(at).number
            rest = self._piecewise(key, at, total)
            etags[number] = self._requests.put_part(name, upload, number, rest).result()
        self._requests.complete(name, upload, etags)
        self._forget(key)

    def _piecewise(self, key: str, start: int, end: int) -> bytes:
        """The bytes `start` to `end` of one cell, from the small objects that follow on one another there.

        One that reaches beyond `end` is cut off: it was written and never acknowledged.
        """
        found = bytearray()
        while (at := start + len(found)) < end:
            try:
                found += self._files.cat_file(self._path(key) + part_suffix(at), start=0, end=end - at)
            except FileNotFoundError:
                raise parts_missing(at, end) from None
        return bytes(found)

    def _pieces(self, key: str) -> list[str]:
        return [name for name, _ in self._requests.listed(self._name(key) + PART_MARK)]

    def _copy(self, source: str, target: str, size: int) -> None:
        if size <= _COPY_BYTES:
            self._requests.copy(source, target)
            return
        with Multipart(self._requests, target, _COPIED_AT_ONCE) as upload:
            for number, start in enumerate(range(0, size, _COPY_BYTES), start=1):
                upload.copy(number, source, start, min(start + _COPY_BYTES, size))
            upload.complete()

    def _head(self, key: str) -> Head:
        with self._translated(key):
            try:
                return self._requests.head(self._name(key))
            except FileNotFoundError:
                # An answer to HEAD has no body to tell what is missing.
                if not self._bucket_seen:
                    self._requests.check_bucket(self._prefix)
                    self._bucket_seen = True
                raise

    def _not_found(self, key: str, error: FileNotFoundError) -> ScenestreamError:
        if error_code(error) == "NoSuchBucket":
            return UnavailableError(
                "The bucket that media_url names does not exist; make it, or mend the URL."
            )
        return super()._not_found(key, error)

    def _name(self, key: str) -> str:
        return self._prefix + key


def _is_full(cell: Cell, stored: dict[int, Part]) -> bool:
    return cell.number in stored and stored[cell.number].bytes == cell.bytes
